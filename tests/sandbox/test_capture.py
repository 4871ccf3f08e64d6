"""Head and tail of endless streams."""

from hypothesis import given
from hypothesis import strategies as st

from harness.sandbox.capture import HeadTail


@given(st.lists(st.binary(max_size=40)), st.integers(2, 60))
def test_keeps_everything_that_fits_and_otherwise_both_ends(chunks, limit):
    kept = HeadTail(limit=limit)
    for chunk in chunks:
        kept.take(chunk)
    whole = b"".join(chunks)
    text = kept.text()
    assert kept.seen == len(whole)
    if len(whole) <= limit:
        assert text == whole
    else:
        assert text.startswith(whole[: limit // 2])
        assert text.endswith(whole[len(whole) - limit // 2 :])
        assert b"%d bytes dropped" % (len(whole) - limit) in text


def test_an_endless_stream_does_not_grow():
    kept = HeadTail(limit=100)
    for _ in range(10_000):
        kept.take(b"0123456789")
    assert len(kept._head) + len(kept._tail) <= 250
    assert len(kept.text()) < 150
