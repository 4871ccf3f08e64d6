"""``harness`` and ``python -m harness``."""

import os
import sys

HELP: tuple[list[str], ...] = ([], ["--help"], ["-h"])


def main() -> None:
    """Run the command line and exit with its code.

    The overview is a file, kept equal to the real one by a test: printing it must not cost the import of the whole
    command line.
    """
    if sys.argv[1:] in HELP:
        with open(os.path.join(os.path.dirname(__file__), "cli", "help.txt"), encoding="utf-8") as text:  # noqa: PTH118, PTH120, PTH123 -- pathlib costs more than the rest of this file
            sys.stdout.write(text.read())
        return
    try:
        from harness.cli.main import run  # noqa: PLC0415 -- see above

        code = run(sys.argv[1:])
    except KeyboardInterrupt:  # while it was still being loaded
        sys.stderr.write("interrupted\n")
        code = 130
    sys.exit(code)


if __name__ == "__main__":
    main()
