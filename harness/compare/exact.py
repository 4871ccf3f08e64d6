"""The comparator ``exact``: equal text."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Self

from harness.compare.options import Options
from harness.compare.text import normal, same_layout, shown
from harness.core.ballot import Answer, Judgement, Relation


@dataclass(frozen=True, slots=True, kw_only=True)
class Exact:
    """Same when equal after Unicode NFC and white-space normalisation. Two empty answers are no agreement."""

    casefold: bool = False
    """Take upper and lower case for the same."""
    aliases: Mapping[str, str] = field(default_factory=dict)
    """Case-folded whole answer to the one it stands for."""
    name: str = "exact"
    version: str = "2"
    needs: Literal["text", "execution"] = "text"

    @classmethod
    def build(cls, options: Options) -> Self:
        """From a policy or suite: ``casefold: true``, ``aliases: {United States: [USA, US]}``."""
        return cls(casefold=options.flag("casefold", default=False), aliases=options.names("aliases"))

    def __call__(self, a: Answer, b: Answer, /) -> Judgement:
        """UNKNOWN only when one of them is empty."""
        left, right = self._key(a), self._key(b)
        if not left or not right:
            return Judgement(relation=Relation.UNKNOWN, why="an empty answer agrees with nothing")
        if left == right and not same_layout(a.text, b.text):
            why = "only blanks differ, in a quoted text or in an indentation"
            return Judgement(relation=Relation.UNKNOWN, why=why)
        if left == right:
            return Judgement(relation=Relation.SAME, why=f"both are {shown(a.text)}")
        return Judgement(relation=Relation.DIFFERENT, why=f"{shown(a.text)} is not {shown(b.text)}")

    def _key(self, answer: Answer) -> str:
        text = normal(answer.text)
        named = self.aliases.get(text.casefold())
        if named is not None:
            text = named
        return normal(text.casefold()) if self.casefold else text
