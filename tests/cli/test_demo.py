"""``harness demo``: the folder it writes to, the isolation it runs at, and what a newcomer reads."""

import re
from pathlib import Path
from urllib.parse import unquote, urlparse

import pytest

from harness.cli.demo import SUITES, level_for
from harness.cli.demonstration import MARK, make_home
from harness.content import Home, load_suite
from harness.core.errors import ConfigError
from harness.core.execution import Isolation
from tests.cli.command_line import Folder, call

ROOT = Path(__file__).parents[2]
CHECKOUT = Home(root=ROOT, why="checkout", state=ROOT / ".harness")


def test_a_fresh_folder_is_a_home(tmp_path):
    home = make_home(CHECKOUT, tmp_path / "demo", SUITES)
    assert sorted(path.name for path in home.root.iterdir()) == [MARK, "registry", "reports", "suites"]
    assert sorted(path.name for path in home.suites.iterdir()) == sorted(SUITES)
    assert Folder(home.root).call("models").code == 0


def test_an_earlier_demonstration_is_replaced(tmp_path):
    home = make_home(CHECKOUT, tmp_path / "demo", ("starter",))
    (home.root / "pages").mkdir()
    make_home(CHECKOUT, tmp_path / "demo", ("starter",))
    assert not (home.root / "pages").exists()


@pytest.mark.parametrize("file", ["notes.txt", ".harness/journal/a.jsonl", "registry/models.yaml"])
def test_anything_else_is_left_as_it_is(tmp_path, file):
    (tmp_path / "mine" / file).parent.mkdir(parents=True)
    (tmp_path / "mine" / file).write_text("precious")
    said = call("demo", "--dir", tmp_path / "mine")
    assert (said.code, said.out) == (2, "")
    assert "is left as it is" in said.told
    assert (tmp_path / "mine" / file).read_text() == "precious"


def test_a_file_in_the_way_is_told(tmp_path):
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file", tmp_path / "file" / "below", Path("/proc/nowhere")):
        with pytest.raises(ConfigError, match="--dir "):
            make_home(CHECKOUT, folder, ("starter",))
    assert (tmp_path / "file").is_file()


@pytest.mark.parametrize(
    ("name", "best", "level"),
    [
        ("starter", "standard", "none"), ("starter", "none", "none"), ("ledger", "standard", "standard"), ("ledger", "strict", "standard"),
        ("ledger", "reduced", "reduced"), ("ledger", "none", "none"), ("starter-code", "none", "none"),
    ],
)  # fmt: skip
def test_no_more_and_no_less_than_the_suite_asks_for_where_that_can_be_had(name, best, level):
    assert level_for(load_suite(CHECKOUT, name), Isolation(best)) is Isolation(level)


@pytest.mark.slow
def test_the_whole_loop(tmp_path, monkeypatch):
    """From an empty folder, without a key and without a network: nothing here could reach one."""
    monkeypatch.chdir(tmp_path)
    said = call("demo")
    assert said.code == 0, said.err
    lines = said.out.splitlines()
    assert max(map(len, lines)) <= 100 + len(str(tmp_path))
    titles = [line for line in lines if re.match(r"\d\. ", line)]
    assert [title[0] for title in titles] == ["1", "2", "3", "4"]
    assert "they are no vendor's model" in " ".join(said.out.split())
    assert "not served: divergent" in said.out
    assert "infra" not in said.out
    pages = [Path(unquote(urlparse(link).path)) for link in re.findall(r"file://\S+", said.out)]
    assert len(pages) == len(SUITES)
    assert all(page.read_text().startswith("<!doctype html>") for page in pages)
    home = Folder(tmp_path / "harness-demo")
    assert {row["suite"] for row in home.json("runs")} == set(SUITES)
    assert home.call("audit").code == 0
    assert not (home.root / "registry" / "matrix.yaml").exists()
