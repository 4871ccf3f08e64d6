"""What of the repository itself may be in an environment, and what a trial run is read for."""

from importlib import metadata

from harness.evals.environments.commit import needs_of
from harness.evals.environments.declared import read_declared
from harness.evals.environments.gathering import named_in
from harness.evals.environments.modules import missed, plugins_for
from harness.evals.environments.own import OwnPackage, generated_files, own_package, version_module, write_own

SCM = '[project]\nname = "book"\ndynamic = ["version"]\n[tool.setuptools_scm]\nversion_file = "src/book/_version.py"\n'


def test_metadata_and_no_module(tmp_path):
    own = OwnPackage(name="Book-Keeper", version="1.2", requires=("attrs>=1",), entry_points={"g": {"a": "book:a"}})
    write_own(own, tmp_path, tmp_path)
    (found,) = metadata.distributions(path=[str(tmp_path)])
    assert (found.metadata["Name"], found.version, found.requires) == ("Book-Keeper", "1.2", ["attrs>=1"])
    assert [(point.group, point.name, point.value) for point in found.entry_points] == [("g", "a", "book:a")]
    assert not list(tmp_path.rglob("*.py"))


def test_what_pytest_needs_is_left(tmp_path):
    (tmp_path / "book-0.9.dist-info").mkdir()
    write_own(OwnPackage(name="book", version="1.2"), tmp_path, tmp_path)
    assert [path.name for path in tmp_path.glob("*.dist-info")] == ["book-0.9.dist-info"]


def test_versions():
    assert needs_of({"pyproject.toml": SCM}).own == OwnPackage(name="book", version="0.0.0")
    assert needs_of({"pyproject.toml": SCM}, version="2.1").own == OwnPackage(name="book", version="2.1")
    texts = {"pyproject.toml": SCM, "src/book/__init__.py": "__version__ = '3.4'\n"}
    assert needs_of(texts).own == OwnPackage(name="book", version="3.4")
    assert needs_of({"setup.py": "setup(name='book', version='one two')"}).own == OwnPackage(
        name="book", version="0.0.0"
    )
    assert own_package(needs_of({}).declared, {}) is None


def test_version_files_that_a_build_writes():
    texts = {"pyproject.toml": SCM, "setup.py": "setup(use_scm_version={'write_to': 'VERSION.txt'})"}
    made = generated_files(texts, frozenset(), "2.1")
    assert made["VERSION.txt"] == "2.1\n"
    scope: dict[str, object] = {}
    exec(made["src/book/_version.py"], scope)
    assert (scope["__version__"], scope["version_tuple"]) == ("2.1", (2, 1))
    assert generated_files(texts, frozenset(made), "2.1") == {}
    hatch = '[tool.hatch.build.hooks.vcs]\nversion-file = "../outside.py"\n'
    assert generated_files({"pyproject.toml": hatch}, frozenset(), "1") == {}
    assert "'1.dev0'" in version_module("a.py", "1.dev0")


def test_what_a_trial_run_misses():
    said = [
        "ModuleNotFoundError: No module named 'yaml.nodes'",
        "ImportError: No module named book._version",
        "fixture 'mocker' not found",
        "async def functions are not natively supported.",
        "PytestConfigWarning: Unknown config option: timeout",
        "AssertionError",
    ]
    found = missed(said, {"book"})
    assert found.distributions == {"pyyaml", "pytest-mock", "pytest-asyncio", "pytest-timeout"}
    assert (found.own, found.unknown) == ({"book._version"}, frozenset())
    assert plugins_for(["asyncio_mode", "markers"]) == {"pytest-asyncio"}


def test_a_name_that_nobody_named_is_not_guessed():
    said = ["ModuleNotFoundError: No module named 'company_tools.testing'", "No module named 'Hypothesis'"]
    assert missed(said, set()).unknown == {"company_tools"}
    assert missed(said, set()).distributions == frozenset()
    texts = {"requirements-dev.txt": "Company.Tools>=1\n", "pyproject.toml": "[dependency-groups]\nlint = ['ruff']\n"}
    named = named_in(texts, read_declared(texts))
    assert named == {"company-tools", "ruff"}
    assert missed(said, set(), named).distributions == {"company-tools"}
    assert missed(["ModuleNotFoundError: No module named 'hypothesis'"], set()).distributions == {"hypothesis"}
