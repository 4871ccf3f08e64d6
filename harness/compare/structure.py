"""The comparator ``json``: structurally equal values."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Literal, Self

from harness.compare.documents import Path, as_json, find_document
from harness.compare.options import Options
from harness.core.ballot import Answer, Judgement, Relation
from harness.core.hashing import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Structure:
    """Same when equal key by key. Types, null and the order of lists count; extra keys differ."""

    sets: tuple[Path, ...] = ()
    """Lists whose order does not count."""
    ignore: tuple[Path, ...] = ()
    """Places that may differ or be missing."""
    tolerance: Fraction = Fraction(0)
    """Absolute, for numbers."""
    relative_tolerance: Fraction = Fraction(0)
    name: str = "json"
    version: str = "1"
    needs: Literal["text", "execution"] = "text"

    @classmethod
    def build(cls, options: Options) -> Self:
        """From a policy or suite; paths as ``$.items[*].tags``."""
        return cls(
            sets=options.paths("sets"),
            ignore=options.paths("ignore"),
            tolerance=options.amount("tolerance", default="0"),
            relative_tolerance=options.amount("relative_tolerance", default="0"),
        )

    def __call__(self, a: Answer, b: Answer, /) -> Judgement:
        """UNKNOWN when an answer holds no JSON value of one meaning."""
        left, right = find_document(a.text), find_document(b.text)
        if isinstance(left, str) or isinstance(right, str):
            return Judgement(relation=Relation.UNKNOWN, why=left if isinstance(left, str) else str(right))
        found = self.difference(left.value, right.value, ())
        if found is None:
            return Judgement(relation=Relation.SAME, why=f"both are {short(left.value)}")
        return Judgement(relation=Relation.DIFFERENT, why=found)

    def difference(self, a: Json, b: Json, path: Path) -> str | None:
        """The first difference at *path* or below it; None when there is none."""
        if matches(path, self.ignore):
            return None
        if isinstance(a, dict) and isinstance(b, dict):
            return self._objects(a, b, path)
        if isinstance(a, list) and isinstance(b, list):
            return self._lists(a, b, path)
        return None if self._scalars(a, b) else f"{spelled_path(path)}: {short(a)} against {short(b)}"

    def _objects(self, a: dict[str, Json], b: dict[str, Json], path: Path) -> str | None:
        for key in sorted(a.keys() | b.keys()):
            below = (*path, key)
            if key in a and key in b:
                found = self.difference(a[key], b[key], below)
                if found is not None:
                    return found
            elif not matches(below, self.ignore):
                return f"{spelled_path(below)} is only on one side: {short(a[key] if key in a else b[key])}"
        return None

    def _lists(self, a: list[Json], b: list[Json], path: Path) -> str | None:
        if len(a) != len(b):
            return f"{spelled_path(path)}: {len(a)} items against {len(b)}"
        if matches(path, self.sets):
            return self._sets(a, b, path)
        pairs = zip(a, b, strict=True)
        differences = (self.difference(left, right, (*path, place)) for place, (left, right) in enumerate(pairs))
        return next((found for found in differences if found is not None), None)

    def _sets(self, a: list[Json], b: list[Json], path: Path) -> str | None:
        """Each item of *a* has one of its own in *b*."""
        left_over = sorted(b, key=as_json)
        for item in sorted(a, key=as_json):
            place = next(
                (at for at, other in enumerate(left_over) if self.difference(item, other, (*path, "*")) is None), None
            )
            if place is None:
                return f"{spelled_path(path)}: only one side has {short(item)}"
            del left_over[place]
        return None

    def _scalars(self, a: Json, b: Json) -> bool:
        if _numeric(a) and _numeric(b):
            return bool(a == b) or self._near(a, b)
        return type(a) is type(b) and bool(a == b)

    def _near(self, a: int | Decimal, b: int | Decimal) -> bool:
        if not (self.tolerance or self.relative_tolerance) or _huge(a) or _huge(b):
            return False
        left, right = Fraction(a), Fraction(b)
        return abs(left - right) <= max(self.tolerance, self.relative_tolerance * max(abs(left), abs(right)))


def _numeric(value: Json) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def _huge(value: int | Decimal) -> bool:
    """Whether exact arithmetic with *value* would cost more than it is worth."""
    return isinstance(value, Decimal) and abs(value.adjusted()) > 1000


def matches(path: Path, patterns: Sequence[Path]) -> bool:
    """Whether *path* is one of *patterns*, in which ``*`` stands for every place of a list."""
    return any(
        len(pattern) == len(path)
        and all(
            want in {"*", have} or (have == "*" and isinstance(want, int))
            for want, have in zip(pattern, path, strict=True)
        )
        for pattern in patterns
    )


def spelled_path(path: Path) -> str:
    """*path* as policies write it."""
    return "$" + "".join(f".{step}" if isinstance(step, str) and step != "*" else f"[{step}]" for step in path)


def short(value: Json) -> str:
    """*value* as it is quoted in a reason."""
    text = as_json(value)
    return text if len(text) <= 60 else text[:57] + "..."
