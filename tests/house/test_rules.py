"""The house rules, as tests. Each failure prints rule, place and number."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import harness
from harness.core import errors

ROOT = Path(__file__).parents[2]
CODE = sorted((ROOT / "harness").rglob("*.py"))
FACES = ("harness/cli/main.py", "harness/gateway/app.py")
INSIDE = tuple(f"harness/evals/grading/{kind}_runner.py" for kind in ("behaviour", "code", "repo"))
"""Programs of ours that run inside the sandbox, around hostile code: there, everything has to be caught."""
TOP_LEVEL = {
    ".ci", ".git", ".gitignore", "ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "Makefile", "README.md",
    "harness", "pyproject.toml", "registry", "reports", "requirements.lock", "suites", "tests",
}  # fmt: skip


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def trees():
    for path in CODE:
        yield path, ast.parse(path.read_text())


def test_files_are_short():
    assert [f"{name(p)}: {n} lines; 400 at most" for p in CODE if (n := len(p.read_text().splitlines())) > 400] == []


def test_functions_are_short():
    long = [
        f"{name(path)}:{node.lineno}: {node.name} has {length} lines; 60 at most"
        for path, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (length := (node.end_lineno or 0) - node.lineno + 1) > 60
    ]
    assert long == []


def test_only_the_faces_catch_everything():
    broad = [
        f"{name(path)}:{node.lineno}: catches everything; only the faces may"
        for path, tree in trees()
        if name(path) not in (*FACES, *INSIDE)
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or (isinstance(node.type, ast.Name) and node.type.id in ("Exception", "BaseException")))
    ]
    assert broad == []


def test_every_file_says_what_it_is_for():
    assert [name(path) for path, tree in trees() if not ast.get_docstring(tree)] == []


def test_init_files_hold_no_code():
    allowed = (ast.Import, ast.ImportFrom, ast.Assign, ast.Expr)
    busy = [
        f"{name(path)}:{node.lineno}"
        for path, tree in trees()
        if path.name == "__init__.py" and path.parent != ROOT / "harness"
        for node in tree.body
        if not isinstance(node, allowed)
    ]
    assert busy == []


def test_no_vague_file_names():
    vague = {"utils", "util", "helpers", "common", "misc", "manager", "base", "tools"}
    assert [name(path) for path in CODE if path.stem in vague or path.parent.name in vague] == []


def test_every_error_is_in_the_drawn_tree():
    drawn = set(re.findall(r"(\w+Error)\b", errors.__doc__))
    real = {cls.__name__ for cls in vars(errors).values() if isinstance(cls, type) and issubclass(cls, Exception)}
    assert drawn == real


def test_every_sql_file_has_a_header_and_a_caller():
    code = "\n".join(path.read_text() for path in (ROOT / "harness" / "store").rglob("*.py"))
    for path in (ROOT / "harness" / "store" / "sql").glob("*.sql"):
        first = path.read_text().splitlines()[0]
        assert first.startswith(f"-- {path.stem}"), f"{name(path)}: begins with {first!r}"
        assert f'"{path.stem}"' in code, f"{name(path)}: nobody asks it"


def test_templates_mark_only_our_own_text_as_safe():
    for path in (ROOT / "reports").rglob("*.j2"):
        assert not re.search(r"\|\s*safe", path.read_text()), f"{name(path)}: |safe"


def test_top_level_is_what_was_agreed():
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if tracked.returncode:
        pytest.skip("not a git checkout")
    assert {line.partition("/")[0] for line in tracked.stdout.splitlines()} <= TOP_LEVEL


def test_public_names_are_sorted_and_real():
    assert harness.__all__ == sorted(harness.__all__)
    assert dir(harness) == harness.__all__
    for public in harness.__all__:
        assert getattr(harness, public) is not None
    with pytest.raises(AttributeError, match="it has ConfigError"):
        _ = harness.nothing


@pytest.mark.parametrize("statement", ["import harness", "import harness.core", "import harness.__main__"])
def test_importing_is_light(statement):
    heavy = "duckdb datasets jinja2 httpx aiohttp pydantic numpy scipy rapidfuzz typer rich starlette ruamel"
    script = f"import sys; {statement}; print(*[m for m in {heavy.split()!r} if m in sys.modules])"
    shown = subprocess.run(
        [sys.executable, "-W", "error", "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert shown.stdout.strip() == ""
    assert shown.stderr == ""


def test_no_path_of_a_machine_and_no_registry_host():
    words = re.compile(r"/work/|/root/\.|pypi\.org|files\.pythonhosted|registry\.npmjs")
    files = [*CODE, ROOT / "README.md", ROOT / "pyproject.toml", ROOT / "requirements.lock", ROOT / "Makefile"]
    assert [name(path) for path in files if path.exists() and words.search(path.read_text())] == []
