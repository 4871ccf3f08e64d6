"""An environment without a network: the harness's own interpreter, and copies of the harness's own pytest."""

import compileall
import shutil
import venv
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

from harness.evals.environments.prepared import normal, site_packages


def make_offline(folder: Path) -> None:
    """Make a virtual environment at *folder* with pytest and what it needs, and no more."""
    venv.EnvBuilder(with_pip=False, symlinks=True).create(folder)
    packages = site_packages(folder)
    for distribution in _with_dependencies("pytest"):
        for file in distribution.files or ():
            source = Path(str(distribution.locate_file(file)))
            if file.parts[0] != ".." and "__pycache__" not in file.parts and source.is_file():
                (packages / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, packages / file)
    # Read-only later: what is not compiled now would be compiled again at every start.
    compileall.compile_dir(packages, quiet=1)


def _with_dependencies(name: str) -> Iterator[metadata.Distribution]:
    """The installed distribution *name* and all that it needs here, each once."""
    waiting, seen = [name], set[str]()
    while waiting:
        each = normal(waiting.pop())
        if each in seen:
            continue
        seen.add(each)
        distribution = metadata.distribution(each)
        yield distribution
        requirements = map(Requirement, distribution.requires or ())
        waiting += [need.name for need in requirements if need.marker is None or need.marker.evaluate({"extra": ""})]
