"""The home folder is found in one order, and its state never lies in a shared installation."""

from pathlib import Path

import pytest

from harness.content import find_home
from harness.core.errors import ConfigError


def made(path: Path, *parts: str) -> Path:
    for part in parts:
        (path / part).mkdir(parents=True)
    return path


def test_the_order_of_the_look_up(tmp_path):
    flag, named = made(tmp_path / "flag", "x"), made(tmp_path / "named", "x")
    cwd = made(tmp_path / "cwd", "registry")
    package = made(tmp_path / "checkout", "registry", "harness") / "harness"
    (tmp_path / "checkout" / "pyproject.toml").touch()
    environ = {"HARNESS_HOME": str(named)}

    def found(*, flag=None, environ=environ, cwd=cwd) -> tuple[str, str, Path]:
        home = find_home(flag=flag, environ=environ, cwd=cwd, package=package)
        return home.root.name, home.why, home.state

    assert found(flag=flag) == ("flag", "--home", flag / ".harness")
    assert found() == ("named", "$HARNESS_HOME", named / ".harness")
    assert found(environ={"HARNESS_HOME": ""}) == ("cwd", "current folder", cwd / ".harness")
    checkout = package.parent
    assert found(environ={}, cwd=tmp_path) == ("checkout", "checkout", checkout / ".harness")


def test_the_copy_of_the_wheel_keeps_its_state_in_the_current_folder(tmp_path):
    package = made(tmp_path / "site-packages" / "harness", "_content/registry")
    home = find_home(flag=None, environ={}, cwd=tmp_path, package=package)
    assert home.why == "installed package"
    assert home.state == tmp_path.resolve() / ".harness"
    assert home.registry == package / "_content" / "registry"
    assert (home.suites.name, home.reports.name) == ("suites", "reports")


def test_a_flag_is_relative_to_the_current_folder(tmp_path):
    made(tmp_path / "here", "inner")
    assert find_home(flag=Path("inner"), environ={}, cwd=tmp_path / "here").root == (tmp_path / "here/inner").resolve()


def test_a_named_folder_must_exist(tmp_path):
    with pytest.raises(ConfigError, match=r"--home: '.*gone' is no folder"):
        find_home(flag=tmp_path / "gone", environ={}, cwd=tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match=r"\$HARNESS_HOME: '.*file' is no folder"):
        find_home(flag=None, environ={"HARNESS_HOME": str(tmp_path / "file")}, cwd=tmp_path)


def test_nothing_found_says_what_would_work(tmp_path):
    with pytest.raises(ConfigError, match="harness init"):
        find_home(flag=None, environ={}, cwd=tmp_path, package=tmp_path / "nowhere" / "harness")
