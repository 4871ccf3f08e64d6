"""``suites/starter/demo.yaml``: the questions of ``harness demo``, and what each is there to show.

::

    questions:
      - prompt: …
        expect: agreed          # agreed | tiebreak | not_served
        shows: One line for the audience.
        answer: 2,901.60 EUR    # optional
"""

from dataclasses import dataclass
from typing import Final, Literal

from harness.content.documents import read_section
from harness.content.faults import Faults, show
from harness.content.home import Home
from harness.core.hashing import Json

FILE: Final = "demo.yaml"
SUITE: Final = "starter"

Expect = Literal["agreed", "tiebreak", "not_served"]
_EXPECT: Final[tuple[Expect, ...]] = ("agreed", "tiebreak", "not_served")


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoQuestion:
    """One question of the demonstration."""

    prompt: str
    expect: Expect
    shows: str


def load_demo(home: Home) -> tuple[DemoQuestion, ...]:
    """The questions in the order of the file. Raises FaultsError with all faults."""
    path = home.suites / SUITE / FILE
    faults = Faults(str(path))
    entries = read_section(path).get("questions")
    if not isinstance(entries, list) or not entries:
        faults.add("questions", f"{show(entries)} stands where a list of questions is expected")
        entries = []
    questions = [_question(entry, f"questions[{place}]", faults) for place, entry in enumerate(entries)]
    faults.done()
    return tuple(question for question in questions if question is not None)


def _question(entry: Json, place: str, faults: Faults) -> DemoQuestion | None:
    fields = entry if isinstance(entry, dict) else {}
    texts = {name: fields.get(name) for name in ("prompt", "shows")}
    for name, value in texts.items():
        if not isinstance(value, str) or not value.strip():
            faults.add(f"{place}.{name}", f"{show(value)} stands where text is expected")
    expect = next((each for each in _EXPECT if each == fields.get("expect")), None)
    if expect is None:
        faults.add(f"{place}.expect", f"{show(fields.get('expect'))}; there are: {', '.join(_EXPECT)}")
        return None
    return DemoQuestion(prompt=str(texts["prompt"]), expect=expect, shows=str(texts["shows"]))
