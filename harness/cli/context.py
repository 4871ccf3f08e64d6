"""What every command is given."""

from dataclasses import dataclass

from harness.cli.options import Options
from harness.cli.output import Output


@dataclass(frozen=True, slots=True)
class Context:
    """One invocation of the command line."""

    options: Options
    output: Output
    argv: tuple[str, ...]
    """As typed, for provenance."""
