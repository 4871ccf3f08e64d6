"""The rules by which a commit is no candidate, in one table: name, and what it means. Nothing is run for them."""

from typing import Final, Literal, get_args

HistoryRule = Literal[
    "no_parent",
    "no_python",
    "documents_only",
    "source_only",
    "tests_only",
    "back_merge",
    "duplicate_patch",
    "revert",
    "reverted",
    "too_large",
    "not_text",
    "unreadable_path",
    "same_tests",
]

HISTORY_RULES: Final[dict[HistoryRule, str]] = {
    "no_parent": "the first commit, or the edge of a shallow clone: there is nothing to compare with",
    "no_python": "changes nothing that Python imports",
    "documents_only": "changes only documents, CI or change logs",
    "source_only": "changes source and no test",
    "tests_only": "changes tests and no source",
    "back_merge": "merges a main or release line: its changes were made elsewhere",
    "duplicate_patch": "the same source change as an earlier commit: a cherry-pick",
    "revert": "takes an earlier commit back",
    "reverted": "a later commit takes it back",
    "too_large": "more source files or lines than the limits allow",
    "not_text": "its source side holds a binary file, a link or a submodule",
    "unreadable_path": "a path that no task can hold",
    "same_tests": "its deciding tests are those of a task that is there already",
}
assert set(HISTORY_RULES) == set(get_args(HistoryRule))
