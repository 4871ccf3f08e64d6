"""Wheels from source distributions, and the metadata that only a build tells: built in the sandbox, never on the host.

Whoever runs a build runs the code of its author. So uv is never allowed to build: it only says where the archive is
(with the metadata given beforehand, so that there is nothing to run), and brings what building needs as wheels. The
build has no network and sees the archive, its throw-away environment and the machine's programs; a wheel comes out
over a channel. Without a sandbox of level ``standard`` nothing is built, whatever else is trusted.
"""

import asyncio
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
from packaging.version import Version

from harness.core.errors import SandboxError
from harness.core.execution import Isolation
from harness.core.hashing import digest
from harness.core.ports import Job, Mount, Sandbox
from harness.evals.environments.declared import Declared, build_system, parsed_toml
from harness.evals.environments.interpreters import Interpreter
from harness.evals.environments.leftovers import working_folder
from harness.evals.environments.own import PRETEND
from harness.evals.environments.prepared import normal, site_packages
from harness.evals.environments.uv import Uv, last_words, unreachable
from harness.sandbox import interpreter_mounts, open_sandbox
from harness.transport.download import download

RUNNER: Final = Path(__file__).with_name("build_runner.py")
BUILD_S: Final = 600.0
BUILD_BYTES: Final = 3 << 30
BUILDING: Final = ".building-"
"""How the folders begin in which wheels are made."""
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
        row = await asyncio.to_thread(_row, place)
        if row is None:
            await self._build(sdist, interpreter, place)
            row = await asyncio.to_thread(_row, place)
            assert row is not None, "just made"
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
        what = f"{sdist.name} {sdist.version}"
        await open_builder_sandbox(what)
        content = await download(sdist.address)
        sha256 = hashlib.sha256(content).hexdigest()
        if sdist.sha256 not in ("", sha256):
            raise NotBuiltError(f"{sdist.address!r} has the hash {sha256}; the index promises {sdist.sha256}")
        with working_folder(place.parent, BUILDING) as made:
            archive = made / sdist.file_name
            archive.write_bytes(content)
            told, _ = await in_sandbox(what, interpreter.path, archive, {"mode": "describe"})
            declared = replace(Declared(), **build_system(parsed_toml(str(told.get("pyproject", "")))))
            said, wheel = await self._run("wheel", archive, what, declared, interpreter, version=sdist.version)
            name = _checked_name(str(said.get("wheel", "")), sdist)
            done = made / "done"
            done.mkdir()
            (done / name).write_bytes(wheel)
            (done / "built.json").write_text(json.dumps({"wheel": name, "source": sha256}), encoding="utf-8")
            await asyncio.to_thread(_put, done, place)

    async def _run(
        self, mode: str, source: Path, what: str, declared: Declared, interpreter: Interpreter, *, version: str
    ) -> tuple[dict[str, Any], bytes]:
        """What the back end answers, in an environment that holds what it asks for."""
        legacy = declared.backend.startswith("setuptools")
        why: NotBuiltError | None = None
        for pins in _LEGACY if legacy else _LEGACY[:1]:
            try:
                return await self._attempt(mode, (source, what), _pinned(declared, pins), interpreter, version)
            except NotBuiltError as error:
                why = why or error
        assert why is not None, "there was an attempt"
        raise why

    async def _attempt(
        self, mode: str, project: tuple[Path, str], declared: Declared, interpreter: Interpreter, version: str
    ) -> tuple[dict[str, Any], bytes]:
        source, what = project
        requires, more = list(declared.build_requires), list[str]()
        for _ in range(2):
            # A new one each time: nothing on the host starts an interpreter beside packages from elsewhere.
            with tempfile.TemporaryDirectory(prefix="harness-build-", ignore_cleanup_errors=True) as made:
                python = await self._environment(Path(made) / "environment", what, requires, interpreter)
                order = {
                    "mode": mode,
                    "backend": declared.backend,
                    "backend_path": list(declared.backend_path),
                    "installed": sorted(_installed(python)),
                }
                said, content = await in_sandbox(what, python, source, order, version)
            if "requires" not in said:
                return said, content
            more = [str(each) for each in said["requires"]]
            requires += more
        raise NotBuiltError(f"{what}: its build goes on asking for {', '.join(more)}")

    async def _environment(self, folder: Path, what: str, requires: Sequence[str], interpreter: Interpreter) -> Path:
        """A throw-away environment with *requires*, wheels all of them; its interpreter."""
        made = ("venv", "--quiet", "--no-python-downloads", "--python", str(interpreter.path), str(folder))
        (await self.uv.run(*made)).checked()
        python = folder / "bin" / "python"
        if not requires:
            return python
        path = folder.with_name("requires.txt")
        path.write_text("\n".join(requires), encoding="utf-8")
        ran = await self.uv.run(
            *("pip", "install", "--quiet", "--only-binary", ":all:", "--python", str(python), "-r", str(path))
        )
        if unreachable(ran):
            raise SandboxError(f"uv cannot reach its package index: {last_words(ran)}")
        if ran.exit_code != 0:
            raise NotBuiltError(f"{what}: what its build needs cannot be had as wheels: {last_words(ran)}")
        return python


async def in_sandbox(
    what: str, python: Path, source: Path, order: dict[str, Any], version: str = ""
) -> tuple[dict[str, Any], bytes]:
    """The answer of the runner to *order*, about the archive or folder *source*, under *python*.

    Raises NotBuiltError when the code that was run does not give one.
    """
    # An archive tells its kind by its name, which was checked; a folder's is of no use inside.
    inside = f"/s/{source.name}" if _ARCHIVE.fullmatch(source.name) else "/s/tree"
    job = Job(
        argv=(str(python), "-I", "-B", "/h/build_runner.py"),
        mounts=(
            *interpreter_mounts(python),
            Mount(source=source, target=inside),
            Mount(source=RUNNER, target="/h/build_runner.py"),
        ),
        cwd="/tmp",  # noqa: S108 - inside the sandbox
        env={
            **(dict.fromkeys(PRETEND, version) if version else {}),
            "HOME": "/tmp",  # noqa: S108 - inside the sandbox
            "LC_ALL": "C.UTF-8",
            "PATH": f"{python.parent}:/usr/bin:/bin",
            "SOURCE_DATE_EPOCH": "315532800",
            "TMPDIR": "/tmp",  # noqa: S108 - inside the sandbox
        },
        stdin=json.dumps({"backend": "", "backend_path": [], "installed": [], **order, "source": inside}).encode(),
        timeout_s=BUILD_S,
        memory_bytes=BUILD_BYTES,
        report=True,
    )
    ran = await (await open_builder_sandbox(what)).run(job)
    line, _, content = ran.report.partition(b"\n")
    try:
        said = json.loads(line)
    except ValueError:
        said = None
    if ran.exit_code != 0 or not isinstance(said, dict):
        last = " ".join(ran.stderr.decode(errors="replace").split())[-300:]
        raise NotBuiltError(f"{what}: its build fails in the sandbox: {ran.ending.value}: {last}")
    return said, content


async def open_builder_sandbox(what: str) -> Sandbox:
    """Raises NotBuiltError where there is none that a build may be run in."""
    try:
        return await asyncio.to_thread(open_sandbox, Isolation.STANDARD)
    except SandboxError as error:
        raise NotBuiltError(
            f"{what} has to be built, which runs its author's code, and that is done in a sandbox only: {error}; "
            "or put a wheel of it into the index that uv asks"
        ) from error


def _pinned(declared: Declared, pins: Sequence[str]) -> Declared:
    """*declared* with *pins* among what its build needs."""
    return replace(declared, build_requires=(*declared.build_requires, *pins))


def _told(uv: Uv, place: Path, table: str) -> tuple[Uv, tuple[str, ...]]:
    """*uv* that reads *table* besides its user's settings, and the option for it.

    A file in the folder that it is started in adds to the user's settings; one that is named replaces them.
    """
    file = place / "uv.toml"
    named, none = uv.env.get("UV_CONFIG_FILE"), uv.env.get("UV_NO_CONFIG")
    said = Path(named).read_text(encoding="utf-8") if named and not none else ""
    file.write_text(f"{said}\n{table}", encoding="utf-8")
    env = {name: value for name, value in uv.env.items() if name not in ("UV_CONFIG_FILE", "UV_NO_CONFIG")}
    option = ("--config-file", str(file)) if named or none else ()
    return replace(uv, cwd=place, env=env), option


def _sdist(name: str, lock: dict[str, Any]) -> _Sdist:
    for row in lock.get("packages", ()):
        if normal(str(row.get("name", ""))) == name and (found := row.get("sdist")):
            address = str(found.get("url") or Path(str(found.get("path", ""))).absolute().as_uri())
            sha256 = str(found.get("hashes", {}).get("sha256", ""))
            return _Sdist(name=name, version=str(row.get("version", "")), address=address, sha256=sha256)
    raise NotBuiltError(f"the index has no source distribution of {name}")


def _checked_name(name: str, sdist: _Sdist) -> str:
    """*name*, if it is that of a wheel of *sdist* and nothing else. Hostile: the build chose it."""
    try:
        project, version, _, _ = parse_wheel_filename(name)
    except InvalidWheelFilename as error:
        raise NotBuiltError(f"{sdist.name} {sdist.version}: its build made no wheel but {name[:100]!r}") from error
    if "/" in name or project != sdist.name or str(version) != str(Version(sdist.version)):
        raise NotBuiltError(f"{sdist.name} {sdist.version}: its build made {name[:100]!r}, which is something else")
    return name


def _put(done: Path, place: Path) -> None:
    """Move *done* to *place*, unless somebody else was there first."""
    if not place.exists():
        done.rename(place)


def _row(place: Path) -> dict[str, str] | None:
    """What is kept beside a wheel that was made before; ``None``: none was."""
    path = place / "built.json"
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else None


def _installed(python: Path) -> frozenset[str]:
    packages = site_packages(python.parent.parent)
    return frozenset(normal(path.name.partition("-")[0]) for path in packages.glob("*.dist-info"))
