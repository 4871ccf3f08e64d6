"""Every rule of history, each by the commit that was planted for it."""

import asyncio
from dataclasses import replace

import pytest

from harness.evals.mining import HISTORY_RULES, SizeLimits, pick
from harness.evals.mining.commits import patch_ids
from tests.evals.mining.planted import TASKS, UNPROVEN


def skipped(picked, planted) -> dict[str, tuple[str, str]]:
    return {planted.name_of(each.head): (each.rule, each.evidence) for each in picked.skipped}


def test_what_is_left_are_the_candidates(picked, planted):
    assert {planted.name_of(each.commit.head) for each in picked.candidates} == {*TASKS, *UNPROVEN}


def test_every_commit_of_the_line_is_accounted_for_once(picked, commits):
    heads = [each.commit.head for each in picked.candidates] + [each.head for each in picked.skipped]
    assert sorted(heads) == sorted(commit.head for commit in commits)


@pytest.mark.parametrize(
    ("name", "rule", "evidence"),
    [
        ("start", "no_parent", "has no parent here"),
        ("documents", "documents_only", "README.md"),
        ("source_only", "source_only", "src/tally/kinds.py"),
        ("tests_only", "tests_only", "tests/test_nothing.py"),
        ("revert", "revert", "'Shorten names by vowels'"),
        ("later_reverted", "reverted", "Revert"),
        ("plain_revert", "revert", "'Read tags'"),
        ("plain_reverted", "reverted", "'Tags were a mistake'"),
        ("rework", "source_only", "src/tally/percent.py"),
        ("second_copy", "duplicate_patch", "patch-id"),
        ("back_merge", "back_merge", "the branch '1.x'"),
        ("too_large", "too_large", "702 lines"),
        ("binary", "not_text", "src/tally/picture.bin"),
    ],
)
def test_rule(picked, planted, name, rule, evidence):
    found = skipped(picked, planted)[name]
    assert found[0] == rule
    assert rule in HISTORY_RULES
    assert evidence in found[1]


def test_a_merge_is_compared_with_its_first_parent(picked, planted):
    merge = next(each for each in picked.candidates if each.commit.head == planted.commits["pull_request"])
    assert merge.commit.merge
    assert [each.path for each in merge.source] == ["src/tally/spans.py"]
    assert merge.modules == ("tests/test_spans.py",)


def test_the_fix_and_its_copy_have_one_patch_id(mirror, commits, planted):
    ids = asyncio.run(patch_ids(mirror, commits))
    assert ids[planted.commits["first_copy"]] == ids[planted.commits["second_copy"]]


def test_the_inverse_of_a_revert_is_what_it_takes_back(mirror, commits, planted):
    ids, inverses = asyncio.run(patch_ids(mirror, commits)), asyncio.run(patch_ids(mirror, commits, reverse=True))
    assert ids[planted.commits["plain_revert"]] == inverses[planted.commits["plain_reverted"]]


def test_limits_are_the_callers(mirror, commits, planted):
    found = asyncio.run(pick(mirror, commits, SizeLimits(source_lines=2, source_files=15)))
    assert skipped(found, planted)["order"][0] == "too_large"
    found = asyncio.run(pick(mirror, commits, SizeLimits(source_lines=1000)))
    assert planted.commits["too_large"] in {each.commit.head for each in found.candidates}


def test_configuration_of_pytest_is_on_the_side_of_the_tests(picked, planted):
    found = next(each for each in picked.candidates if each.commit.head == planted.commits["config_only"])
    assert {each.path for each in found.tests} == {"pyproject.toml", "tests/test_old.py"}


def test_a_path_that_holds_the_word_test_is_source(picked, planted):
    found = next(each for each in picked.candidates if each.commit.head == planted.commits["attestation"])
    assert [each.path for each in found.source] == ["src/tally/attestation.py"]


def test_a_release_on_the_other_side_makes_it_a_back_merge(mirror, commits, planted):
    merge = next(each for each in commits if each.head == planted.commits["back_merge"])
    unnamed = replace(merge, subject="Bring in what Eve did")
    found = asyncio.run(pick(mirror, [unnamed], SizeLimits()))
    assert found.skipped[0].evidence == "what it merges was released as 'v1.0.1'"


def test_a_path_that_no_task_can_hold(mirror, commits, planted):
    odd = next(each for each in commits if each.head == planted.commits["order"])
    change = replace(odd.changes[0], path="src/a\\b.py")
    found = asyncio.run(pick(mirror, [replace(odd, changes=(change,))], SizeLimits()))
    assert found.skipped[0].rule == "unreadable_path"
