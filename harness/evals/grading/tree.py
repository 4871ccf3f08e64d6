"""Trees of a suite's repository: one commit, without its history; kept in a cache, copied for each grading."""

import asyncio
import io
import os
import shutil
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from harness.core.errors import ConfigError, SandboxError
from harness.core.hashing import digest
from harness.evals.grading.policy import LINK
from harness.sandbox import run_git

LEFT_OUT = frozenset({".git", "__pycache__", ".venv", ".tox", ".nox", ".pytest_cache", ".mypy_cache", ".ruff_cache"})
"""Of a plain folder: what is not the project's source."""
CLONE_S = 600.0


async def base_tree(repo_path: Path, base_commit: str | None, cache: Path) -> Path:
    """A folder below *cache* with the files of *base_commit*; for reading only, shared by all gradings.

    *repo_path* is a git bundle, a git repository, a plain folder or a tarball; the last two take no commit. Nothing a
    repository configures is executed, and ``export-ignore`` in its attributes hides nothing. Raises ConfigError when
    there is no such repository or commit.
    """
    place = await asyncio.to_thread(_place, repo_path, base_commit, cache)
    if place.is_dir():
        return place
    with _making(place) as made:
        if base_commit is not None:
            await _export(await _mirror(repo_path, base_commit, cache), base_commit, made)
        else:
            await asyncio.to_thread(_copy, repo_path, made)
    return place


def read_tree(root: Path) -> dict[str, str]:
    """Texts of a tree by path: a link as ``@symlink:target``, a file that is not UTF-8 as an empty text."""
    found: dict[str, str] = {}
    for folder, folders, names in os.walk(root):
        here = Path(folder)
        for name in (*names, *(each for each in folders if (here / each).is_symlink())):
            found[(here / name).relative_to(root).as_posix()] = _text(here / name)
    return dict(sorted(found.items()))


def write_files(root: Path, files: Mapping[str, str | bytes | None]) -> None:
    """Put *files* into the tree at *root*; ``None`` removes, ``@symlink:target`` links. Never writes through a link.

    The paths have been checked; a folder in the way of a file is replaced, and a file in the way of a folder.
    """
    for path, content in files.items():
        place = root / path
        _clear_way(root, place)
        if content is None:
            continue
        place.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, str) and content.startswith(LINK):
            place.symlink_to(content.removeprefix(LINK))
        else:
            place.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "surrogateescape"))


def _clear_way(root: Path, place: Path) -> None:
    for parent in list(place.parents)[::-1]:
        if parent.is_relative_to(root) and parent != root and (parent.is_symlink() or parent.is_file()):
            parent.unlink()
    if place.is_symlink() or place.is_file():
        place.unlink()
    elif place.is_dir():
        shutil.rmtree(place)


def _text(path: Path) -> str:
    if path.is_symlink():
        return LINK + os.readlink(path)  # noqa: PTH115 - the raw text of the link, not a Path made of it
    try:
        return path.read_text(encoding="utf-8")
    except (UnicodeDecodeError, OSError):
        return ""


def _place(repo_path: Path, base_commit: str | None, cache: Path) -> Path:
    if not repo_path.exists():
        raise ConfigError(f"repo.path: no bundle, folder or tarball at {str(repo_path)!r}")
    return cache / "trees" / digest([*_identity(repo_path, base_commit), base_commit])[:32]


def _identity(repo_path: Path, base_commit: str | None) -> list[object]:
    """What tells one content of *repo_path* from another, without reading it all."""
    where = str(repo_path.resolve())
    if repo_path.is_file():
        stat = repo_path.stat()
        return [where, stat.st_size, stat.st_mtime_ns]
    if base_commit is not None:
        return [where]
    stats = [(path, path.lstat()) for path in sorted(repo_path.rglob("*")) if not LEFT_OUT & set(path.parts)]
    return [where, *([str(path), stat.st_size, stat.st_mtime_ns] for path, stat in stats)]


@contextmanager
def _making(place: Path) -> Iterator[Path]:
    """A path beside *place* to make something at; moved to *place* when it is complete."""
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place.parent, prefix=".making-") as folder:
        made = Path(folder) / "made"
        yield made
        try:
            made.rename(place)
        except OSError:
            # Somebody else's, made meanwhile, is as good.
            if not place.is_dir():
                raise


async def _mirror(repo_path: Path, commit: str, cache: Path) -> Path:
    """A bare repository of our own with everything that *repo_path* holds: a new one for a commit it has not."""
    identity = _identity(repo_path, commit)
    place = cache / "repositories" / f"{digest(identity)[:32]}.git"
    if place.is_dir() and not await _has(place, commit):
        place = place.with_name(f"{digest([*identity, commit])[:32]}.git")
    if place.is_dir():
        return place
    with _making(place) as made:
        source = os.path.abspath(repo_path)  # noqa: PTH100, ASYNC240 - touches no disk
        args = ("clone", "--quiet", "--mirror", "--no-hardlinks", "--template=", source, str(made))
        ran = await run_git(args, cwd=made.parent, timeout_s=CLONE_S)
        if ran.exit_code != 0:
            raise ConfigError(f"{repo_path}: git cannot read it: {ran.stderr.decode(errors='replace').strip()[-300:]}")
        (made / "info").mkdir(exist_ok=True)
        (made / "info" / "attributes").write_text("* -export-ignore -export-subst\n", encoding="utf-8")
    return place


async def _has(mirror: Path, commit: str) -> bool:
    ran = await run_git(("cat-file", "-e", "--end-of-options", f"{commit}^{{commit}}"), cwd=mirror)
    return ran.exit_code == 0


async def _export(mirror: Path, commit: str, target: Path) -> None:
    if commit.startswith("-"):
        raise ConfigError(f"base_commit: not a commit: {commit!r}")
    ran = await run_git(("archive", "--format=tar", f"{commit}^{{commit}}"), cwd=mirror, timeout_s=CLONE_S)
    if ran.exit_code != 0:
        why = ran.stderr.decode(errors="replace").strip()[-300:]
        raise ConfigError(f"base_commit: no commit {commit!r} in the suite's repository: {why}")
    await asyncio.to_thread(_unpack, ran.stdout, target, commit)


def _unpack(data: bytes, target: Path, name: str) -> None:
    target.mkdir()
    try:
        with tarfile.open(fileobj=io.BytesIO(data)) as archive:
            archive.extractall(target, filter="data")
    except (tarfile.TarError, OSError) as error:
        raise SandboxError(f"{name}: cannot be unpacked: {error}") from error


def _copy(source: Path, target: Path) -> None:
    if source.is_file():
        _unpack(source.read_bytes(), target, str(source))
        return
    shutil.copytree(source, target, symlinks=True, ignore=lambda _, names: LEFT_OUT & set(names))
