"""Names of journals: plain file names only."""

from pathlib import Path

import pytest

from harness.core.errors import ConfigError
from harness.journal import journal_path


@pytest.mark.parametrize("name", ["0f3a", "serve-2026-11-20.1", "ask-x_1"])
def test_a_plain_name_is_a_file_in_the_folder(name):
    assert journal_path(Path("/j"), name) == Path(f"/j/{name}.jsonl")


@pytest.mark.parametrize(
    "name", ["", "a/b", "..", "../x", ".hidden", "a\\b", "a b", "a\0", "ä", "x" * 201, "-x", "a\n"]
)
def test_anything_else_is_refused_with_its_value(name):
    with pytest.raises(ConfigError) as told:
        journal_path(Path("/j"), name)
    assert repr(name) in str(told.value)
