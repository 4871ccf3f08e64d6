"""A small package, planted on disk, and claims about it. Its tests need nothing that an index would have to bring."""

from pathlib import Path

from harness.evals.proving import Claim

BOOK = {
    "pyproject.toml": '[project]\nname = "book"\nversion = "1.2"\n[tool.pytest.ini_options]\nmarkers = ["money: sums"]\n',
    "src/book/__init__.py": "def cents(text):\n    return int(float(text) * 100)\n\n\ndef total(items):\n    return sum(items)\n",
    "tests/test_total.py": "import socket\nfrom book import total\n\n\ndef test_total():\n    assert total([1, 2]) == 3\n\n\n"
    "def test_network():\n    socket.create_connection(('192.0.2.1', 80), 1)\n\n\ndef test_old_name():\n    assert total([]) == 0\n",
}
RIGHT = {
    "src/book/__init__.py": BOOK["src/book/__init__.py"].replace("int(float(text) * 100)", "round(float(text) * 100)")
}
PARAMETRISED = """
import pytest
from book import cents

@pytest.mark.money
@pytest.mark.parametrize("text, expected", [("1.15", 115), ("2", 200)], ids=["with a space/and [brackets]", "plain::one"])
def test_cents(text, expected):
    assert cents(text) == expected
"""
RENAMED = BOOK["tests/test_total.py"].replace("test_old_name", "test_new_name")


def plant(folder: Path, files: dict[str, str]) -> Path:
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return folder


def claim(base: Path, hidden: dict[str, str], reference: dict[str, str] | None = None, **changes) -> Claim:
    tests = {path: None if text is None else text.encode() for path, text in hidden.items()}
    return Claim(id="planted", base=base, hidden=tests, reference=RIGHT if reference is None else reference, **changes)
