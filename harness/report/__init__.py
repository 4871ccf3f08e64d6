"""Rows to pages. Knows rows only: never engine or evals objects. Takes rows and a folder of templates, returns text."""

from harness.report.ab import ab_results, ab_summary
from harness.report.ab_page import render_ab
from harness.report.ab_sequence import counted_rows
from harness.report.details import ab_tasks

__all__ = ["ab_results", "ab_summary", "ab_tasks", "counted_rows", "render_ab"]
