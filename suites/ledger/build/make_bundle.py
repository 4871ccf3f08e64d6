"""Builds ../repo.bundle, the git history of coinbook, from patches/*.patch: `python suites/ledger/build/make_bundle.py`.

Each patch carries its author and date; committer and commit date are set to the same. So the commit ids come out the same on every
machine, and HEAD below is checked. To change the history, edit or add patches (`git format-patch --zero-commit --no-signature -N`),
put the new id into HEAD, and give the tasks their new base commits.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
PATCHES = HERE / "patches"
BUNDLE = HERE.parent / "repo.bundle"
HEAD = "2f8209b0acc6"
BRANCH = "main"

_FROM = re.compile(r"^From: (?P<name>.+) <(?P<email>.+)>$", re.MULTILINE)


def main(bundle: Path = BUNDLE) -> int:
    """Builds the history in a temporary folder, checks its head, writes the bundle."""
    with tempfile.TemporaryDirectory() as folder:
        head = build(Path(folder))
        if not head.startswith(HEAD):
            print(f"the history ends at {head}, not at {HEAD}: patches and HEAD disagree", file=sys.stderr)
            return 1
        _git(Path(folder), "-c", "pack.threads=1", "bundle", "create", "-q", str(bundle.resolve()), "HEAD", BRANCH)
    print(f"{bundle.name}: {BRANCH} at {head}")
    return 0


def build(folder: Path) -> str:
    """Applies every patch in *folder*, an empty one; returns the id of the last commit."""
    _git(folder, "init", "-q", "-b", BRANCH)
    for patch in sorted(PATCHES.glob("*.patch")):
        sender = _FROM.search(patch.read_text(encoding="utf-8"))
        assert sender is not None, f"{patch.name} has no sender"
        _git(
            folder, "am", "-q", "--whitespace=nowarn", "--committer-date-is-author-date", str(patch),
            GIT_COMMITTER_NAME=sender["name"], GIT_COMMITTER_EMAIL=sender["email"],
        )
    return _git(folder, "rev-parse", "HEAD").strip()


def _git(folder: Path, *args: str, **variables: str) -> str:
    """Runs git in *folder* with nobody's configuration."""
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, **variables}
    done = subprocess.run(["git", *args], cwd=folder, env=env, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"git {' '.join(args)}: {done.stderr.strip()}")
    return done.stdout


if __name__ == "__main__":
    raise SystemExit(main())
