"""The comparator ``json`` with ``vote: fields``: every field is voted on by itself, and the answer put together.

A field is a declared place (``fields: [$.total, $.address]``), or, without any, whatever is no object: a number, a
text, a list as a whole. Where one answer has an object and another has not, the place above is the field. Null, false
and absence are three different things, and each of them can win. Two groups that both reach the rule decide nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

from harness.compare.documents import Found, Path, as_json, find_document
from harness.compare.options import Options
from harness.compare.structure import Structure, matches, short, spelled_path
from harness.compare.text import is_redacted
from harness.core.ballot import Answer, Ballot, FieldVote, Merged, Unmerged
from harness.core.errors import ConfigError
from harness.core.hashing import Json
from harness.core.ids import ModelId

FIELDS_MAX = 2000
_NAMED = 5
"""Fields without agreement that are named in a reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Voter:
    model: ModelId
    value: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class _Counted:
    """What was said of one field."""

    path: Path
    camps: tuple[tuple[_Voter, ...], ...]
    """Voters that say the same, largest first; members in the order of the panel."""

    @property
    def votes(self) -> int:
        return len(self.camps[0])

    def winner(self, needed: int) -> tuple[_Voter, ...] | None:
        """The one camp that reaches the rule."""
        reached = [camp for camp in self.camps if len(camp) >= needed]
        return reached[0] if len(reached) == 1 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ByField(Structure):
    """Two answers are the same as for ``json``; several can be put together."""

    fields: tuple[Path, ...] = ()

    @classmethod
    def of(cls, whole: Structure, options: Options) -> Self:
        """*whole* with ``fields: [$.a, $.b.c]``, none of which lies in a list or in another one."""
        fields = tuple(map(_keys, options.paths("fields")))
        inner = [(a, b) for a in fields for b in fields if a is not b and a == b[: len(a)]]
        if inner:
            raise ConfigError(
                f"comparator 'json': field {spelled_path(inner[0][1])} lies in {spelled_path(inner[0][0])}"
            )
        return cls(
            sets=whole.sets,
            ignore=whole.ignore,
            tolerance=whole.tolerance,
            relative_tolerance=whole.relative_tolerance,
            fields=fields,
        )

    def merge(self, ballots: Sequence[Ballot], needed: int) -> Merged | Unmerged:
        """The answer of which every field has *needed* of *ballots*, given in the order of the panel.

        Its shape (which fields there are) is one that a member gave: fields that fit together in nobody's answer are
        not put together. Ignored places are left out; with declared fields, everything else is.
        """
        voters = [voter for ballot in ballots if (voter := _voter(ballot)) is not None]
        paths = self._paths(voters)
        if not paths or len(paths) > FIELDS_MAX:
            return Unmerged(why=f"{len(paths)} fields cannot be voted on", votes=0)
        counted = [self._count(path, voters) for path in paths]
        won = [(field, field.winner(needed)) for field in counted]
        split = [field for field, camp in won if camp is None]
        if split:
            return Unmerged(why=_contested(split), votes=min(field.votes for field in counted))
        return _put_together([(field.path, camp) for field, camp in won if camp is not None], voters)

    def _paths(self, voters: Sequence[_Voter]) -> list[Path]:
        everything = {path for voter in voters for path in _leaves(voter.value, ())}
        bare: set[Path] = {()} if voters else set()
        found = set(self.fields) or everything or bare
        outer = [path for path in found if not any(path[:length] in found for length in range(len(path)))]
        return sorted((path for path in outer if not matches(path, self.ignore)), key=str)

    def _count(self, path: Path, voters: Sequence[_Voter]) -> _Counted:
        """Camps in the order of what they say, so that neither arrival nor place decides who is in one."""
        camps: list[list[tuple[int, _Voter]]] = []
        said = [(place, voter, _at(voter.value, path)) for place, voter in enumerate(voters)]
        for place, voter, value in sorted(said, key=lambda entry: (_key(entry[2]), entry[1].model)):
            home = next(
                (camp for camp in camps if all(self._alike(_at(other.value, path), value, path) for _, other in camp)),
                None,
            )
            if home is None:
                camps.append([(place, voter)])
            else:
                home.append((place, voter))
        ordered = sorted(
            (sorted(camp, key=lambda entry: entry[0]) for camp in camps), key=lambda camp: (-len(camp), camp[0][0])
        )
        return _Counted(path=path, camps=tuple(tuple(voter for _, voter in camp) for camp in ordered))

    def _alike(self, a: Found | None, b: Found | None, path: Path) -> bool:
        if a is None or b is None:
            return a is b
        if is_redacted(as_json(a.value)) or is_redacted(as_json(b.value)):
            return False
        return self.difference(a.value, b.value, path) is None


def _keys(path: Path) -> Path:
    if not path or not all(isinstance(step, str) and step != "*" for step in path):
        raise ConfigError(f"comparator 'json': field {spelled_path(path)} is no place in objects, as $.address.city is")
    return path


def _voter(ballot: Ballot) -> _Voter | None:
    """What *ballot* says; None for an answer that is no JSON of one meaning."""
    document = find_document(ballot.answer.text) if ballot.valid and ballot.answer else ""
    return None if isinstance(document, str) else _Voter(model=ballot.model, value=document.value)


def _leaves(value: Json, path: Path) -> Iterator[Path]:
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from _leaves(item, (*path, key))
    elif path or not isinstance(value, dict):  # an empty answer has no field, and lacks those of the others
        yield path


def _at(value: Json, path: Path) -> Found | None:
    for step in path:
        if not isinstance(value, dict) or step not in value:
            return None
        value = value[str(step)]
    return Found(value=value)


def _key(found: Found | None) -> str:
    return "" if found is None else as_json(found.value)


def _put_together(won: Sequence[tuple[Path, Sequence[_Voter]]], voters: Sequence[_Voter]) -> Merged | Unmerged:
    chosen = {path: _at(camp[0].value, path) for path, camp in won}
    shape = {path for path, found in chosen.items() if found is not None}
    if not any({path for path in chosen if _at(voter.value, path) is not None} == shape for voter in voters):
        return Unmerged(
            why="the fields that won stand together in nobody's answer", votes=min(len(camp) for _, camp in won)
        )
    whole: Json = {}
    for path, found in chosen.items():
        whole = whole if found is None else _with(whole, path, found.value)
    votes = tuple(
        FieldVote(field=spelled_path(path), models=tuple(voter.model for voter in camp)) for path, camp in won
    )
    return Merged(answer=Answer(text=as_json(whole)), fields=votes)


def _with(whole: Json, path: Path, value: Json) -> Json:
    """*whole* with *value* at *path*."""
    if not path:
        return value
    assert isinstance(whole, dict), "no field lies in another one"
    step = str(path[0])
    return {**whole, step: _with(whole.get(step, {}), path[1:], value)}


def _contested(split: Sequence[_Counted]) -> str:
    """The fields without agreement, and what was said of them."""
    named = [f"{spelled_path(field.path)} ({_camps(field)})" for field in split[:_NAMED]]
    more = f" and {len(split) - _NAMED} more" if len(split) > _NAMED else ""
    return f"no agreement on {', '.join(named)}{more}"


def _camps(field: _Counted) -> str:
    said = (_at(camp[0].value, field.path) for camp in field.camps)
    words = ("absent" if found is None else short(found.value) for found in said)
    return " against ".join(f"{len(camp)} × {word}" for camp, word in zip(field.camps, words, strict=True))
