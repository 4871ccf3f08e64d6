"""A repository's pytest configuration, read as data."""

import pytest

from harness.evals.grading.pytest_config import PytestConfig, read_config


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("pytest.ini", "[pytest]\nmarkers =\n    a: first\n    b: second\naddopts = -p evil\npythonpath = src lib\n"),
        ("tox.ini", "[tox]\nx = 1\n[pytest]\nmarkers =\n    a: first\n    b: second\npythonpath = src lib\n"),
        ("setup.cfg", "[tool:pytest]\nmarkers =\n    a: first\n    b: second\npythonpath = src lib\n"),
        (
            "pyproject.toml",
            "[tool.pytest.ini_options]\nmarkers = ['a: first', 'b: second']\naddopts = '-x'\npythonpath = ['src', 'lib']\n",
        ),
        ("pyproject.toml", "[tool.pytest]\nmarkers = ['a: first', 'b: second']\npythonpath = ['src', 'lib']\n"),
    ],
)
def test_every_place_it_may_stand(path, text):
    config = read_config({path: text})
    assert config.options.keys() == {"markers"}
    assert config.ini() == "[pytest]\nmarkers =\n    a: first\n    b: second\n"
    assert config.pythonpath == ("src", "lib")


def test_the_first_that_configures_it_counts():
    texts = {
        "pyproject.toml": "[project]\nname='x'\n",
        "tox.ini": "[pytest]\nxfail_strict = true\n",
        "setup.cfg": "[tool:pytest]\nx = 1\n",
    }
    assert read_config(texts).options == {"xfail_strict": "true"}
    assert read_config({"pyproject.toml": "[tool.pytest.ini_options]\nxfail_strict = true\n"}).options == {
        "xfail_strict": "true"
    }


@pytest.mark.parametrize(
    "texts",
    [
        {},
        {"pytest.ini": "nonsense"},
        {"pyproject.toml": "[[["},
        {"pyproject.toml": "tool = 1"},
        {"pyproject.toml": "[tool]\npytest = 1"},
    ],
)
def test_what_does_not_parse_configures_nothing(texts):
    assert read_config(texts) == PytestConfig(options={})
    assert read_config(texts).ini() == "[pytest]\n"
