"""What a repository says of itself, and the requirements of its tests: read as data."""

import pytest

from harness.evals.environments.declared import poetry_specifier, read_declared
from harness.evals.environments.gathering import gather


def gathered(**texts):
    files = {name.replace("__", "/").replace("_", "."): text for name, text in texts.items()}
    declared = read_declared(files)
    return {source.name: list(source.requirements) for source in gather(files, declared)}


def test_pyproject():
    text = """
[build-system]
requires = ["flit_core"]
build-backend = "flit_core.buildapi"
[project]
name = "Book"
version = "2"
requires-python = ">=3.8"
dependencies = ["attrs", "local @ file:///x", "not a requirement!"]
[project.optional-dependencies]
tests = ["hypothesis>=6", "book[money]", "coverage"]
money = ["babel"]
docs = ["sphinx"]
[project.scripts]
book = "book:main"
[dependency-groups]
test = ["freezegun", {include-group = "more"}]
more = ["time-machine", {include-group = "test"}]
"""
    declared = read_declared({"pyproject.toml": text})
    assert (declared.name, declared.version, declared.requires_python) == ("Book", "2", ">=3.8")
    assert declared.backend == "flit_core.buildapi"
    assert declared.entry_points == {"console_scripts": {"book": "book:main"}}
    assert gathered(pyproject_toml=text) == {
        "dependencies": ["attrs"],
        "extra tests": ["hypothesis>=6", "babel", "coverage"],
        "group test": ["freezegun", "time-machine"],
    }


def test_setup_py_and_cfg():
    text = "from setuptools import setup\nneeds = ['six']\nsetup(name='book', install_requires=needs, version=read(), tests_require=['mock'])\n"
    declared = read_declared({"setup.py": text, "setup.cfg": "[options]\npython_requires = >=3.6\n"})
    assert (declared.name, declared.version, declared.requires_python, declared.computed) == (
        "book",
        "",
        ">=3.6",
        False,
    )
    assert gathered(setup_py=text) == {"dependencies": ["six"], "extra tests_require": ["mock"]}
    assert read_declared({"setup.py": "setup(install_requires=read())"}).computed
    assert read_declared({"setup.py": "def broken("}).name == ""
    cfg = "[metadata]\nname = book\n[options]\ninstall_requires =\n    attrs\n[options.extras_require]\ntest =\n    mock\n    six\n"
    assert gathered(setup_cfg=cfg) == {"dependencies": ["attrs"], "extra test": ["mock", "six"]}


def test_poetry():
    text = """
[tool.poetry]
name = "book"
version = "1"
[tool.poetry.dependencies]
python = "^3.8"
attrs = {version = "^21.1", extras = ["x"]}
mine = {git = "https://example.org"}
[tool.poetry.group.dev.dependencies]
mock = "*"
"""
    assert read_declared({"pyproject.toml": text}).requires_python == ">=3.8,<4"
    assert gathered(pyproject_toml=text) == {"dependencies": ["attrs[x]<22,>=21.1"], "group dev": ["mock"]}


@pytest.mark.parametrize(
    ("said", "means"),
    [
        ("^1.2.3", ">=1.2.3,<2"),
        ("^0.2.3", ">=0.2.3,<0.3"),
        ("~1.2", ">=1.2,<1.3"),
        ("1.2", "==1.2"),
        (">=1,<3", ">=1,<3"),
        ("*", ""),
    ],
)
def test_poetry_versions(said, means):
    assert poetry_specifier(said) == means


def test_requirements_files_and_tox():
    tox = "[testenv]\ndeps =\n    -r requirements/tests.txt\n    py27: mock\n    {env:MORE}\n    pretend\n"
    assert gathered(
        tox_ini=tox,
        requirements__tests_txt="# all\n-e .\nattrs==1 \\\n  --hash=sha256:00\n-c other.txt\nhttps://example.org/x.whl\n",
        requirements__tests_in="attrs\n",
    ) == {"tox.ini [testenv]": ["attrs==1", "pretend"], "requirements/tests.in": ["attrs"]}


def test_wide_names_only_where_nothing_names_tests():
    assert gathered(requirements__dev_txt="mock\n", requirements_txt="six\n") == {
        "requirements.txt": ["six"],
        "requirements/dev.txt": ["mock"],
    }
    assert gathered(pyproject_toml="[[[") == {}
