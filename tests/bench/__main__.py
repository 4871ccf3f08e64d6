"""``python -m tests.bench [--quick] [--only NAME] [--json] [--write]``: how fast we are, as ratios taken in one run.

Absolute times say more about a machine than about a program. Each figure here compares two things that were measured in
turn, on the same core, within the same minute. Read the load that is printed with it: a ratio survives a busy machine
better than a time does, and a quiet machine is still the better witness.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.bench.measure import CLIENT_CORE, Figure, pin
from tests.bench.ratios import BENCHES, Bench
from tests.bench.table import as_json, markdown, terminal

PAGE = Path(__file__).with_name("README.md")


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="How fast harness is, as ratios.")
    parser.add_argument("--quick", action="store_true", help="a fifth of the work, two rounds: to see that it works")
    parser.add_argument("--only", choices=BENCHES, action="append", help="this benchmark; may be repeated")
    parser.add_argument("--json", action="store_true", help="machine-readable result on stdout")
    parser.add_argument("--write", action="store_true", help=f"write the table to {PAGE.name} beside this file")
    options = parser.parse_args(argv)
    pin(CLIENT_CORE)
    figures: list[Figure] = []
    failed = False
    with tempfile.TemporaryDirectory(prefix="harness-bench-") as folder:
        bench = Bench(folder=Path(folder), quick=options.quick)
        for name in options.only or BENCHES:
            try:
                figures += BENCHES[name](bench)
            except RuntimeError as error:  # the others are still worth having
                print(error, file=sys.stderr)
                figures.append(Figure(name=name, value=None, detail=f"failed: {str(error).splitlines()[-1]}"))
                failed = True
    if options.write:
        PAGE.write_text(markdown(figures, argv))
    print(as_json(figures) if options.json else terminal(figures))
    if failed:
        return 1
    return 3 if any(each.met is False for each in figures) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
