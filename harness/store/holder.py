"""Who has the database open, when it is not us: read out of DuckDB's refusal and, where there is one, ``/proc``."""

import re
from pathlib import Path

import duckdb

_REFUSAL = "Could not set lock on file"
"""Not just "lock": faults of a file speak of blocks."""
_WHO = re.compile(r"held in (?P<program>.+?) \(PID (?P<pid>\d+)\)")
_COMMAND_CHARS_MAX = 100


def is_held(error: duckdb.Error) -> bool:
    """Whether *error* says that another process has the file open."""
    return _REFUSAL in str(error)


def holder(error: duckdb.Error) -> str:
    """The process that has the file open, as far as *error* and the system say: its pid and its command."""
    found = _WHO.search(str(error))
    if found is None:
        return "another process"
    command = _command(int(found["pid"])) or found["program"]
    return f"process {found['pid']} ({command})"


def _command(pid: int) -> str:
    """The command line of *pid*, shortened; empty when the system does not say, or it has ended by now."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return ""
    line = " ".join(" ".join(words).split())
    return line if len(line) <= _COMMAND_CHARS_MAX else line[: _COMMAND_CHARS_MAX - 1] + "…"
