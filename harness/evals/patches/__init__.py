"""Edits in a model's answer: read in any of three formats, applied to files, shown as a diff. Pure."""

from harness.evals.patches.applying import apply
from harness.evals.patches.edits import Applied, Edits, FormatFailure
from harness.evals.patches.reading import parse
from harness.evals.patches.unified import apply_unified, unified_diff

__all__ = ["Applied", "Edits", "FormatFailure", "apply", "apply_unified", "parse", "unified_diff"]
