"""`harness init`: what is copied, what is kept, and what is never copied."""

import pytest

from harness.content import Home, find_home, load_registry, load_suite, scaffold
from harness.core.errors import ConfigError


def source(folder) -> Home:
    folder.write("registry/models.yaml", "models: [{id: a/a, api: gemini}]")
    folder.write("reports/page.html", "<p>")
    for name in ("starter", "other"):
        folder.write(f"suites/{name}/suite.yaml", "kind: answer\n")
        folder.write(f"suites/{name}/cases.jsonl", '{"id": "a", "prompt": "p"}\n')
    folder.write("suites/starter/.git/HEAD", "x")
    folder.write("suites/starter/__pycache__/x.pyc", "x")
    folder.write(".harness/journal/x", "x")
    (folder.root / "registry" / "link").symlink_to("/etc/passwd")
    home: Home = folder.home
    return home


def test_the_content_is_copied_and_usable(folder, tmp_path_factory):
    target = tmp_path_factory.mktemp("user") / "new" / "home"
    made = scaffold(target, "starter", source=source(folder))
    assert sorted(map(str, made.written)) == [
        "registry/models.yaml",
        "reports/page.html",
        "suites/starter/cases.jsonl",
        "suites/starter/suite.yaml",
    ]
    assert made.kept == ()
    home = find_home(flag=None, environ={}, cwd=target)
    assert home.why == "current folder"
    assert load_registry(home).cards
    assert load_suite(home, "starter").tasks


def test_nothing_is_overwritten(folder, tmp_path_factory):
    target = tmp_path_factory.mktemp("user")
    (target / "registry").mkdir()
    (target / "registry" / "models.yaml").write_text("mine")
    (target / "reports").mkdir()
    (target / "reports" / "page.html").symlink_to("dangling")
    made = scaffold(target, "other", source=source(folder))
    assert sorted(map(str, made.kept)) == ["registry/models.yaml", "reports/page.html"]
    assert (target / "registry" / "models.yaml").read_text() == "mine"
    assert not (target / "reports" / "dangling").exists()


def test_an_unknown_example_and_a_target_that_is_no_folder(folder, tmp_path_factory):
    home: Home = source(folder)
    with pytest.raises(ConfigError, match="no example 'startr'; did you mean 'starter'"):
        scaffold(folder.root, "startr", source=home)
    target = tmp_path_factory.mktemp("user") / "file"
    target.write_text("x")
    with pytest.raises(ConfigError, match="cannot be written"):
        scaffold(target, "starter", source=home)
