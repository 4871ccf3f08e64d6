"""Folders that are removed when whoever works in them is done, and by the next one where that process was killed.

A lock of the kernel beside each folder tells whether somebody still works in it: it ends with its process, however
that ends, and other machines and other numberings of processes that share the disk do not matter.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_LOCK = ".lock"


@contextmanager
def working_folder(parent: Path, prefix: str) -> Iterator[Path]:
    """A new folder below *parent*, whose name begins with *prefix*, for as long as the block lasts."""
    parent.mkdir(parents=True, exist_ok=True)
    # The lock is there before the folder is: a folder without one is nobody's.
    fd, name = tempfile.mkstemp(dir=parent, prefix=prefix, suffix=_LOCK)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        folder = Path(name.removesuffix(_LOCK))
        folder.mkdir()
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    finally:
        with suppress(FileNotFoundError):
            Path(name).unlink()
        os.close(fd)


def remove_leftovers(parent: Path, prefix: str) -> int:
    """Remove the folders below *parent* of processes that are gone; how many there were."""
    if not parent.is_dir():
        return 0
    folders = sorted(path for path in parent.glob(f"{prefix}*") if path.suffix != _LOCK and path.is_dir())
    removed = sum(_remove(folder) for folder in folders)
    for lock in parent.glob(f"{prefix}*{_LOCK}"):
        if not lock.with_name(lock.name.removesuffix(_LOCK)).exists():
            _remove(lock.with_name(lock.name.removesuffix(_LOCK)))
    return removed


def _remove(folder: Path) -> bool:
    """Remove *folder* and its lock, unless somebody holds that; whether it was removed."""
    lock = folder.with_name(folder.name + _LOCK)
    fd = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    else:
        shutil.rmtree(folder, ignore_errors=True)
        with suppress(FileNotFoundError):
            lock.unlink()
        return True
    finally:
        os.close(fd)
