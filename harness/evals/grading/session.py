"""One session of pytest over a tree in the sandbox: what is told to the runner, and the job that it runs in."""

import json
import secrets
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.core.ports import Job, Mount, Ran, Sandbox, Warm
from harness.evals.environments import PreparedEnvironment
from harness.evals.grading.pytest_config import PytestConfig
from harness.evals.grading.report import Report, read_report

RUNNER = Path(__file__).with_name("repo_runner.py")
TREE, TOOLS = "/w", "/h"
OUTPUT_BYTES = 256 << 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Which tests are to run, and how."""

    files: tuple[str, ...]
    """Test files by their path in the tree."""
    expected: tuple[str, ...] | None = None
    """Ids of tests; ``None``: all that the files hold."""
    roots: tuple[str, ...]
    """Folders of the tree for the import path; ``.`` is the tree."""
    own: tuple[str, ...] = ()
    """Modules of the tree that are installed as well, as something that pytest needs: see ``own_installed``."""
    changed: tuple[str, ...] = ()
    """Files of the tree that are a submission's: what their code does is watched."""
    usual: tuple[str, ...] = ()
    """Signs that are none here: what these files did before does them too."""
    args: tuple[str, ...] = ()
    """Of pytest, after our own."""
    timeout_s: float
    hash_seed: int = 0
    order_seed: int | None = None
    """Shuffles the tests within their files; ``None``: as written."""


async def run_session(
    session: Session, sandbox: Sandbox, environment: PreparedEnvironment, *, tree: Path, tools: Path
) -> tuple[Ran, Report]:
    """Run *session* over *tree*, which it sees read-only, with the *tools* that ``write_tools`` laid out."""
    nonce = secrets.token_hex(16)
    ran = await sandbox.run(_job(session, environment, nonce, (tree, tools)))
    return ran, read_report(ran.report, nonce)


def write_tools(tools: Path, config: PytestConfig) -> None:
    """Make the folder *tools*: the runner, and the configuration that pytest is to read instead of the tree's."""
    tools.mkdir()
    (tools / "pytest.ini").write_text(config.ini(), encoding="utf-8")
    shutil.copyfile(RUNNER, tools / RUNNER.name)


def read_tree_top(tree: Path) -> dict[str, str]:
    """Texts of the regular files that lie directly in *tree*."""
    files = (path for path in tree.iterdir() if path.is_file() and not path.is_symlink())
    return {path.name: path.read_text(encoding="utf-8", errors="replace") for path in files}


def import_roots(tree: Path, config: PytestConfig) -> tuple[str, ...]:
    """Folders of *tree* that go on the import path: those it is configured with, ``src`` if there is one, itself."""
    named = [path.strip("/") or "." for path in config.pythonpath if (tree / path).is_dir() and ".." not in path]
    source = ["src"] if (tree / "src").is_dir() else []
    return tuple(dict.fromkeys([*named, *source, "."]))


def own_installed(tree: Path, roots: Sequence[str], environment: PreparedEnvironment) -> tuple[str, ...]:
    """The modules of which *tree* is itself the home though they are installed, too: pytest needs some packages.

    If there are any, the tree comes before the installed packages, and what of them is already loaded is loaded anew.
    Otherwise it comes after them, so that nothing in it can stand in for one.
    """
    own = {name for root in roots for name in _importable(tree / root)}
    return tuple(sorted(own & environment.installed))


def _importable(folder: Path) -> set[str]:
    if not folder.is_dir():
        return set()
    return {path.stem for path in folder.iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file()}


def _arguments(session: Session, environment: PreparedEnvironment) -> tuple[str, ...]:
    plugins = (option for name in environment.plugins for option in ("-p", name))
    return (
        *("-c", f"{TOOLS}/pytest.ini", "--rootdir", TREE, "--confcutdir", TREE, "-p", "no:cacheprovider"),
        *("-o", "addopts=", "-q", "--color=no", "--tb=short"),
        # plugins are loaded before anything of the tree, so theirs are not rewritten; a strict project would stop at it
        *("-W", "ignore::pytest.PytestAssertRewriteWarning"),
        *plugins,
        *session.args,
    )


def _order(session: Session, nonce: str) -> bytes:
    """What ``repo_runner.Order`` describes."""
    order = {
        "nonce": nonce,
        "files": list(session.files),
        "expected": None if session.expected is None else list(session.expected),
        "own": list(session.own),
        "changed": list(session.changed),
        "usual": list(session.usual),
        "order_seed": session.order_seed,
    }
    return json.dumps(order).encode()


def _job(session: Session, environment: PreparedEnvironment, nonce: str, places: tuple[Path, Path]) -> Job:
    tree, tools = places
    python = environment.python
    return Job(
        argv=(str(python), *environment.options, f"{TOOLS}/{RUNNER.name}", *_arguments(session, environment)),
        mounts=(
            *environment.mounts,
            Mount(source=tree, target=TREE),
            Mount(source=tools, target=TOOLS),
        ),
        cwd=TREE,
        env={
            "HARNESS_ROOTS": ":".join(TREE if root == "." else f"{TREE}/{root}" for root in session.roots),
            "HOME": "/tmp",  # noqa: S108 - inside the sandbox
            "LC_ALL": "C.UTF-8",
            "PATH": f"{python.parent}:/usr/bin:/bin",
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONHASHSEED": str(session.hash_seed),
            "TMPDIR": "/tmp",  # noqa: S108 - inside the sandbox
        },
        stdin=_order(session, nonce),
        timeout_s=session.timeout_s,
        output_bytes=OUTPUT_BYTES,
        report=True,
        warm=Warm(script=RUNNER, modules=environment.plugins),
    )
