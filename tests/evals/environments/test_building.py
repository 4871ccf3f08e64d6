"""Source distributions are built in the sandbox, by code that finds nothing of the host there, or not at all."""

import asyncio
import hashlib
import io
import os
import tarfile
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from harness.core.errors import SandboxError
from harness.core.execution import Isolation
from harness.evals.environments import CommitEnvironment, NoEnvironment, make_for_commit, needs_of, open_shelf
from harness.evals.environments.building import without_wheel
from harness.evals.environments.declared import Declared, told_by_build
from harness.evals.environments.locks import pins, with_sources, with_wheels, without
from harness.sandbox import open_sandbox
from tests.evals.environments.test_shelf import MINOR, wheel

MARK = "PLANTED_BY_A_BUILD"
BACKEND = """
import os, pathlib, socket, zipfile
MARK = {mark!r}
try:
    pathlib.Path(MARK).write_text("outside")
except OSError:
    pass
try:
    socket.create_connection(("127.0.0.1", {port}), 2)
    reached = True
except OSError:
    reached = False
KEY = os.environ.get("FAKE_API_KEY", "")

def _metadata():
    return "Metadata-Version: 2.1\\nName: coin\\nVersion: 1.0\\nRequires-Dist: money<2\\n"

def get_requires_for_build_wheel(config_settings=None):
    return ["money"]

def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    import money
    name = "coin-1.0-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(wheel_directory, name), "w") as archive:
        archive.writestr("coin.py", f"reached = {{reached!r}}\\nkey = {{KEY!r}}\\nmoney = {{money.version!r}}\\n")
        archive.writestr("coin-1.0.dist-info/METADATA", _metadata())
        archive.writestr("coin-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\\nGenerator: x\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        archive.writestr("coin-1.0.dist-info/RECORD", "")
    return name
"""
PROJECT = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'


def sdist(folder: Path, name: str, version: str, files: dict[str, str]) -> None:
    with tarfile.open(folder / f"{name}-{version}.tar.gz", "w:gz") as archive:
        for path, text in files.items():
            info = tarfile.TarInfo(f"{name}-{version}/{path}")
            info.size = len(text.encode())
            archive.addfile(info, io.BytesIO(text.encode()))


@pytest.fixture(scope="module")
def listener():
    async def serve(_, writer):
        writer.close()

    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(asyncio.start_server(serve, "127.0.0.1", 0))
    yield server.sockets[0].getsockname()[1]
    server.close()
    loop.close()


@pytest.fixture(scope="module")
def place(tmp_path_factory, listener):
    """An index in a folder: wheels, and one distribution that has none."""
    folder = tmp_path_factory.mktemp("sources")
    wheel(folder, "pytest", "8.0")
    wheel(folder, "money", "1.0")
    wheel(folder, "money", "2.0")
    backend = BACKEND.format(mark=str(folder / MARK), port=listener)
    sdist(folder, "coin", "1.0", {"pyproject.toml": PROJECT, "backend.py": backend})
    sdist(folder, "broken", "1.0", {"pyproject.toml": PROJECT, "backend.py": "raise SystemExit('no such luck')\n"})
    for path in [*folder.glob("*.whl"), *folder.glob("*.tar.gz")]:
        page = folder / "index" / path.name.partition("-")[0] / "index.html"
        page.parent.mkdir(parents=True, exist_ok=True)
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        with page.open("a") as file:
            file.write(f'<a href="{path.as_uri()}#sha256={sha256}">{path.name}</a>\n')
    return folder


@pytest.fixture(scope="module")
def shelf(place):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UV_DEFAULT_INDEX", (place / "index").as_uri())
        patch.setenv("UV_CACHE_DIR", str(place / "uv-cache"))
        try:
            return asyncio.run(open_shelf(place / "cache"))
        except SandboxError as error:
            pytest.skip(f"no uv here: {error}")


def another(shelf, folder):
    """A shelf of the same uv and the same interpreters with nothing on it."""
    folder.mkdir()
    return replace(shelf, folder=folder, _locks={}, _told={})


@pytest.fixture(scope="module")
def sandboxed():
    try:
        open_sandbox(Isolation.STANDARD)
    except SandboxError as error:
        pytest.skip(f"no sandbox of level standard here: {error}")


def made(shelf, *dependencies):
    lines = ", ".join(f'"{each}"' for each in dependencies)
    text = f'[project]\nname = "book"\nversion = "1"\nrequires-python = "{MINOR}"\ndependencies = [{lines}]\n'
    return asyncio.run(make_for_commit(shelf, needs_of({"pyproject.toml": text}, day=date(2024, 1, 15))))


def test_a_source_distribution_is_built_in_the_sandbox(shelf, place, sandboxed, monkeypatch):
    monkeypatch.setenv("FAKE_API_KEY", "sk-not-for-builds")
    found = made(shelf, "coin")
    assert isinstance(found, CommitEnvironment), found
    assert not (place / MARK).exists()
    assert "built from source in the sandbox: coin 1.0" in found.notes
    assert found.prepared.provenance["coin"] == "1.0"
    assert found.prepared.provenance["money"] == "1.0"  # what the built metadata asks for counts
    scope: dict[str, object] = {}
    exec(next((place / "cache").glob("environments/*/lib/*/site-packages/coin.py")).read_text(), scope)
    assert (scope["reached"], scope["key"]) == (False, "")
    assert scope["money"] == "2.0"  # a requirement that the back end names only when asked
    source = hashlib.sha256((place / "coin-1.0.tar.gz").read_bytes()).hexdigest()
    assert pins(found.lock)["coin"].hashes == {source}
    assert not list(shelf.folder.glob("built/.building-*"))


@pytest.mark.slow
def test_a_lock_with_a_source_is_installed_elsewhere(shelf, place, sandboxed):
    first = made(shelf, "coin")
    elsewhere = another(shelf, place / "other")
    again = asyncio.run(elsewhere.locked(first.interpreter, first.lock, None))
    assert again.provenance["coin"] == "1.0"
    wrong = first.lock.replace(next(iter(pins(first.lock)["coin"].hashes)), "0" * 64)
    with pytest.raises(SandboxError, match="not one of the lock"):
        asyncio.run(elsewhere.locked(first.interpreter, wrong, None))
    assert not (place / MARK).exists()


def test_a_build_that_fails(shelf, sandboxed):
    found = made(shelf, "broken")
    assert isinstance(found, NoEnvironment)
    assert "broken 1.0: its build fails in the sandbox" in found.why
    assert "no such luck" in found.why


def test_never_without_a_sandbox(shelf, place, monkeypatch):
    monkeypatch.setenv("PATH", os.fspath(place))
    elsewhere = another(shelf, place / "bare")
    found = made(elsewhere, "coin")
    assert isinstance(found, NoEnvironment)
    assert "coin 1.0 has to be built, which runs its author's code, and that is done in a sandbox only" in found.why
    assert "apt-get install bubblewrap" in found.why
    assert "put a wheel of it into the index" in found.why
    assert not (place / MARK).exists()


COMPUTED = """
import pathlib
try:
    pathlib.Path({mark!r}).write_text("outside")
except OSError:
    pass

def _metadata():
    return "Metadata-Version: 2.1\\nName: book\\nVersion: 3\\nRequires-Dist: money<2\\nProvides-Extra: test\\nRequires-Dist: coin; extra == 'test'\\n"

def prepare_metadata_for_build_wheel(metadata_directory, config_settings=None):
    folder = pathlib.Path(metadata_directory) / "book-3.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text(_metadata())
    return folder.name
"""


def test_dependencies_that_only_the_build_tells(shelf, place, sandboxed, tmp_path):
    texts = {
        "pyproject.toml": f'[project]\nname = "book"\ndynamic = ["version", "dependencies", "optional-dependencies"]\nrequires-python = "{MINOR}"\n{PROJECT}',
        "backend.py": COMPUTED.format(mark=str(place / MARK)),
    }
    for path, text in texts.items():
        (tmp_path / path).write_text(text)
    found = asyncio.run(make_for_commit(shelf, needs_of(texts, tree=tmp_path)))
    assert isinstance(found, CommitEnvironment), found
    assert {name: found.prepared.provenance.get(name) for name in ("money", "coin", "book")} == {
        "money": "1.0",
        "coin": "1.0",
        "book": "3",
    }
    assert "dependencies told by the build, which ran in the sandbox" in found.notes
    assert not (place / MARK).exists()
    blind = asyncio.run(make_for_commit(shelf, needs_of(texts)))
    assert "not read: dependencies that only running the build would tell" in blind.notes


def test_metadata_of_a_build():
    text = (
        "Metadata-Version: 2.1\nName: book\nVersion: 2\nProvides-Extra: test\nProvides-Extra: doc\nRequires-Dist: a>=1\n"
        "Requires-Dist: b; python_version < '4'\nRequires-Dist: c; python_version < '4' and extra == 'test'\n"
        "Requires-Dist: d; (extra == 'test')\n"
    )
    found = told_by_build(Declared(computed=True), text)
    assert (found.name, found.version, found.computed) == ("book", "2", False)
    assert found.dependencies == ("a>=1", "b ; python_version < '4'")
    assert found.extras == {"test": ("c ; python_version < '4'", "d"), "doc": ()}


LOCK = "# by hand\nCoin[big]==1.0 ; python_version < '4' \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\nmoney==2.0 --hash=sha256:cc\n"


def test_locks():
    found = pins(LOCK)
    assert {name: (pin.version, set(pin.hashes)) for name, pin in found.items()} == {
        "coin": ("1.0", {"aa", "bb"}),
        "money": ("2.0", {"cc"}),
    }
    assert "coin==1.0 ; python_version < '4' --hash=sha256:dd\nmoney==2.0 --hash" in with_sources(LOCK, {"coin": "dd"})
    assert "money @ file:///m.whl --hash=sha256:ee\n" in with_wheels(LOCK, {"money": ("file:///m.whl", "ee")})
    assert set(pins(without(LOCK, {"money"}))) == {"coin"}
    assert without_wheel("nothing of the kind") == frozenset()
