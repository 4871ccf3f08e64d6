"""The spelling of lines: a stranger can check a journal with the ten lines of the documentation."""

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from harness.core.errors import JournalError
from harness.journal import GENESIS, line, read, verify

BODY = b'{"a":1}'


def spelled(seq: int = 1, prev: str = GENESIS) -> tuple[bytes, str]:
    return line.spell(seq=seq, at="2026-11-20T09:00:00.000000Z", kind="call", prev=prev, body=BODY)


def strangers_verdict(path: Path) -> tuple[int, str]:
    """What the verifier printed in the documentation says."""
    _, _, source = (line.__doc__ or "").partition("nothing of ours::")
    assert source.count("\n") <= 12
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(source), str(path)], capture_output=True, text=True, check=False
    )
    return done.returncode, done.stderr


def test_the_bytes_of_a_line_are_as_documented():
    raw, digest = spelled()
    assert raw == (
        b'{"seq":1,"at":"2026-11-20T09:00:00.000000Z","kind":"call","prev":"'
        + b"0" * 64
        + b'","body":{"a":1},"hash":"'
        + digest.encode()
        + b'"}\n'
    )


def test_a_stranger_agrees_that_a_journal_chains(written, call):
    path = written(call(1), call(2, text='"hash":"not this one"'), call(3, text="ä\n\u2028"))
    assert strangers_verdict(path) == (0, "")
    assert verify(path).lines == 3


@pytest.mark.parametrize("damage", ["edit", "drop", "swap"])
def test_a_stranger_agrees_that_a_journal_is_broken(written, call, damage):
    path = written(call(1), call(2), call(3))
    lines = path.read_bytes().splitlines(keepends=True)
    if damage == "edit":
        lines[1] = lines[1].replace(b'"text":"42"', b'"text":"43"')
    elif damage == "drop":
        del lines[1]
    else:
        lines[0], lines[1] = lines[1], lines[0]
    path.write_bytes(b"".join(lines))
    code, told = strangers_verdict(path)
    assert code == 1
    assert "AssertionError: line " in told
    assert not verify(path).intact


def test_check_returns_where_the_body_lies():
    raw, digest = spelled()
    header = line.check(raw[:-1], seq=1, prev=GENESIS, position="x:1")
    assert raw[header.body_start : header.body_end] == BODY
    assert (header.seq, header.kind, header.hash) == (1, "call", digest)


@pytest.mark.parametrize(
    ("damaged", "told"),
    [
        (b"", "not a line of a journal"),
        (b"{}", "not a line of a journal"),
        (spelled()[0][:-2], "not a line of a journal"),
        (spelled()[0].replace(b"{", b"{ ", 1)[:-1], "not a line of a journal"),
        (spelled(seq=2)[0][:-1], "expected seq 1, found 2"),
        (spelled(prev="f" * 64)[0][:-1], "expected prev 000000000000…, found ffffffffffff…"),
        (spelled()[0].replace(b'"a":1', b'"a":2')[:-1], "was changed: expected hash "),
        (spelled()[0].replace(b"09:00", b"09:01")[:-1], "was changed: expected hash "),
    ],
)
def test_whatever_does_not_chain_is_told_with_its_place(damaged, told):
    with pytest.raises(JournalError) as error:
        line.check(damaged, seq=1, prev=GENESIS, position="run.jsonl:1")
    assert str(error.value).startswith("run.jsonl:1: ")
    assert told in str(error.value)


def test_a_line_gives_its_event_its_body_and_its_place(written, call):
    (only,) = read(written(call(1)))
    assert only.event == call(1)
    assert only.body["reply"]["cost_usd"] == "0.0000125"
    assert (only.position, only.seq, only.kind) == ("r1.jsonl:1", 1, "call")
    assert only.at.isoformat() == "2026-11-20T09:00:00.001000+00:00"
    assert "42" not in repr(only)


def test_an_event_that_cannot_be_read_names_its_line(tmp_path):
    raw, _ = line.spell(seq=1, at="2026-11-20T09:00:00.000000Z", kind="later.kind", prev=GENESIS, body=BODY)
    path = tmp_path / "x.jsonl"
    path.write_bytes(raw)
    (only,) = read(path)
    with pytest.raises(JournalError, match=r"x\.jsonl:1: event kind 'later\.kind' is not known"):
        _ = only.event
