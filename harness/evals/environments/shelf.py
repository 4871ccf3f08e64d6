"""Environments and locks on disk, by content: what is there is not made again, by any commit or process."""

import asyncio
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from harness.core.hashing import digest, plain
from harness.evals.environments.building import BUILDING, Builder
from harness.evals.environments.declared import Declared
from harness.evals.environments.gathering import Source
from harness.evals.environments.installing import install
from harness.evals.environments.interpreters import Interpreter, installed, own_interpreter
from harness.evals.environments.leftovers import remove_leftovers
from harness.evals.environments.own import OwnPackage, write_own
from harness.evals.environments.prepared import (
    LAYOUT,
    MAKING,
    PreparedEnvironment,
    described,
    is_ready,
    making,
    site_packages,
)
from harness.evals.environments.resolving import Lock, Unresolved, month_of, resolve
from harness.evals.environments.uv import Uv, find_uv


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """A folder of environments, and what is needed to add one."""

    folder: Path
    uv: Uv
    interpreters: tuple[Interpreter, ...]
    """Installed on this machine."""
    own: Path
    """The interpreter that this program runs in."""
    _locks: dict[str, asyncio.Lock] = field(default_factory=dict)
    _told: dict[tuple[Path, Path], str] = field(default_factory=dict)

    @property
    def builder(self) -> Builder:
        return Builder(uv=self.uv, folder=self.folder / "built")

    async def metadata(self, tree: Path, declared: Declared, interpreter: Interpreter, version: str) -> str:
        """METADATA of the repository at *tree*, as its build tells it; asked once. Raises NotBuiltError."""
        key = (tree, interpreter.path)
        if key not in self._told:
            self._told[key] = await self.builder.metadata(tree, declared, interpreter, version)
        return self._told[key]

    async def locked(self, interpreter: Interpreter, lock: str, own: OwnPackage | None) -> PreparedEnvironment:
        """The environment with exactly the packages of *lock*, and the metadata of *own*.

        Raises SandboxError when uv cannot install them, NotBuiltError when one of them has to be built and cannot be.
        """
        what = {
            "layout": LAYOUT,
            "python": [str(interpreter.path), interpreter.text],
            "lock": _lines(lock),
            "own": plain(own),
        }
        place = self.folder / digest(what)[:24]
        async with self._locks.setdefault(place.name, asyncio.Lock()):
            if not is_ready(place):
                with making(place, "uv") as made:
                    await install(self.builder, interpreter, lock, made)
                    if own is not None:
                        write_own(own, site_packages(made), made)
        return described(place)

    async def lock(
        self, interpreter: Interpreter, sources: Sequence[Source], added: Sequence[str], day: date | None
    ) -> Lock | Unresolved:
        """The lock of *sources* and *added*; see ``resolving``. One that was found before is found again."""
        what = {
            "layout": LAYOUT,
            "python": interpreter.text,
            "sources": plain(sources),
            "added": sorted(added),
            "until": None if day is None else month_of(day).isoformat(),
        }
        path = self.folder / "locks" / f"{digest(what)[:24]}.json"
        async with self._locks.setdefault(path.name, asyncio.Lock()):
            if path.is_file():
                return _lock(path)
            found = await resolve(self.builder, interpreter, sources, added, day)
            if isinstance(found, Lock):
                _keep(found, path)
            return found


async def open_shelf(cache: Path) -> Shelf:
    """The environments below *cache*. Lists the interpreters of this machine, which takes some 100 ms: keep it."""
    folder = cache / "environments"
    folder.mkdir(parents=True, exist_ok=True)
    await asyncio.to_thread(remove_leftovers, folder, MAKING)
    await asyncio.to_thread(remove_leftovers, folder / "built", BUILDING)
    uv = Uv(program=find_uv(), cwd=folder)
    home = Path(os.path.expanduser("~"))  # noqa: PTH111, ASYNC240 - touches no disk
    return Shelf(folder=folder, uv=uv, interpreters=await installed(uv, home), own=own_interpreter())


def _lines(lock: str) -> list[str]:
    """A lock without what may differ between two spellings of it."""
    return [line.strip() for line in lock.splitlines() if line.strip() and not line.lstrip().startswith("#")]


def _lock(path: Path) -> Lock:
    row = json.loads(path.read_text(encoding="utf-8"))
    cutoff = None if row["cutoff"] is None else date.fromisoformat(row["cutoff"])
    return Lock(text=row["text"], cutoff=cutoff, notes=tuple(row["notes"]))


def _keep(lock: Lock, path: Path) -> None:
    row = {"text": lock.text, "cutoff": lock.cutoff and lock.cutoff.isoformat(), "notes": list(lock.notes)}
    path.parent.mkdir(exist_ok=True)
    new = path.with_suffix(f".{os.getpid()}")
    new.write_text(json.dumps(row), encoding="utf-8")
    new.replace(path)
