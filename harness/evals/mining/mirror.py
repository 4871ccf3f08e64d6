"""Our own bare copy of a repository: nothing that the original configures is in it, and nothing in it is executed."""

import asyncio
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from harness.core.errors import ConfigError
from harness.core.hashing import digest
from harness.sandbox import run_git

COPY_S: Final = 900.0
COMPLETE: Final = "complete"
"""Name of the file that says so of a mirror."""
_HEADS: Final = "refs/heads/"
_USUAL: Final = ("main", "master", "trunk", "develop")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mirror:
    """A copy of one branch and all tags."""

    path: Path
    """Bare; made for one head."""
    name: str
    """Of the repository: the last part of where it came from."""
    head: str
    """Full hash of the branch's newest commit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One path of a commit's tree."""

    path: str
    mode: str
    oid: str


async def open_mirror(source: str, cache: Path, *, branch: str | None = None) -> Mirror:
    """A mirror of the repository at *source*: a work tree, a bare repository or a bundle on this machine.

    *branch*: default its current one, or the only, or the most usual one of a bundle. Raises ConfigError when there
    is no such repository, branch or commit. Nothing is fetched from a network.
    """
    place = _local(source)
    heads = await _heads(place, source)
    name, head = _chosen(heads, branch, source)
    path = cache / "mirrors" / f"{digest([str(place), head])[:24]}.git"
    if not (path / COMPLETE).is_file():
        await _copy(place, name, path)
    return Mirror(path=path, name=_name(place), head=head)


def _local(source: str) -> Path:
    path = Path(os.path.abspath(Path(source).expanduser()))  # noqa: PTH100 - touches no disk
    if path.exists():
        return path
    if "://" in source or (":" in source and not source.startswith(("/", "."))):
        raise ConfigError(f"{source!r} is an address, and mining reads what is on this machine: git clone it first")
    raise ConfigError(f"{source!r}: no such folder or file; a git repository or a bundle is expected")


def _name(place: Path) -> str:
    inner = place.parent if place.name == ".git" else place
    return inner.name.removesuffix(".git").removesuffix(".bundle") or "repository"


async def _heads(place: Path, source: str) -> dict[str, str]:
    """Commit by name of ref, ``HEAD`` among them when there is one."""
    ran = await run_git(("ls-remote", "--quiet", str(place)), cwd=Path("/"), timeout_s=COPY_S)
    if ran.exit_code != 0:
        why = ran.stderr.decode(errors="replace").strip()[-300:]
        raise ConfigError(f"{source!r}: git cannot read it: {why}")
    lines = (line.split("\t", 1) for line in ran.stdout.decode(errors="surrogateescape").splitlines())
    return {ref: oid for oid, ref in lines if ref == "HEAD" or ref.startswith(_HEADS)}


def _chosen(heads: Mapping[str, str], branch: str | None, source: str) -> tuple[str, str]:
    """The ref to be mined, and its commit."""
    names = sorted(ref.removeprefix(_HEADS) for ref in heads if ref != "HEAD")
    if branch is not None:
        if branch not in names:
            raise ConfigError(f"--branch: {source!r} has no branch {branch!r}; there are: {', '.join(names[:20])}")
        return _HEADS + branch, heads[_HEADS + branch]
    if "HEAD" in heads:
        return "HEAD", heads["HEAD"]
    usual = names if len(names) == 1 else [name for name in _USUAL if name in names][:1]
    if not usual:
        there = f"there are: {', '.join(names[:20])}" if names else "it has no commit"
        raise ConfigError(f"{source!r}: no current branch, and none was named with --branch; {there}")
    return _HEADS + usual[0], heads[_HEADS + usual[0]]


async def _copy(place: Path, ref: str, path: Path) -> None:
    await asyncio.to_thread(path.mkdir, parents=True, exist_ok=True)
    (await run_git(("init", "--quiet", "--bare", "--template=", "."), cwd=path)).checked()
    await asyncio.to_thread(_overrule_attributes, path)
    specs = (f"+{ref}:refs/heads/mined", "+refs/tags/*:refs/tags/*")
    fetch = ("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--update-shallow", str(place), *specs)
    ran = await run_git(fetch, cwd=path, timeout_s=COPY_S)
    if ran.exit_code != 0:
        why = ran.stderr.decode(errors="replace").strip()[-300:]
        raise ConfigError(f"{str(place)!r}: git cannot copy it: {why}")
    (await run_git(("symbolic-ref", "HEAD", "refs/heads/mined"), cwd=path)).checked()
    await asyncio.to_thread((path / COMPLETE).touch)


def _overrule_attributes(path: Path) -> None:
    """Attributes of the repository could name a driver to read a difference with."""
    (path / "info").mkdir(exist_ok=True)
    (path / "info" / "attributes").write_text("* !diff !text !filter\n", encoding="utf-8")


async def git_output(mirror: Mirror, args: Sequence[str], *, stdin: bytes = b"") -> bytes:
    """What git says in *mirror*. Raises SandboxError when it fails: the mirror is ours, so it should not."""
    return (await run_git(args, cwd=mirror.path, stdin=stdin, timeout_s=COPY_S)).checked()


async def list_tree(mirror: Mirror, commit: str) -> tuple[Entry, ...]:
    """Every file, link and submodule of *commit*, in git's order."""
    said = await git_output(mirror, ("ls-tree", "-r", "-z", "--full-tree", commit))
    rows = (row.partition("\t") for row in said.decode("utf-8", "surrogateescape").split("\0") if row)
    return tuple(Entry(path=path, mode=head.split()[0], oid=head.split()[2]) for head, _, path in rows)


async def read_blobs(mirror: Mirror, oids: Iterable[str]) -> dict[str, bytes]:
    """Contents by object id, all in one go. An object that is not there, in a partial clone, is left out."""
    wanted = sorted(set(oids))
    if not wanted:
        return {}
    said = await git_output(mirror, ("cat-file", "--batch"), stdin="".join(f"{oid}\n" for oid in wanted).encode())
    found: dict[str, bytes] = {}
    at = 0
    while at < len(said):
        end = said.index(b"\n", at)
        words = said[at:end].split()
        at = end + 1
        if words[1:] == [b"missing"]:
            continue
        size = int(words[2])
        found[words[0].decode()] = said[at : at + size]
        at += size + 1
    return found


async def bundle(mirror: Mirror, commits: Sequence[str], file: Path) -> None:
    """Write the bundle *file* with the history up to each of *commits*."""
    refs = {f"refs/bases/{commit[:16]}": commit for commit in sorted(set(commits))}
    update = "".join(f"update {ref} {commit}\n" for ref, commit in refs.items())
    await git_output(mirror, ("update-ref", "--stdin"), stdin=update.encode())
    beside = file.with_name(f".{file.name}.new")
    listed = "".join(f"{ref}\n" for ref in refs).encode()
    await git_output(mirror, ("bundle", "create", "--quiet", str(beside.absolute()), "--stdin"), stdin=listed)
    beside.replace(file)
