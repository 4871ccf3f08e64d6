"""The matrix is read, replaced in one step, and keeps what people wrote into it."""

from dataclasses import replace
from decimal import Decimal

import pytest

from harness.content import load_matrix, matrix_versions, write_matrix
from harness.core.errors import ConfigError, FaultsError
from harness.core.ids import CandidateId, RunId, TaskClass
from harness.routing import EMPTY, Cell, propose

BUGFIX = TaskClass("python.bugfix")

WRITTEN = """\
# Reviewed by the platform group.
version: 1
created: 2026-11-20T02:00:00Z
objective: cost   # money first
minimum_tasks: 20
margin: 0.03
choices:
  # until the vendor changes its price
  python.bugfix: {candidate: a/a, why: cheapest}
cells:
  # measured by hand
  - {task_class: python.bugfix, candidate: a/a, n_tasks: 80, quality: 0.8, quality_lo: 0.7, quality_hi: 0.9, cost_per_success_usd: 0.10}
"""


def cell(name, quality=0.8, cost="0.0412") -> Cell:
    return Cell(
        task_class=BUGFIX,
        candidate=CandidateId(name),
        n_tasks=80,
        quality=quality,
        quality_lo=quality - 0.1,
        quality_hi=quality + 0.1,
        cost_per_success_usd=None if cost is None else Decimal(cost),
        p95_latency_s=21.5,
        evidence="paired runs: of suite 'ledger' v1",
        measured_at="2026-11-20",
        runs=(RunId("4f1d0c2a9b7e"), RunId("000000000012")),
    )


def faults(folder, text) -> dict[str, str]:
    folder.write("registry/matrix.yaml", text)
    with pytest.raises(FaultsError) as caught:
        load_matrix(folder.home)
    return {fault.place: fault.problem for fault in caught.value.faults}


def test_no_file_and_the_least_file_are_empty(folder):
    assert load_matrix(folder.home) == EMPTY
    folder.write("registry/matrix.yaml", "version: 0\n")
    assert load_matrix(folder.home) == EMPTY


@pytest.mark.parametrize("cost", [None, "0.0412", "5", "0.100000000000000000055", "0", "1E-7"])
def test_what_is_written_reads_back_the_same(folder, cost):
    matrix = propose(
        [cell("a/a", cost=cost), cell("consensus/payments", 0.5, cost), cell("b/b", 0.4)],
        created="2026-11-20T02:00:00Z",
    )
    path = write_matrix(folder.home, matrix, ["promoted by t"])
    assert load_matrix(folder.home) == matrix
    assert path.read_text().startswith("#: promoted by t\n")


def test_comments_of_people_survive_and_the_header_of_the_promotion_is_replaced(folder):
    folder.write("registry/matrix.yaml", WRITTEN)
    before = load_matrix(folder.home)
    first = propose([cell("a/a"), cell("b/b", cost="0.01")], version=2, created="2026-11-21T02:00:00Z")
    write_matrix(folder.home, first, ["earlier", "promotion"])
    second = replace(first, version=3)
    text = write_matrix(folder.home, second, ["second promotion"]).read_text()
    for comment in (
        "# Reviewed by the platform group.",
        "# money first",
        "# until the vendor changes its price",
        "# measured by hand",
    ):
        assert comment in text
    assert text.startswith("#: second promotion\n")
    assert "earlier" not in text
    assert load_matrix(folder.home) == second
    assert matrix_versions(folder.home) == (1, 2)
    assert load_matrix(folder.home, 1) == before
    assert load_matrix(folder.home, 2) == first
    assert load_matrix(folder.home, 3) == second


def test_cells_and_choices_that_are_gone_are_gone(folder):
    write_matrix(folder.home, propose([cell("a/a"), cell("b/b")]), [])
    write_matrix(folder.home, propose([cell("b/b")], version=2), [])
    assert [each.candidate for each in load_matrix(folder.home).cells] == ["b/b"]
    write_matrix(folder.home, propose([], version=3), [])
    assert load_matrix(folder.home).choices == {}


def test_a_version_that_is_not_kept(folder):
    with pytest.raises(ConfigError, match="no version 4 of the matrix is kept; there are: none"):
        load_matrix(folder.home, 4)
    folder.write("registry/matrix.yaml", "version: 2\n")
    write_matrix(folder.home, replace(EMPTY, version=3), [])
    with pytest.raises(ConfigError, match="there are: 2"):
        load_matrix(folder.home, 4)


def test_a_file_that_is_only_comments_is_no_matrix_and_is_not_overwritten(folder):
    folder.write("registry/matrix.yaml", "# nothing yet\n")
    with pytest.raises(FaultsError, match="is empty"):
        write_matrix(folder.home, replace(EMPTY, version=1), [])


def test_a_folder_that_cannot_be_written(folder):
    (folder.root / "registry").rmdir()
    (folder.root / "registry").write_text("a file, where a folder should be")
    with pytest.raises(ConfigError, match="cannot be written"):
        write_matrix(folder.home, replace(EMPTY, version=1), [])


def test_all_faults_come_together(folder):
    row = "task_class: x, n_tasks: 30, quality: 0.5, quality_lo: 0.4, quality_hi: 0.6"
    found = faults(
        folder,
        f"""version: 1
objektive: cost
cells:
  - {{{row}, candidate: a/a, quality_hi: 0.6, state: fine}}
""".replace(", quality_hi: 0.6, state", ", state"),
    )
    assert "did you mean 'objective'?" in found["objektive"]
    assert "there are: measured, insufficient" in found["cells[0].state"]
    found = faults(
        folder,
        f"""version: 1
choices: {{x: {{candidate: a/b}}, y: {{candidate: c/c}}}}
cells:
  - {{{row}, candidate: a/a}}
  - {{{row}, candidate: a/a}}
""",
    )
    assert "a second cell of 'a/a' on 'x'" in found["cells[1]"]
    assert found["choices.x.candidate"] == "no measured cell of 'a/b'; did you mean 'a/a'?"
    assert "choices.y.candidate" in found
    found = faults(
        folder,
        "version: 1\ncells: [{task_class: x, candidate: a/a, n_tasks: 1, quality: 0.9, quality_lo: 0.4, quality_hi: 0.6}]",
    )
    assert "outside its interval" in found["cells[0]"]
