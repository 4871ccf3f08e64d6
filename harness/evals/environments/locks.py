"""The text of a lock: a requirements file in which every distribution has its version and its hashes. Pure."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from harness.evals.environments.prepared import normal

_ENTRY = re.compile(r"^([\w.-]+)(?:\[[\w,.\s-]*\])?==([^\s;\\]+)")
_HASH = re.compile(r"--hash[= ](?:sha256:)?(\w+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """One distribution of a lock."""

    name: str
    """Normal."""
    version: str
    marker: str
    hashes: frozenset[str]


def pins(text: str) -> dict[str, Pin]:
    """The distributions that the lock *text* pins, by their normal name."""
    return {pin.name: pin for line in _logical(text) if (pin := _pin(line)) is not None}


def with_sources(text: str, hashes: Mapping[str, str]) -> str:
    """The lock *text* with the hash of its source for each of *hashes*: a wheel made here has another every time."""
    return _rewritten(
        text, lambda pin: f"{pin.name}=={pin.version}{pin.marker} --hash=sha256:{hashes[pin.name]}", hashes
    )


def with_wheels(text: str, wheels: Mapping[str, tuple[str, str]]) -> str:
    """The lock *text* with an address and a hash in place of each of *wheels*."""

    def spelled(pin: Pin) -> str:
        address, sha256 = wheels[pin.name]
        return f"{pin.name} @ {address}{pin.marker} --hash=sha256:{sha256}"

    return _rewritten(text, spelled, wheels)


def without(text: str, names: Iterable[str]) -> str:
    """The lock *text* without the distributions called *names*, normal names."""
    left_out = set(names)
    kept = (line for line in _logical(text) if (pin := _pin(line)) is None or pin.name not in left_out)
    return "\n".join([*kept, ""])


def _rewritten(text: str, spelled: Callable[[Pin], str], names: Mapping[str, object]) -> str:
    lines: list[str] = []
    for line in _logical(text):
        pin = _pin(line)
        lines.append(spelled(pin) if pin is not None and pin.name in names else line)
    return "\n".join([*lines, ""])


def _logical(text: str) -> Iterator[str]:
    """Lines with their continuations, which stay as they are."""
    held = ""
    for line in text.splitlines():
        held += line
        if line.rstrip().endswith("\\"):
            held += "\n"
            continue
        if held.strip():
            yield held
        held = ""
    if held.strip():
        yield held


def _pin(line: str) -> Pin | None:
    found = _ENTRY.match(line.strip())
    if found is None:
        return None
    marker = re.search(r";\s*([^\\\n]*?)(?=\s*\\|\s*--hash|\s*$)", line)
    hashes = frozenset(_HASH.findall(line))
    said = f" ; {marker[1]}" if marker and marker[1] else ""
    return Pin(name=normal(found[1]), version=found[2], marker=said, hashes=hashes)
