"""``harness --help`` is printed from a file, so that it starts at once; the file is what the real command says."""

import subprocess
import sys
from pathlib import Path

from typer.testing import CliRunner

from harness.cli.main import application

TEXT = Path(__file__).parents[2] / "harness" / "cli" / "help.txt"


def real() -> str:
    shown = CliRunner().invoke(application(), ["--help"], prog_name="harness", env={"COLUMNS": "100", "TERM": "dumb"})
    assert shown.exit_code == 0, shown.output
    return shown.output


def test_help_file_is_what_the_command_says():
    assert TEXT.read_text() == real(), "write it anew with: python -m tests.house.test_help"


def test_help_is_printed_without_the_command_line():
    script = "import sys; sys.argv = ['harness', '--help']; from harness.__main__ import main; main(); assert 'typer' not in sys.modules"
    shown = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert shown.stdout == TEXT.read_text()


if __name__ == "__main__":
    TEXT.write_text(real())
