"""The comparator ``fuzzy``: the same words, nearly; the guards decide before the similarity does."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, Self, cast

from rapidfuzz import fuzz
from rapidfuzz.distance import Indel

from harness.compare.guards import fired, profile
from harness.compare.options import Options
from harness.compare.text import normal, same_layout, shown, words
from harness.core.ballot import Answer, Judgement, Relation
from harness.core.errors import ConfigError

Measure = Literal["ratio", "token_sort", "token_set"]
LETTERS_MAX = 4_000
"""Longer texts are compared word by word: letter by letter the cost is quadratic."""
TEXT_MAX = 100_000
"""Longer texts are not compared at all, unless they are equal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fuzzy:
    """Same when no guard fires, the content words are the same, and the similarity reaches the threshold.

    Similarity alone is worse than chance on answers that matter: one digit, one "not", two swapped names.
    """

    threshold: Fraction = Fraction(90)
    """0 to 100; from here on SAME."""
    low: Fraction = Fraction(60)
    """Below it DIFFERENT."""
    measure: Measure = "ratio"
    name: str = "fuzzy"
    version: str = "2"
    needs: Literal["text", "execution"] = "text"

    @classmethod
    def build(cls, options: Options) -> Self:
        """From a policy or suite."""
        made = cls(
            threshold=options.amount("threshold", default="90", below=100),
            low=options.amount("low", default="60", below=100),
            measure=cast("Measure", options.word("measure", ("ratio", "token_sort", "token_set"), default="ratio")),
        )
        if made.low > made.threshold:
            raise ConfigError(f"comparator 'fuzzy': low is {made.low} and must not exceed threshold {made.threshold}")
        return made

    def __call__(self, a: Answer, b: Answer, /) -> Judgement:
        """DIFFERENT when a guard fires; UNKNOWN between the two bounds, or when content words differ."""
        left, right = normal(a.text), normal(b.text)
        if not left or not right:
            return _verdict(Relation.UNKNOWN, "an empty answer agrees with nothing")
        if left == right:
            return _equal(a.text, b.text)
        if max(len(left), len(right)) > TEXT_MAX:
            return _verdict(
                Relation.UNKNOWN, f"texts of more than {TEXT_MAX} characters are only compared for equality"
            )
        one, other = profile(left), profile(right)
        guard = fired(one, other)
        if guard is not None:
            return _verdict(Relation.DIFFERENT, guard)
        score = self._score(left, right)
        if score < self.low:
            return _verdict(Relation.DIFFERENT, f"similarity below {float(self.low):g}")
        if one.content != other.content:
            return _verdict(Relation.UNKNOWN, f"similarity {score:.1f}, but the words differ")
        if score < self.threshold:
            return _verdict(Relation.UNKNOWN, f"similarity {score:.1f}, below the threshold {float(self.threshold):g}")
        return _verdict(Relation.SAME, f"similarity {score:.1f}, and no guard fires")

    def _score(self, a: str, b: str) -> float:
        """0 to 100; 0 for anything below ``low``."""
        left, right = words(a), words(b)
        shorter, longer = sorted((len(a), len(b)))
        cutoff = float(self.low)
        if self.measure == "ratio" and 200 * shorter < cutoff * (shorter + longer) / 2:
            return 0.0
        if self.measure == "token_set":
            return float(fuzz.token_set_ratio(" ".join(left), " ".join(right), score_cutoff=cutoff))
        if self.measure == "token_sort":
            left, right = tuple(sorted(left)), tuple(sorted(right))
        if longer > LETTERS_MAX:
            return 100 * float(Indel.normalized_similarity(left, right, score_cutoff=cutoff / 100))
        return float(fuzz.ratio(" ".join(left), " ".join(right), score_cutoff=cutoff))


def _equal(a: str, b: str) -> Judgement:
    """Of two texts that are equal but for blanks."""
    if same_layout(a, b):
        return _verdict(Relation.SAME, f"both are {shown(a)}")
    return _verdict(Relation.UNKNOWN, "only blanks differ, in a quoted text or in an indentation")


def _verdict(relation: Relation, why: str) -> Judgement:
    return Judgement(relation=relation, why=why)
