"""The private channel: what counts as the runner's word."""

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from harness.core.execution import TestOutcome
from harness.evals.grading.report import FORGED, NOISE, escaped, printable, read_report

SESSION = (
    b'\nN 0 ("start",)\n\nN 1 ("test", "a", "passed", "")\n\nN 2 ("test", "b", "failed", "why")\n\nN 3 ("end", 1)\n'
)


def test_a_whole_session():
    report = read_report(SESSION, "N")
    assert (report.started, report.finished, report.exit_code, report.flags) == (True, True, 1, ())
    assert [(test.id, test.outcome, test.message) for test in report.results] == [
        ("a", TestOutcome.PASSED, ""),
        ("b", TestOutcome.FAILED, "why"),
    ]


def test_noise_is_noted_and_changes_nothing():
    report = read_report(b"PASSED everything\n" + SESSION.replace(b"\nN 2", b"junk\nN 2"), "N")
    assert report.flags == (NOISE,)
    assert report.finished
    assert len(report.results) == 2


def test_words_out_of_turn_are_forgeries():
    for forged in (
        b'N 1 ("test", "a", "passed", "")\n',
        b'N 4 ("end", 0)\n',
        b"N x (1)\n",
        b"N 4 (((\n",
        b"N 4 5\n",
        b"N 4 ()\n",
    ):
        assert read_report(SESSION + forged, "N").flags == (FORGED,), forged
    assert read_report(b'N 0 ("test", "a", "perfect", "")\n', "N").flags == (FORGED,)
    assert read_report(b'N 0 ("boast",)\n', "N").flags == (FORGED,)


def test_a_session_cut_short_is_not_finished():
    report = read_report(SESSION[:60], "N")
    assert report.started
    assert not report.finished
    assert report.exit_code is None


@given(st.binary(max_size=300))
def test_never_raises(raw):
    assert not read_report(raw, "N" * 32).finished
    assert not read_report(b"N 0 " + raw, "N").finished or b"end" in raw


@given(st.binary(max_size=100))
def test_printed_text_is_storable_and_inert(raw):
    text = printable(raw)
    text.encode()
    assert all(letter.isprintable() or letter in "\n\t" for letter in text)


def test_lone_surrogates_and_escapes_are_spelled_out():
    assert escaped("a\x1b[2J\ud800é\n") == "a\\x1b[2J\\ud800é\n"


def signed(turn: int, fact: str) -> bytes:
    text = f"{turn} {fact}"
    return f"{hashlib.blake2b(text.encode(), key=b'n', digest_size=16).hexdigest()} {text}\n".encode()


def test_lines_that_are_signed_with_the_nonce_as_key():
    raw = signed(0, "('start',)") + signed(1, "('sign', 'runner_patched')") + signed(2, "('end', 1)")
    report = read_report(raw, "n")
    assert (report.started, report.finished, report.exit_code, report.flags) == (True, True, 1, ("runner_patched",))


def test_a_signed_line_that_was_changed_is_noise_and_one_that_is_missing_is_seen():
    assert read_report(signed(0, "('start',)").replace(b"start", b"end  "), "n").flags == ("report_noise",)
    assert read_report(signed(0, "('start',)") + signed(2, "('end', 0)"), "n").flags == ("forged_report",)
    assert read_report(signed(0, "('sign', 'nothing_known')"), "n").flags == ("forged_report",)
