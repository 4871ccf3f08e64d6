"""Runs inside a sandbox under test: the script that is its first argument, as a program or in a warm interpreter."""

import sys


def main() -> None:
    exec(compile(sys.argv.pop(1), "<attack>", "exec"), {"__name__": "__main__"})  # noqa: S102 - an attack of our own


if __name__ == "__main__":
    main()
