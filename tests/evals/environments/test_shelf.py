"""Locks and environments by real uv, from wheels planted in a folder: no index is asked."""

import asyncio
import hashlib
import sys
import zipfile
from base64 import urlsafe_b64encode
from datetime import date

import pytest

from harness.core.errors import SandboxError
from harness.evals.environments import CommitEnvironment, NoEnvironment, make_for_commit, needs_of, open_shelf

MINOR = "==" + ".".join(map(str, sys.version_info[:2])) + ".*"


def wheel(folder, name, version, *, requires=()):
    """A wheel of one module."""
    info = f"{name}-{version}.dist-info"
    lines = [f"Requires-Dist: {each}\n" for each in requires]
    files = {
        f"{name}.py": f"version = {version!r}\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{''.join(lines)}",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    rows = [
        f"{path},sha256={urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b'=').decode()},{len(text)}\n"
        for path, text in files.items()
    ]
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
        archive.writestr(f"{info}/RECORD", "".join([*rows, f"{info}/RECORD,,\n"]))


@pytest.fixture(scope="module")
def wheels(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheels")
    wheel(folder, "pytest", "8.0", requires=["pluggy"])
    wheel(folder, "pluggy", "1.0")
    wheel(folder, "money", "1.0")
    wheel(folder, "money", "2.0")
    for path in folder.glob("*.whl"):  # an index that tells no upload times
        page = folder.parent / "index" / path.name.partition("-")[0] / "index.html"
        page.parent.mkdir(parents=True, exist_ok=True)
        with page.open("a") as file:
            file.write(f'<a href="{path.as_uri()}">{path.name}</a>\n')
    return folder


@pytest.fixture
def shelf(wheels, tmp_path_factory, monkeypatch):
    monkeypatch.setenv("UV_DEFAULT_INDEX", (wheels.parent / "index").as_uri())
    monkeypatch.setenv("UV_CACHE_DIR", str(wheels.parent / "uv-cache"))
    try:
        return asyncio.run(open_shelf(wheels.parent / "cache"))
    except SandboxError as error:
        pytest.skip(f"no uv here: {error}")


def made(shelf, pyproject, *added):
    needs = needs_of({"pyproject.toml": pyproject}, day=date(2024, 1, 15))
    return asyncio.run(make_for_commit(shelf, needs, added))


BOOK = f'[project]\nname = "book"\nversion = "1"\nrequires-python = "{MINOR}"\ndependencies = ["money<2"]\n[project.optional-dependencies]\ntest = ["absent"]\n'


def test_a_lock_and_its_environment(shelf):
    found = made(shelf, BOOK, "money", "nowhere")
    assert isinstance(found, CommitEnvironment), found
    assert "money==1.0 \\\n    --hash=sha256:" in found.lock
    assert found.prepared.provenance["money"] == "1.0"
    assert found.prepared.provenance["book"] == "1"
    assert found.prepared.installed == {"money", "pytest", "pluggy"}
    assert "left out: extra test, which cannot be resolved" in found.notes
    assert "not to be had: nowhere, which a trial run missed" in found.notes
    assert "no cut-off: the index has no solution within it" in found.notes
    assert found.added == ("money",)
    others = [each for each in shelf.interpreters if each.minor == found.interpreter.minor and each.path != shelf.own]
    assert found.interpreter.path != shelf.own or not others
    assert not list(shelf.folder.glob(".making-*"))


def test_the_same_needs_find_the_same_environment(shelf):
    first = made(shelf, BOOK)
    stamp = first.prepared.python.lstat().st_mtime_ns
    other_text = BOOK + '[project.urls]\nhome = "https://example.org"\n'
    assert made(shelf, other_text).prepared == first.prepared
    assert first.prepared.python.lstat().st_mtime_ns == stamp
    assert made(shelf, BOOK.replace("<2", "")).prepared.digest != first.prepared.digest


def test_what_cannot_be_had(shelf):
    found = made(shelf, BOOK.replace("money<2", "nowhere"))
    assert isinstance(found, NoEnvironment)
    assert found.rule == "no_environment"
    assert "nowhere" in found.why
    found = made(shelf, BOOK.replace(MINOR, "==3.99.*"))
    assert isinstance(found, NoEnvironment)
    assert found.rule == "no_interpreter"
    assert "3.99" in found.why


def test_a_silent_index_is_no_verdict(shelf, monkeypatch):
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    away = asyncio.run(open_shelf(shelf.folder.parent))
    with pytest.raises(SandboxError, match="cannot reach its package index"):
        made(away, BOOK.replace("money<2", "money<1.5"))
