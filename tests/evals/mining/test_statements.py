"""Where a statement is from, what it gives away, and the names that it has to tell."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from harness.core.errors import ConfigError
from harness.evals.mining import Draft, Layout, read_issues
from harness.evals.mining.leaks import interface_of, leak_of
from harness.evals.mining.statements import prose, state
from harness.evals.mining.words import known_words, module_name, signatures, strings, used_names
from harness.evals.patches import unified_diff

BASE = {
    "src/tally/money.py": 'def total(amounts):\n    """Adds."""\n    return sum(amounts)\n',
    "src/tally/__init__.py": "",
}
AFTER = BASE["src/tally/money.py"] + (
    "\n\nasync def fetch_rate(source: str, *, max_age_s: int = 3) -> int:\n"
    '    return await source.lookup_rate("no such currency", max_age_s)\n'
    "\n\nclass Purse:\n    def __init__(self, owner):\n        self.owner_name = owner\n"
)
TEST = (
    "from tally.money import Purse, fetch_rate, total\n\n\n"
    "async def test_rate(source):\n    assert await fetch_rate(source, max_age_s=1) == 4\n\n\n"
    "def test_owner():\n    assert Purse('a').owner_name == 'a'\n"
)


def draft(subject="Fetch rates", body="", *, merge=False, test=TEST, **reference) -> Draft:
    after = {"src/tally/money.py": AFTER, **reference}
    return Draft(
        id="fetch-rates", base="b" * 40, head="c" * 40, at=datetime(2024, 3, 1, tzinfo=UTC), subject=subject, body=body,
        merge=merge, hidden={"tests/test_money.py": test.encode()}, reference=after, rest={},
        patch=unified_diff(BASE, {**BASE, **after}), tests=("tests/test_money.py",),
        layout=Layout(kind="src", roots=("src",), packages=("tally",)), repository=Path("/nowhere"), version=None,
    )  # fmt: skip


LONG = "Rates are needed as soon as an amount is shown in a currency other than its own. Today there are none."


def test_names_that_hidden_tests_need_are_told():
    assert interface_of(draft(), BASE) == (
        "await tally.money.fetch_rate(source, *, max_age_s=3)",
        "class tally.money.Purse",
        "owner_name",
    )


def test_a_new_module_is_told():
    found = draft(test="from tally.rates import rate\n", **{"src/tally/rates.py": "def rate(a, b=1):\n    return a\n"})
    assert interface_of(found, BASE) == ("module tally.rates", "tally.rates.rate(a, b=1)")


def test_names_of_other_libraries_are_not_told():
    found = draft(
        test="import typing\nfrom tally.money import total\n",
        **{"src/tally/money.py": "import typing\nX = typing.Any\n"},
    )
    assert interface_of(found, BASE) == ()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("The sum is wrong for a purse of rates.", ()),
        ("Call lookup_rate to find it.", ("lookup_rate",)),
        ("Call fetch_rate to find it.", ()),
        ("Say 'no such currency' then.", ("no such currency",)),
        ("Put it into `owner`.", ("owner",)),
        ("Tell its owner.", ()),
        ("Write self.owner_name = owner there", ("self.owner_name = owner",)),
    ],
)
def test_leaks(text, told):
    found = draft()
    leak = leak_of(text, found, BASE, interface_of(found, BASE))
    assert leak.found == told
    assert (leak.score > 0) is bool(told)


def test_nothing_new_cannot_leak():
    found = draft(**{"src/tally/money.py": BASE["src/tally/money.py"]})
    assert leak_of("anything", found, BASE, ()).score == 0


def test_the_commits_own_words():
    found = state(draft(body=f"{LONG}\n\nFixes #4\nSigned-off-by: Ada <a@example.org>"), BASE, {})
    assert (found.source, found.tier, found.draft) == ("commit", "C", False)
    assert found.text.startswith(f"Fetch rates\n\n{LONG}\n\nNames that have to be there")
    assert "Signed" not in found.text


def test_few_words_are_a_draft():
    found = state(draft(), BASE, {})
    assert (found.tier, found.draft) == ("D", True)
    assert found.text.startswith("Fetch rates\n")


def test_a_merge_of_a_pull_request_speaks_its_title():
    found = state(draft("Merge pull request #7 from ada/rates", LONG, merge=True), BASE, {})
    assert (found.source, found.tier) == ("pr", "B")
    assert found.text.startswith(LONG)


def exported(tmp_path, rows, *, lines=False):
    path = tmp_path / "issues.json"
    path.write_text("\n".join(map(json.dumps, rows)) if lines else json.dumps(rows))
    return read_issues(path)


ISSUE = {"number": 4, "title": "No rates", "body": f"<!-- template -->{LONG}", "createdAt": "2024-02-01T00:00:00Z"}
PULL = {
    "number": 7,
    "title": "Rates",
    "body": f"Closes #4. {LONG}",
    "created_at": "2024-02-20T00:00:00Z",
    "pull_request": {},
}


@pytest.mark.parametrize("lines", [False, True])
def test_a_linked_issue_comes_first(tmp_path, lines):
    issues = exported(tmp_path, [ISSUE, PULL], lines=lines)
    found = state(draft("Fetch rates (#7)"), BASE, issues)
    assert (found.source, found.tier) == ("issue", "A")
    assert found.text.startswith(f"No rates\n\n{LONG}\n\nNames")


def test_an_issue_of_the_changes_own_time_is_less_worth(tmp_path):
    late = {**ISSUE, "createdAt": "2024-02-28T00:00:00Z"}
    assert state(draft("Fetch rates (#7)"), BASE, exported(tmp_path, [late, PULL])).tier == "B"
    assert state(draft("Fetch rates, fixes #4"), BASE, exported(tmp_path, {"items": [late]})).tier == "A"
    unknown = {**ISSUE, "createdAt": None}
    assert state(draft("Fetch rates, fixes #4"), BASE, exported(tmp_path, [unknown])).tier == "B"


def test_a_pull_requests_text_stands_in_for_an_issue(tmp_path):
    found = state(draft("Fetch rates (#7)"), BASE, exported(tmp_path, [PULL]))
    assert (found.source, found.tier) == ("pr", "B")


def test_a_single_mention_is_a_link_and_two_are_not(tmp_path):
    issues = exported(tmp_path, [ISSUE, {**ISSUE, "number": 5}])
    assert state(draft("Fetch rates, see #4"), BASE, issues).source == "issue"
    assert state(draft("Fetch rates, see #4 and #5"), BASE, issues).source == "commit"


@pytest.mark.parametrize("text", ["[1]", '[{"number": 1}]', '{"items": 3}', "not json", '{"a": 1}\n{"b'])
def test_what_is_no_export_of_issues(tmp_path, text):
    (tmp_path / "issues.json").write_text(text)
    with pytest.raises(ConfigError, match="--issues"):
        read_issues(tmp_path / "issues.json")


def test_prose_is_what_people_wrote():
    assert prose("Merge pull request #7 from ada/x\n\nA title (#7)\n\n\n\nCo-authored-by: B\n") == "A title"


def test_words_of_a_module():
    text = "if True:\n    A = 1\nelse:\n    b: int = 2\nclass C:\n    def d(self): ...\n    e = 1\n(x, y) = 1, 2\n"
    assert list(signatures("m", text).values()) == ["m.A", "m.b", "class m.C", "m.C.d(self)", "m.C.e"]
    assert signatures("m", "def (") == {}
    assert used_names("def ( broken") == {"def", "broken"}
    assert used_names("import a.b\nfrom . import c\nd.e(f=1)\ngetattr(g, 'h')") == set("abcdefgh") | {"getattr", ""}
    assert strings('"""doc string"""\nX = "short"\nY = "long enough"') == {"long enough"}
    assert strings("(") == frozenset()
    assert module_name("pkg/a.pyi", ["."]) == "pkg.a"
    assert known_words({"a_b/c.py": "d = 1"}) == {"a_b", "c", "py", "d"}
