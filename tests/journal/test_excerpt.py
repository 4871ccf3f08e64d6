"""Lines taken out of a journal, as they stand in it."""

import pytest

from harness.core.errors import JournalError
from harness.journal.excerpt import excerpt, quote


def test_lines_are_copied_as_they_stand(written, call):
    path = written(call(1), call(2), call(3))
    part = excerpt(path, [1, 3])
    assert [line.position for line in part.quotes] == ["r1.jsonl:1", "r1.jsonl:3"]
    assert [line.raw for line in part.quotes] == path.read_bytes().splitlines()[::2]
    assert (part.lines, part.head_hash, part.whole) == (3, part.quotes[-1].hash, False)
    assert part.quotes[0].event == call(1)
    assert part.quotes[0].captured
    assert excerpt(path, [1, 2, 3]).whole


def test_a_journal_of_hashes_is_known_as_one(written, call):
    (line,) = excerpt(written(call(1), capture="hashes"), [1]).quotes
    assert not line.captured


def test_what_is_not_there_or_does_not_chain_is_told(written, call, tmp_path):
    path = written(call(1), call(2))
    with pytest.raises(JournalError, match=r"r1\.jsonl:3: there is no such line: the journal has 2"):
        excerpt(path, [1, 3, 4])
    with pytest.raises(JournalError, match="cannot be read"):
        excerpt(tmp_path / "none.jsonl", [1])
    path.write_bytes(path.read_bytes()[:-1])  # the last line is unfinished now
    assert excerpt(path, [1]).lines == 1
    path.write_bytes(path.read_bytes().replace(b'"42"', b'"43"', 1) + b"\n")
    with pytest.raises(JournalError, match=r"r1\.jsonl:1: was changed"):
        excerpt(path, [2])


def test_a_kind_of_another_version_is_told(written, call):
    import hashlib

    (line,) = excerpt(written(call(1)), [1]).quotes
    head = line.raw[: line.raw.rindex(b',"hash":')].replace(b'"call"', b'"unheard.of"', 1)
    forged = head + b',"hash":"' + hashlib.sha256(head + b"}").hexdigest().encode() + b'"}'
    with pytest.raises(JournalError, match=r"r1\.jsonl:1: event kind 'unheard.of'"):
        _ = quote(forged, journal="r1.jsonl", seq=1, prev=line.prev).event
