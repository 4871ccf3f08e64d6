"""The repository of a repo suite: a git bundle, a plain folder or a tarball, checked without starting a process."""

import hashlib
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final, Literal

from harness.core.errors import ConfigError

RepositoryKind = Literal["bundle", "folder", "tarball"]

_BLOCK: Final = 1 << 20
_HEADER_BYTES: Final = 1 << 20
_TREE_BYTES: Final = 2 << 30
_IGNORED: Final = frozenset({".git", "__pycache__", ".venv", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".harness"})


def check_repository(path: Path) -> RepositoryKind:
    """What *path* is. Raises ConfigError when it is missing, none of the three, or damaged.

    A bundle's pack ends with a hash of itself, which is recomputed: a bundle that was cut or changed is refused here.
    """
    if path.is_dir():
        return "folder"
    if not path.is_file():
        raise ConfigError(f"{path}: no such file or folder; it must be a git bundle, a folder or a tarball")
    with path.open("rb") as file:
        start = file.read(16)
        file.seek(0)
        if start.startswith(b"# v") and b"git bundle" in file.read(64):
            file.seek(0)
            _check_bundle(path, file)
            return "bundle"
    _check_tarball(path)
    return "tarball"


def content_digest(path: Path, kind: RepositoryKind) -> str:
    """SHA-256 over the content of a tarball or of a folder's files; not over the machine's paths and times."""
    whole = hashlib.sha256()
    if kind == "tarball":
        with path.open("rb") as file:
            for block in iter(lambda: file.read(_BLOCK), b""):
                whole.update(block)
        return whole.hexdigest()
    total = 0
    for name, file_path in _files(path):
        body = str(file_path.readlink()).encode() if file_path.is_symlink() else file_path.read_bytes()
        total += len(body)
        if total > _TREE_BYTES:
            raise ConfigError(f"{path}: more than {_TREE_BYTES} bytes; point repo.path at the repository itself")
        whole.update(f"{name}\0{len(body)}\0".encode(errors="surrogateescape") + body)
    return whole.hexdigest()


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    """Every file and link below *folder* with its path in it, in the order of the paths; no link is followed."""
    for path in sorted(folder.iterdir(), key=lambda each: each.name):
        if path.name in _IGNORED:
            continue
        if path.is_dir() and not path.is_symlink():
            for name, inner in _files(path):
                yield f"{path.name}/{name}", inner
        elif path.is_file() or path.is_symlink():
            yield path.name, path


def _check_bundle(path: Path, file: BinaryIO) -> None:
    """Header lines, an empty line, then a pack that ends with its own hash."""
    header = file.read(_HEADER_BYTES)
    end = header.find(b"\n\nPACK")
    if end < 0:
        raise ConfigError(
            f"{path}: is a damaged git bundle: no pack after the header; make it again with git bundle create"
        )
    name = "sha256" if b"@object-format=sha256" in header[:end] else "sha1"
    pack_hash = hashlib.new(name, usedforsecurity=False)
    size, start = pack_hash.digest_size, end + 2
    length = path.stat().st_size - start - size
    file.seek(start)
    while length > 0 and (block := file.read(min(_BLOCK, length))):
        pack_hash.update(block)
        length -= len(block)
    if length != 0 or file.read() != pack_hash.digest():
        raise ConfigError(f"{path}: is a damaged git bundle: its pack does not match its hash; make it again")


def _check_tarball(path: Path) -> None:
    try:
        with tarfile.open(path) as archive:
            first = archive.next()
    except (tarfile.TarError, OSError, EOFError) as error:
        raise ConfigError(f"{path}: is neither a git bundle nor a tarball that can be read: {error}") from error
    if first is None:
        raise ConfigError(f"{path}: is an empty tarball")
