"""A repository with a history made to order: every rule of mining and of proving has a commit that it is about.

``plant(folder)`` makes it with real git. ``Planted.commits`` names the commits:

====================  ==========================================================================================
start                 the first commit: nothing to compare with
documents             README only
rounding              a task; issue #12 in its message; parametrised ids with blanks, ``::``, brackets, ``/``, é
source_only           source without a test
tests_only            a test without source
flaky_some            a task; one of its two new tests passes only without hash randomisation
flaky_only            its only new test passes only without hash randomisation: no task
order                 a task; one of its new tests passes only after the other has run
collection_error      a task; its test module imports a new name, so all its old tests are missing before
collateral_only       imports a new name in the tests, and tests nothing with it: no task
renamed               a task; a test module and a test in it have new names
config_only           a task only with the fix's pytest configuration (``filterwarnings`` in pyproject.toml)
already_passes        a refactoring with one more test of what worked before: no task
scm_version           a task whose module imports a version file that setuptools-scm writes
attestation           a task in ``src/tally/attestation.py``, whose path contains "test" and is none
later_reverted        a task that ``revert`` takes back
revert                git's own words for it
plain_reverted        the same, and ``plain_revert`` says nothing of it
plain_revert          the exact inverse under another message
first_copy            a task
rework                removes what first_copy brought, and more
second_copy           the same change as first_copy, cherry-picked
pull_request          a task: a merge commit of a feature branch, number 7
back_merge            merges the release line 1.x
too_large             700 new lines
binary                a binary file on the source side
fails_after           its new test fails with the fix, too: no task
====================  ==========================================================================================

``tests/test_network.py::test_home_page`` needs a network and fails in every sandbox, at every commit.
"""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent

TASKS = (
    *("rounding", "flaky_some", "order", "collection_error", "renamed", "config_only", "scm_version", "attestation"),
    *("first_copy", "pull_request"),
)
"""What proves itself, oldest first."""
UNPROVEN = ("flaky_only", "collateral_only", "already_passes", "fails_after")
"""Candidates by their history that tell nothing apart when they are run."""


@dataclass
class Planted:
    """The repository and the hashes of its commits by name."""

    repository: Path
    commits: dict[str, str] = field(default_factory=dict)
    _minute: int = 0

    def git(self, *args: str) -> str:
        """Run git in it, with a clock of its own."""
        when = f"2024-03-01T{8 + self._minute // 60:02}:{self._minute % 60:02}:00+0000"
        env = {
            "PATH": os.environ["PATH"],
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            **{f"GIT_{who}_NAME": "Ada" for who in ("AUTHOR", "COMMITTER")},
            **{f"GIT_{who}_EMAIL": "ada@example.org" for who in ("AUTHOR", "COMMITTER")},
            **{f"GIT_{who}_DATE": when for who in ("AUTHOR", "COMMITTER")},
        }
        ran = subprocess.run(["git", *args], cwd=self.repository, env=env, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, (args, ran.stdout, ran.stderr)
        return ran.stdout.strip()

    def commit(self, name: str, message: str, files: Mapping[str, str | bytes | None] | None = None) -> str:
        """Write *files* and commit them as *name*."""
        self._minute += 1
        for path, content in (files or {}).items():
            place = self.repository / path
            if content is None:
                place.unlink()
                continue
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content if isinstance(content, bytes) else dedent(content).lstrip("\n").encode())
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "-m", message)
        return self.note(name)

    def note(self, name: str) -> str:
        """Remember the newest commit as *name*."""
        self.commits[name] = self.git("rev-parse", "HEAD")
        return self.commits[name]

    def name_of(self, commit: str) -> str:
        """The name of a commit."""
        return next(name for name, each in self.commits.items() if each == commit)


def plant(folder: Path) -> Planted:
    """Make the repository at *folder*, which must not be there."""
    folder.mkdir(parents=True)
    made = Planted(repository=folder)
    made.git("init", "--quiet", "--initial-branch=main")
    made.commit("start", "Start", START)
    made.git("tag", "v1.0.0")
    made.git("branch", "1.x")
    made.commit("documents", "Say more in the README", {"README.md": "# tally\n\nCounts money.\n"})
    for name, message, files in EARLY:
        made.commit(name, message, files)
    _reverts(made)
    _copies(made)
    _merges(made)
    for name, message, files in LATE:
        made.commit(name, message, files)
    return made


def _reverts(made: Planted) -> None:
    made.commit(
        "later_reverted",
        "Shorten names by vowels",
        {
            "src/tally/short.py": 'def shorten(name):\n    return "".join(c for c in name if c not in "aeiou")\n',
            "tests/test_short.py": """
                from tally.short import shorten

                def test_vowels_go():
                    assert shorten("amount") == "mnt"
            """,
        },
    )
    made._minute += 1
    made.git("revert", "--no-edit", "HEAD")
    made.note("revert")
    files = {
        "src/tally/tags.py": "def tags(text):\n    return [word[1:] for word in text.split() if word[:1] == '#']\n",
        "tests/test_tags.py": """
            from tally.tags import tags

            def test_tags():
                assert tags("buy #milk and #tea") == ["milk", "tea"]
        """,
    }
    made.commit("plain_reverted", "Read tags", files)
    made.commit("plain_revert", "Tags were a mistake", dict.fromkeys(files))


def _copies(made: Planted) -> None:
    files = {
        "src/tally/percent.py": "def percent(part, whole):\n    return 100 * part / whole\n",
        "tests/test_percent.py": """
            from tally.percent import percent

            def test_half():
                assert percent(21, 42) == 50
        """,
    }
    first = made.commit("first_copy", "Percentages", files)
    made.commit("rework", "Make room", {**dict.fromkeys(files), "src/tally/room.py": "ROOM = 1\n"})
    made._minute += 1
    made.git("cherry-pick", first)
    made.note("second_copy")


def _merges(made: Planted) -> None:
    made.git("checkout", "--quiet", "-b", "feature")
    made.commit(
        "feature_source", "wip", {"src/tally/spans.py": "def days(first, last):\n    return last - first + 1\n"}
    )
    made.commit(
        "feature_tests",
        "tests",
        {"tests/test_spans.py": "from tally.spans import days\n\n\ndef test_days():\n    assert days(3, 5) == 3\n"},
    )
    made.git("checkout", "--quiet", "main")
    made._minute += 1
    message = "Merge pull request #7 from ada/feature\n\nCount the days of a span, both ends included"
    made.git("merge", "--quiet", "--no-ff", "-m", message, "feature")
    made.note("pull_request")
    made.git("branch", "-D", "feature")
    made.git("checkout", "--quiet", "1.x")
    made.commit(
        "on_the_line",
        "Strip blanks of names",
        {
            "src/tally/blanks.py": "def strip(name):\n    return name.strip()\n",
            "tests/test_blanks.py": "from tally.blanks import strip\n\n\ndef test_strip():\n    assert strip(' a ') == 'a'\n",
        },
    )
    made.git("tag", "v1.0.1")
    made.git("checkout", "--quiet", "main")
    made._minute += 1
    made.git("merge", "--quiet", "--no-ff", "-m", "Merge branch '1.x'", "1.x")
    made.note("back_merge")


PYPROJECT = """
    [build-system]
    requires = ["setuptools>=61", "setuptools-scm>=8"]
    build-backend = "setuptools.build_meta"

    [project]
    name = "tally"
    dynamic = ["version"]
    requires-python = ">=3.9"

    [tool.setuptools.packages.find]
    where = ["src"]

    [tool.setuptools_scm]
    version_file = "src/tally/_version.py"

    [tool.pytest.ini_options]
    testpaths = ["tests"]
    addopts = "-ra"
    filterwarnings = ["error"]
"""

MONEY = """
    def total(amounts):
        return sum(amounts)


    def cents(amount):
        return int(amount * 100)
"""

TEST_MONEY = """
    from tally.money import cents, total


    def test_total():
        assert total([1, 2, 3]) == 6


    def test_cents():
        assert cents(2.5) == 250
"""

START: Mapping[str, str] = {
    ".gitignore": "_version.py\n__pycache__/\n",
    "README.md": "# tally\n",
    "pyproject.toml": PYPROJECT,
    "src/tally/__init__.py": '"""Counts money."""\n',
    "src/tally/money.py": MONEY,
    "src/tally/names.py": "def clean(name):\n    return name.lower()\n",
    "src/tally/about.py": 'def about():\n    return "tally"\n',
    "tests/test_money.py": TEST_MONEY,
    "tests/test_names.py": """
        from tally.names import clean


        def test_lower():
            assert clean("Rent") == "rent"


        def test_empty():
            assert clean("") == ""
    """,
    "tests/test_network.py": """
        import urllib.request


        def test_home_page():
            assert urllib.request.urlopen("http://192.0.2.1/", timeout=0.2)
    """,
}

ROUNDING_TESTS = (
    TEST_MONEY
    + """

    import pytest


    def test_cents_are_rounded():
        assert cents(19.99) == 1999


    @pytest.mark.parametrize(
        ("amount", "expected"),
        [
            pytest.param(1.15, 115, id="one fifteen"),
            pytest.param(4.35, 435, id="a::b [c] d/e"),
            pytest.param(1.005, 100, id="café crème"),
        ],
    )
    def test_awkward(amount, expected):
        assert cents(amount) == expected
"""
)

EARLY: tuple[tuple[str, str, Mapping[str, str | None]], ...] = (
    (
        "rounding",
        "Round amounts to cents\n\nAmounts such as 19.99 lost a cent, since they were cut off.\n\nFixes #12",
        {
            "src/tally/money.py": MONEY.replace("int(amount * 100)", "round(amount * 100)"),
            "tests/test_money.py": ROUNDING_TESTS,
            "CHANGELOG.md": "- cents are rounded\n",
        },
    ),
    ("source_only", "Type the sum", {"src/tally/kinds.py": "KINDS = ('cash', 'card')\n"}),
    (
        "tests_only",
        "Test the sum of nothing",
        {
            "tests/test_nothing.py": "from tally.money import total\n\n\ndef test_nothing():\n    assert total([]) == 0\n"
        },
    ),
    (
        "flaky_some",
        "Sort names",
        {
            "src/tally/order.py": "def ordered(names):\n    return sorted(names)\n",
            "tests/test_order.py": """
                import sys

                from tally.order import ordered


                def test_ordered():
                    assert ordered(["b", "a"]) == ["a", "b"]


                def test_only_without_hash_randomisation():
                    assert ordered(["b", "a"])[0] == "a"
                    assert not sys.flags.hash_randomization
            """,
        },
    ),
    (
        "flaky_only",
        "Count names",
        {
            "src/tally/count.py": "def count(names):\n    return len(set(names))\n",
            "tests/test_count.py": """
                import sys

                from tally.count import count


                def test_count():
                    assert count(["a", "a"]) == 1
                    assert not sys.flags.hash_randomization
            """,
        },
    ),
    (
        "order",
        "A box for amounts",
        {
            "src/tally/box.py": "BOX = []\n\n\ndef put(amount):\n    BOX.append(amount)\n    return amount\n",
            "tests/test_box.py": """
                from tally.box import BOX, put


                def test_put():
                    assert put(3) == 3


                def test_something_is_in_it():
                    assert BOX == [3]


                def test_text():
                    assert put("four") == "four"
            """,
        },
    ),
    (
        "collection_error",
        "Names without blanks",
        {
            "src/tally/names.py": """
                def clean(name):
                    return name.lower()


                def squeeze(name):
                    return "".join(name.split())
            """,
            "tests/test_names.py": """
                from tally.names import clean, squeeze


                def test_lower():
                    assert clean("Rent") == "rent"


                def test_empty():
                    assert clean("") == ""


                def test_squeeze():
                    assert squeeze(" a b ") == "ab"
            """,
        },
    ),
    (
        "collateral_only",
        "Names in capitals",
        {
            "src/tally/names.py": """
                def clean(name):
                    return name.lower()


                def squeeze(name):
                    return "".join(name.split())


                def shout(name):
                    return name.upper()
            """,
            "tests/test_names.py": """
                from tally.names import clean, shout, squeeze

                __all__ = ["shout"]


                def test_lower():
                    assert clean("Rent") == "rent"


                def test_empty():
                    assert clean("") == ""


                def test_squeeze():
                    assert squeeze(" a b ") == "ab"
            """,
        },
    ),
    (
        "renamed",
        "Totals skip what is missing",
        {
            "src/tally/money.py": MONEY.replace("int(amount * 100)", "round(amount * 100)").replace(
                "sum(amounts)", "sum(amount for amount in amounts if amount is not None)"
            ),
            "tests/test_nothing.py": None,
            "tests/test_missing.py": """
                from tally.money import total


                def test_of_nothing():
                    assert total([]) == 0


                def test_missing_is_skipped():
                    assert total([1, None]) == 1
            """,
        },
    ),
    (
        "config_only",
        "Old names of kinds warn",
        {
            "src/tally/old.py": """
                import warnings


                def kind(name):
                    warnings.warn("use kinds", DeprecationWarning, stacklevel=2)
                    return name.title()
            """,
            "tests/test_old.py": """
                from tally.old import kind


                def test_kind():
                    assert kind("cash") == "Cash"
            """,
            "pyproject.toml": PYPROJECT.replace('["error"]', '["error", "ignore:use kinds:DeprecationWarning"]'),
        },
    ),
    (
        "already_passes",
        "Tidy up names",
        {
            "src/tally/names.py": """
                def clean(name):
                    lowered = name.lower()
                    return lowered


                def squeeze(name):
                    return "".join(name.split())


                def shout(name):
                    return name.upper()
            """,
            "tests/test_tidy.py": "from tally.names import clean\n\n\ndef test_clean():\n    assert clean('A') == 'a'\n",
        },
    ),
    (
        "scm_version",
        "Say the version",
        {
            "src/tally/about.py": """
                from tally._version import version


                def about():
                    return f"tally {version}"
            """,
            "tests/test_about.py": """
                from tally.about import about


                def test_about():
                    assert about().startswith("tally 1.")
            """,
        },
    ),
    (
        "attestation",
        "Attest amounts",
        {
            "src/tally/attestation.py": "def attest(amount):\n    return f'attested: {amount}'\n",
            "tests/test_attesting.py": """
                from tally.attestation import attest


                def test_attest():
                    assert attest(3) == "attested: 3"
            """,
        },
    ),
)

LATE: tuple[tuple[str, str, Mapping[str, str | bytes | None]], ...] = (
    (
        "too_large",
        "A table of everything",
        {
            "src/tally/table.py": "TABLE = [\n" + "".join(f"    {n},\n" for n in range(700)) + "]\n",
            "tests/test_table.py": "from tally.table import TABLE\n\n\ndef test_size():\n    assert len(TABLE) == 700\n",
        },
    ),
    (
        "binary",
        "A picture",
        {
            "src/tally/picture.bin": bytes(range(256)),
            "src/tally/picture.py": "from pathlib import Path\n\nSIZE = Path(__file__).with_suffix('.bin').stat().st_size\n",
            "tests/test_picture.py": "from tally.picture import SIZE\n\n\ndef test_size():\n    assert SIZE == 256\n",
        },
    ),
    (
        "fails_after",
        "Guess the rate",
        {
            "src/tally/rate.py": "def rate():\n    return 4\n",
            "tests/test_rate.py": "from tally.rate import rate\n\n\ndef test_rate():\n    assert rate() == 5\n",
        },
    ),
)
