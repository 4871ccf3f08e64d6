"""A home folder that each test fills with the files it is about."""

from pathlib import Path

import pytest

from harness.content import Home


class Folder:
    """A home whose files are written as text."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.home = Home(root=root, why="test", state=root / ".harness")

    def write(self, name: str, text: str | bytes) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    (tmp_path / "registry").mkdir()
    (tmp_path / "suites").mkdir()
    return Folder(tmp_path)
