"""Runs inside the sandbox: a source distribution's or a repository's own build, its result told over a channel.

Standard input is an ``Order``. The answer is one line of JSON, after it the bytes of a wheel if there is one. Imports
nothing of the project and runs under every Python from 3.7; nothing it loads or writes is left when it ends.
"""

from __future__ import annotations

import importlib
import json
import os
import shutil
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing import TypedDict

    class Order(TypedDict):
        """What is to be built, and how far."""

        mode: str
        """``describe``: the text of pyproject.toml; ``metadata``; ``wheel``."""
        source: str
        """An archive or a folder."""
        backend: str
        backend_path: list[str]
        installed: list[str]
        """Normal names of the distributions that are there to build with."""


SOURCE, OUT = Path("/tmp/source"), Path("/tmp/out")  # noqa: S108 - inside the sandbox


def unpack(source: Path) -> Path:
    """The folder of the project in *source*, where it can be written to."""
    if source.is_dir():
        shutil.copytree(str(source), str(SOURCE), symlinks=True)
        return SOURCE
    shutil.unpack_archive(str(source), str(SOURCE))
    inside = list(SOURCE.iterdir())
    return inside[0] if len(inside) == 1 else SOURCE


def backend_of(order: Order) -> Any:
    """The object with the hooks of PEP 517."""
    sys.path[:0] = [str(Path(path).resolve()) for path in order["backend_path"]]
    module, _, names = order["backend"].partition(":")
    found = importlib.import_module(module)
    for name in filter(None, names.split(".")):
        found = getattr(found, name)
    return found


def normal(requirement: str) -> str:
    """The normal name of the distribution that *requirement* asks for."""
    name = requirement.strip()
    for at, letter in enumerate(name):
        if not (letter.isalnum() or letter in "-_."):
            name = name[:at]
            break
    return name.lower().replace("_", "-").replace(".", "-")


def build(order: Order) -> tuple[dict[str, Any], bytes]:
    backend = backend_of(order)
    asks = getattr(backend, "get_requires_for_build_wheel", None)
    wanted = [each for each in (asks() if asks else []) if normal(each) not in order["installed"]]
    if wanted:
        return {"requires": wanted}, b""
    OUT.mkdir()
    prepare = getattr(backend, "prepare_metadata_for_build_wheel", None)
    if order["mode"] == "metadata" and prepare:
        return {"metadata": (OUT / prepare(str(OUT)) / "METADATA").read_text(encoding="utf-8")}, b""
    path = OUT / backend.build_wheel(str(OUT))
    if order["mode"] == "metadata":
        with zipfile.ZipFile(str(path)) as wheel:
            inside = [each for each in wheel.namelist() if each.endswith(".dist-info/METADATA")]
            return {"metadata": wheel.read(inside[0]).decode("utf-8", "replace")}, b""
    return {"wheel": path.name}, path.read_bytes()


def describe() -> dict[str, Any]:
    path = Path("pyproject.toml")
    return {"pyproject": path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""}


def main() -> None:
    fd = os.dup(int(os.environ.pop("HARNESS_REPORT_FD")))
    order: Order = json.load(sys.stdin)
    os.chdir(unpack(Path(order["source"])))
    said, content = (describe(), b"") if order["mode"] == "describe" else build(order)
    sys.stdout.flush()
    with os.fdopen(fd, "wb") as channel:
        channel.write(json.dumps(said).encode() + b"\n" + content)


if __name__ == "__main__":
    main()
