"""Reading: streaming, up to the first line that does not chain."""

import itertools

import pytest

from harness.core.errors import JournalError
from harness.core.response import Response
from harness.journal import GENESIS, read, recorded, verify


def test_lines_come_in_order_with_their_events(written, call):
    events = [call(number) for number in range(5)]
    lines = list(read(written(*events)))
    assert [line.event for line in lines] == events
    assert [line.seq for line in lines] == [1, 2, 3, 4, 5]


def test_verification_tells_length_head_and_torn_tail(written, call):
    path = written(call(1), call(2))
    whole = verify(path)
    assert whole.intact
    assert (whole.lines, whole.bytes, whole.torn_bytes) == (2, path.stat().st_size, 0)
    assert whole.head_hash == list(read(path))[-1].hash
    with path.open("ab") as file:
        file.write(b'{"seq":3,"at"')
    torn = verify(path)
    assert torn.intact
    assert (torn.lines, torn.bytes, torn.torn_bytes) == (2, whole.bytes, 13)
    assert len(list(read(path))) == 2


def test_an_empty_file_is_an_empty_journal(tmp_path):
    path = tmp_path / "x.jsonl"
    path.touch()
    assert list(read(path)) == []
    assert verify(path).head_hash == GENESIS


@pytest.mark.parametrize("place", [1, 2, 3])
def test_a_changed_line_is_named_and_what_came_before_is_read(written, call, place):
    path = written(call(1), call(2), call(3))
    lines = path.read_bytes().splitlines(keepends=True)
    lines[place - 1] = lines[place - 1].replace(b'"42"', b'"41"')
    path.write_bytes(b"".join(lines))
    stream = read(path)
    assert len(list(itertools.islice(stream, place - 1))) == place - 1
    with pytest.raises(
        JournalError, match=rf"r1\.jsonl:{place}: was changed: expected hash \w{{12}}…, found \w{{12}}…"
    ):
        next(stream)
    found = verify(path)
    assert not found.intact
    assert found.lines == place - 1


def test_a_changed_byte_anywhere_is_noticed(written, call):
    path = written(call(1))
    whole = path.read_bytes()
    for place in range(0, len(whole) - 1, 5):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert not verify(path).intact, place


def test_a_missing_file_is_told(tmp_path):
    for reading in (lambda path: list(read(path)), verify):
        with pytest.raises(JournalError, match=r"none\.jsonl: cannot be read: No such file"):
            reading(tmp_path / "none.jsonl")


def test_what_was_recorded_is_found_by_call_key(written, call):
    held = recorded(written(call(1), call(2, text="first"), call(2, text="second")))
    replies = held.replies()
    assert sorted(replies) == ["k1", "k2"]
    assert isinstance(replies["k2"], Response)
    assert replies["k2"].text == "second"
    assert list(held.events()) == [call(1), call(2, text="first"), call(2, text="second")]


def test_nothing_was_recorded_where_there_is_no_file(tmp_path):
    held = recorded(tmp_path / "none.jsonl")
    assert held.replies() == {}
    assert held.events() == []


def test_later_lines_are_not_part_of_a_recording(written, call):
    held = recorded(written(call(1)))
    written(call(2))
    assert held.events() == [call(1)]


def test_a_broken_journal_is_not_resumed(written, call):
    path = written(call(1), call(2))
    path.write_bytes(path.read_bytes().replace(b'"42"', b'"41"', 1))
    with pytest.raises(JournalError, match=r"r1\.jsonl:1: was changed"):
        recorded(path)
