"""Where the content lies: the home folder, found in one fixed order."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from harness.core.errors import ConfigError

CONTENT_FOLDERS: Final = ("registry", "suites", "reports")
"""What a home folder holds; ``registry`` is what makes a folder one."""

_PACKAGE: Final = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """A home folder and how it was found."""

    root: Path
    """Absolute."""
    why: str
    """``--home``, ``$HARNESS_HOME``, ``current folder``, ``checkout`` or ``installed package``."""
    state: Path
    """Generated files: journals, database, environments. Need not exist yet."""

    @property
    def registry(self) -> Path:
        return self.root / "registry"

    @property
    def suites(self) -> Path:
        return self.root / "suites"

    @property
    def reports(self) -> Path:
        return self.root / "reports"


def find_home(*, flag: Path | None, environ: Mapping[str, str], cwd: Path, package: Path = _PACKAGE) -> Home:
    """The home folder: *flag*, ``$HARNESS_HOME``, *cwd* when it has ``registry/``, the checkout, the wheel's copy.

    An empty ``$HARNESS_HOME`` counts as unset. State goes to ``<root>/.harness``, except for the wheel's copy, which
    may be read-only and is shared by all users of the installation: its state goes to ``<cwd>/.harness``. *package* is
    the folder of the ``harness`` package. Raises ConfigError when a folder that was named is none, or nothing is found.
    """
    if flag is not None:
        return _named(flag, "--home", cwd)
    if environ.get("HARNESS_HOME"):
        return _named(Path(environ["HARNESS_HOME"]), "$HARNESS_HOME", cwd)
    if (cwd / "registry").is_dir():
        root = cwd.resolve()
        return Home(root=root, why="current folder", state=root / ".harness")
    return packaged_home(cwd=cwd, package=package)


def packaged_home(*, cwd: Path, package: Path = _PACKAGE) -> Home:
    """The content that came with the code: the checkout's, else the wheel's copy."""
    checkout = package.parent
    if (checkout / "registry").is_dir() and (checkout / "pyproject.toml").is_file():
        return Home(root=checkout, why="checkout", state=checkout / ".harness")
    copy = package / "_content"
    if (copy / "registry").is_dir():
        return Home(root=copy, why="installed package", state=cwd.resolve() / ".harness")
    raise ConfigError(
        f"no home folder: {cwd} has no registry/ and the installation carries none; "
        "name one with --home or $HARNESS_HOME, or make one with `harness init`"
    )


def _named(folder: Path, why: str, cwd: Path) -> Home:
    root = (cwd / folder.expanduser()).resolve()
    if not root.is_dir():
        raise ConfigError(f"{why}: {str(folder)!r} is no folder; make one with `harness init {folder}`")
    return Home(root=root, why=why, state=root / ".harness")
