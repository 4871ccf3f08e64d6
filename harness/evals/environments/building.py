"""Wheels from source distributions, and the metadata that only a build tells: built in the sandbox, never on the host.

Whoever runs a build runs the code of its author. So uv is never allowed to build: it only says where the archive is
(with the metadata given beforehand, so that there is nothing to run), and brings what building needs as wheels. The
build has no network and sees the archive, its throw-away environment and the machine's programs; a wheel comes out
over a channel. Without a sandbox of level ``standard`` nothing is built, whatever else is trusted.
"""

import hashlib
import json
import re
import tempfile
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, Final

from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from harness.core.errors import SandboxError
from harness.core.execution import Isolation
from harness.core.hashing import digest
from harness.core.ports import Job, Mount, Sandbox
from harness.evals.environments.declared import Declared, build_system, parsed_toml
from harness.evals.environments.interpreters import Interpreter
from harness.evals.environments.own import PRETEND
from harness.evals.environments.prepared import normal, site_packages
from harness.evals.environments.uv import Uv, last_words, unreachable
from harness.sandbox import interpreter_mounts, open_sandbox
from harness.transport.download import download

RUNNER: Final = Path(__file__).with_name("build_runner.py")
BUILD_S: Final = 600.0
BUILD_BYTES: Final = 3 << 30
_LAYOUT: Final = 1
_LEGACY: Final = ((), ("setuptools<58",))
"""Tried in this order: back ends as they are now, and the last that still knew what old builds ask for."""
_WITHOUT_WHEEL = re.compile(r"Wheels are required for `([\w.-]+)`")
_ARCHIVE = re.compile(r"[\w.+-]+\.(?:tar\.gz|tgz|tar\.bz2|tar\.xz|zip)")


class NotBuiltError(SandboxError):
    """A source distribution of which no wheel can be made here; says what would help."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """A wheel made here."""

    name: str
    """Normal."""
    version: str
    wheel: Path
    """Alone in its folder."""
    source_sha256: str

    @property
    def wheel_sha256(self) -> str:
        """Reads the disk."""
        return hashlib.sha256(self.wheel.read_bytes()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sdist:
    name: str
    version: str
    address: str
    sha256: str
    """Empty: the index tells none."""

    @property
    def file_name(self) -> str:
        found = self.address.partition("#")[0].rpartition("/")[2]
        if not _ARCHIVE.fullmatch(found):
            raise NotBuiltError(f"{self.name} {self.version}: {found!r} is no archive that can be unpacked")
        return found


def without_wheel(said: str) -> frozenset[str]:
    """Distributions that uv would have to build, by what it *said* when it was not allowed to.

    >>> sorted(without_wheel("hint: Wheels are required for `docopt` because building from source is disabled"))
    ['docopt']
    """
    return frozenset(map(normal, _WITHOUT_WHEEL.findall(said)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Builder:
    """Makes wheels below *folder*, by content: none is made twice."""

    uv: Uv
    folder: Path

    async def wheel(self, wanted: Sequence[str], interpreter: Interpreter, cutoff: date | None) -> Built:
        """A wheel of the newest source distribution that all of *wanted*, requirements of one name, allow.

        Raises NotBuiltError, and SandboxError when the index does not answer.
        """
        sdist = await self._located(wanted, interpreter, cutoff)
        what = {
            "layout": _LAYOUT,
            "source": sdist.sha256 or sdist.address,
            "name": [sdist.name, sdist.version],
            "python": [str(interpreter.path), interpreter.text],
        }
        place = self.folder / digest(what)[:24]
        if not (place / "built.json").is_file():
            await self._build(sdist, interpreter, place)
        row = json.loads((place / "built.json").read_text(encoding="utf-8"))
        return Built(name=sdist.name, version=sdist.version, wheel=place / row["wheel"], source_sha256=row["source"])

    async def metadata(self, tree: Path, declared: Declared, interpreter: Interpreter, version: str) -> str:
        """The text of METADATA, as the build of the repository's *tree* tells it. Raises as ``wheel`` does."""
        said, _ = await self._run("metadata", tree, "the repository", declared, interpreter, version=version)
        return str(said.get("metadata", ""))

    async def _located(self, wanted: Sequence[str], interpreter: Interpreter, cutoff: date | None) -> _Sdist:
        """Where the archive is. Its metadata is declared to be empty: uv has no reason to run anything of it."""
        found = re.match(r"[\w.-]+", wanted[0])
        assert found is not None, "requirements begin with a name"
        name = normal(found[0])
        limit = () if cutoff is None else ("--exclude-newer", f"{cutoff.isoformat()}T00:00:00Z")
        with tempfile.TemporaryDirectory(prefix="harness-locate-") as place:
            uv, config = _told(self.uv, Path(place), f'[[dependency-metadata]]\nname = "{name}"\nrequires-dist = []\n')
            ran = await uv.run(
                *("pip", "compile", "-", "--quiet", "--no-header", "--no-deps", "--format", "pylock.toml"),
                *("--no-binary", name, "--python", str(interpreter.path), "--no-python-downloads", *limit, *config),
                stdin="\n".join(wanted).encode(),
            )
        if unreachable(ran):
            raise SandboxError(f"uv cannot reach its package index: {last_words(ran)}")
        if ran.exit_code != 0:
            raise NotBuiltError(f"{name} has neither a wheel nor a source distribution that fits: {last_words(ran)}")
        return _sdist(name, tomllib.loads(ran.stdout.decode()))

    async def _build(self, sdist: _Sdist, interpreter: Interpreter, place: Path) -> None:
        _open(f"{sdist.name} {sdist.version}")
        content = await download(sdist.address)
        sha256 = hashlib.sha256(content).hexdigest()
        if sdist.sha256 not in ("", sha256):
            raise NotBuiltError(f"{sdist.address!r} has the hash {sha256}; the index promises {sdist.sha256}")
        place.parent.mkdir(parents=True, exist_ok=True)
        what = f"{sdist.name} {sdist.version}"
        with tempfile.TemporaryDirectory(dir=place.parent, prefix=".building-", ignore_cleanup_errors=True) as made:
            archive = Path(made) / sdist.file_name
            archive.write_bytes(content)
            text = await self._described(archive, what)
            declared = replace(Declared(), **build_system(parsed_toml(text)))
            said, wheel = await self._run("wheel", archive, what, declared, interpreter, version=sdist.version)
            name = _checked_name(str(said.get("wheel", "")), sdist)
            done = Path(made) / "done"
            done.mkdir()
            (done / name).write_bytes(wheel)
            (done / "built.json").write_text(json.dumps({"wheel": name, "source": sha256}), encoding="utf-8")
            if not place.exists():
                done.rename(place)

    async def _described(self, archive: Path, what: str) -> str:
        """Its pyproject.toml, unpacked in the sandbox by the newest interpreter: that of this program."""
        own = Path("/usr/bin/python3") if Path("/usr/bin/python3").exists() else None
        python = await self._own() if own is None else own
        said, _ = await _in_sandbox(what, python, archive, {"mode": "describe"})
        return str(said.get("pyproject", ""))
