"""Which commits take which back."""

from datetime import UTC, datetime

from harness.evals.mining.commits import Commit
from harness.evals.mining.reverts import reverts


def commit(number: int, subject: str, body: str = "") -> Commit:
    at = datetime(2024, 1, number, tzinfo=UTC)
    return Commit(head=f"{number:040x}", parents=("0" * 40,), at=at, subject=subject, body=body, changes=(), oids={})


def ruled(*commits: Commit, ids=None, inverses=None) -> dict[str, str]:
    newest_first = list(reversed(commits))
    found = reverts(newest_first, ids or {}, inverses or {})
    return {each.subject: found[each.head].rule for each in commits if each.head in found}


def test_by_the_number_of_the_pull_request():
    first = commit(1, "Add rates (#7)")
    undo = commit(2, "Merge pull request #9 from ada/revert-7-rates", 'Revert "Add rates"')
    assert ruled(first, undo) == {first.subject: "reverted", undo.subject: "revert"}


def test_by_the_title():
    first = commit(1, "Merge pull request #7 from ada/rates", "Add rates")
    undo = commit(2, 'Revert "Add rates" (#9)')
    assert ruled(first, undo) == {first.subject: "reverted", undo.subject: "revert"}


def test_of_something_older_than_the_span():
    undo = commit(2, 'Revert "Add rates"', f"This reverts commit {'a' * 40}.")
    assert ruled(undo) == {undo.subject: "revert"}


def test_what_was_brought_in_again_counts():
    first = commit(1, "Add rates")
    undo = commit(2, 'Revert "Add rates"', f"This reverts commit {first.head}.")
    again = commit(3, 'Revert "Revert "Add rates""', f"This reverts commit {undo.head}.")
    assert ruled(first, undo, again) == {undo.subject: "revert", again.subject: "revert"}


def test_by_the_inverse_patch_alone():
    first, undo = commit(1, "Add rates"), commit(2, "Tidy up")
    found = ruled(first, undo, ids={first.head: "p", undo.head: "q"}, inverses={first.head: "q", undo.head: "p"})
    assert found == {first.subject: "reverted", undo.subject: "revert"}


def test_others_are_left_alone():
    assert ruled(commit(1, "Add rates"), commit(2, "Add more rates"), ids={f"{1:040x}": "p"}) == {}
