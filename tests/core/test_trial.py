"""Grades: only one of them says nothing about the candidate."""

from harness.core.trial import Grade


def test_only_an_infrastructure_error_is_no_measurement():
    assert [grade for grade in Grade if not grade.measured] == [Grade.INFRA_ERROR]
