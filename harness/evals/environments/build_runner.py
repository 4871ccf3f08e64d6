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
import tarfile
import zipfile
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


SOURCE, OUT = "/tmp/source", "/tmp/out"  # noqa: S108 - inside the sandbox


def unpack(source: str) -> str:
    """The folder of the project in *source*, where it can be written to."""
    if os.path.isdir(source):
        shutil.copytree(source, SOURCE, symlinks=True)
        return SOURCE
    if source.endswith(".zip"):
        with zipfile.ZipFile(source) as archive:
            archive.extractall(SOURCE)
    else:
        with tarfile.open(source) as pack:
            pack.extractall(SOURCE, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))
    inside = os.listdir(SOURCE)
    return os.path.join(SOURCE, inside[0]) if len(inside) == 1 else SOURCE


def backend_of(order: Order) -> Any:
    """The object with the hooks of PEP 517."""
    sys.path[:0] = [os.path.abspath(path) for path in order["backend_path"]]
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
    os.mkdir(OUT)
    prepare = getattr(backend, "prepare_metadata_for_build_wheel", None)
    if order["mode"] == "metadata" and prepare:
        with open(os.path.join(OUT, prepare(OUT), "METADATA"), encoding="utf-8") as file:
            return {"metadata": file.read()}, b""
    name = backend.build_wheel(OUT)
    path = os.path.join(OUT, name)
    if order["mode"] == "metadata":
        with zipfile.ZipFile(path) as wheel:
            inside = [each for each in wheel.namelist() if each.endswith(".dist-info/METADATA")]
            return {"metadata": wheel.read(inside[0]).decode("utf-8", "replace")}, b""
    with open(path, "rb") as file:
        return {"wheel": name}, file.read()


def describe() -> dict[str, Any]:
    if not os.path.isfile("pyproject.toml"):
        return {"pyproject": ""}
    with open("pyproject.toml", encoding="utf-8", errors="replace") as file:
        return {"pyproject": file.read(1 << 20)}


def main() -> None:
    fd = os.dup(int(os.environ.pop("HARNESS_REPORT_FD")))
    order: Order = json.load(sys.stdin)
    os.chdir(unpack(order["source"]))
    said, content = (describe(), b"") if order["mode"] == "describe" else build(order)
    sys.stdout.flush()
    with os.fdopen(fd, "wb") as channel:
        channel.write(json.dumps(said).encode() + b"\n" + content)


if __name__ == "__main__":
    main()
