"""Effects beside the verdict's own tests: which method fits which facts."""

from harness.stats import PairedFacts, paired_effect


def test_nothing_shared_says_nothing():
    found = paired_effect(PairedFacts())
    assert (found.n, found.diff, found.lo, found.hi, found.p, found.method) == (
        0,
        None,
        -1.0,
        1.0,
        1.0,
        "no shared task",
    )


def test_few_differing_tasks_keep_a_width():
    found = paired_effect(PairedFacts(differences=(0.0,) * 20))
    assert found.lo < 0 < found.hi
    assert found.p == 1.0
