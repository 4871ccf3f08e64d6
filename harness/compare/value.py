"""The comparator ``value``: reads a short answer as what it is (a number, a date, a decision, a network, a name)."""
# ruff: noqa: SIM905 - lists of words read better as words

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Self

from harness.compare.dates import read_date, read_moment
from harness.compare.documents import as_json, find_document
from harness.compare.guard_words import DOUBTS, GUARDS
from harness.compare.guards import ACRONYM_MAX
from harness.compare.identifiers import read_identifier, read_network
from harness.compare.marks import final_segment
from harness.compare.numeric import Amount, Numeric, read_amount
from harness.compare.options import Options
from harness.compare.text import normal, same_layout, shown, words
from harness.core.ballot import Answer, Judgement, Relation
from harness.core.errors import ConfigError

_YES_NO: Mapping[str, str] = {
    "yes": "yes",
    "true": "yes",
    "correct": "yes",
    "no": "no",
    "false": "no",
    "incorrect": "no",
}
_AFTER_YES = frozenset(
    "it does is do are they he she can will has have was yes true correct indeed that this sure".split()
)
_AFTER_NO = frozenset(
    "it doesn't isn't don't aren't they he she can't won't hasn't haven't wasn't no not false that this does is".split()
)
_NAMED = re.compile(
    r"(?:the|its|it|this|that|my|our)\b(?P<lead>(?: [\w-]+){0,6}?) (?:is|are|was) (?P<rest>[^.;,!?]+)", re.IGNORECASE
)
_LABEL = re.compile(
    r"(?:(?:the |my )?(?:final )?answer(?: is|:)|(?:decision|verdict|result)(?: is)?:|(?:it|that)(?:'s| is)"
    r"|the (?:decision|verdict|result) is)\s+(?=\S)",
    re.IGNORECASE,
)
_NOTHING = re.compile(
    r"n/?a|nan|[-+]?inf(?:inity)?|not (?:available|applicable|sure|known)|no (?:answer|idea|comment)|none(?: given)?"
    r"|(?:i|we) (?:do not|don't|cannot|can't|can not) (?:know|tell|say|answer)(?: (?:that|this|it|the question))?"
    r"|.{0,200}\b(?:i am|i'm|as an ai).{0,200}\b(?:cannot|can't|unable)\b.{0,200}"
    r"|.{0,80}\bi (?:cannot|can't) (?:answer|help|assist|provide)\b.{0,200}",
    re.IGNORECASE | re.DOTALL,
)
_SUBSCRIPTED = re.compile(r"(?<=[A-Za-z)])[₀-₉]+")
_SUBSCRIPTS = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
_INITIALS = re.compile(r"(?:[A-Z]\.){1,4}[A-Z]")
_VERDICT = re.compile(
    r"(?:(?P<lead>(?:the|this|that|it)(?: [\w-]+){0,3}?) ?(?P<verb>is|was|are|isn't|wasn't|aren't) )?"
    r"(?P<no>not )?(?:an? )?(?P<what>[a-z-]+)",
    re.IGNORECASE,
)
_NOUNS: Mapping[str, str] = {
    "fraud": "fraudulent",
    "anomaly": "anomalous",
    "scam": "fraudulent",
    "forgery": "forged",
    "mistake": "mistaken",
}
"""What a verdict calls a thing, as the word that says the same of it."""
_VERDICTS = frozenset(
    "fraudulent anomalous forged mistaken spam phishing duplicate valid invalid legitimate genuine authorized approved "
    "unauthorized compliant malicious benign safe unsafe vulnerable suspicious relevant toxic eligible".split()
)
_SENTENCE_MAX = 300
Kind = str
"""``number``, ``date``, ``time``, ``decision``, ``verdict``, ``network``, ``document``, ``text``, ``none``,
or what :mod:`harness.compare.identifiers` calls it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """An answer as a value of one kind; two of a kind with equal keys are the same."""

    kind: Kind
    key: object
    shown: str
    lead: str = ""
    """What a sentence says its value is of: ``capital`` in "The capital is Paris"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """Same when both are of one kind and equal as such. Decisions count as equal where the synonyms say so."""

    synonyms: Mapping[str, str] = field(default_factory=lambda: dict(_YES_NO))
    """Case-folded word to the decision it means."""
    aliases: Mapping[str, str] = field(default_factory=dict)
    """Case-folded name to the one it stands for."""
    number: Numeric = field(default_factory=Numeric)
    name: str = "value"
    version: str = "2"
    needs: Literal["text", "execution"] = "text"

    @classmethod
    def build(cls, options: Options) -> Self:
        """``synonyms: {allow: [permit]}`` beside yes and no, ``aliases: {USA: [US]}``, the options of ``numeric``."""
        given = options.table("synonyms")
        table = dict(_YES_NO)
        for decision, others in given.items():
            if not isinstance(others, list | tuple) or not all(isinstance(other, str) for other in others):
                raise ConfigError(
                    f"comparator 'value': synonyms of {decision!r} are {others!r}; they must be a list of texts"
                )
            table |= {normal(word).casefold(): str(decision).casefold() for word in (str(decision), *others)}
        return cls(synonyms=table, aliases=options.names("aliases"), number=Numeric.build(options))

    def __call__(self, a: Answer, b: Answer, /) -> Judgement:
        """UNKNOWN for answers of two kinds, or that say nothing."""
        said = self._as_algebra(a.text, b.text)
        if said is not None:
            return said
        left, right = self._read(a.text), self._read(b.text)
        if "none" in {left.kind, right.kind}:
            return _verdict(Relation.UNKNOWN, f"no value in {left.shown if left.kind == 'none' else right.shown}")
        if left.kind != right.kind:
            return _verdict(Relation.UNKNOWN, f"{left.shown} is a {left.kind}, {right.shown} is a {right.kind}")
        if isinstance(left.key, Amount) and isinstance(right.key, Amount):
            return self.number.judge(left.key, right.key)
        if left.key == right.key and left.lead and right.lead and left.lead != right.lead:
            return _verdict(
                Relation.UNKNOWN, f"{left.shown} and {right.shown}: the same of {left.lead!r} and {right.lead!r}"
            )
        if left.key == right.key and not same_layout(a.text, b.text):
            return _verdict(Relation.UNKNOWN, "only blanks differ, in a quoted text or in an indentation")
        if left.key == right.key:
            return _verdict(
                Relation.SAME,
                f"both are {left.shown}" if left.shown == right.shown else f"{left.shown} is {right.shown}",
            )
        return _verdict(Relation.DIFFERENT, f"{left.shown} is not {right.shown}")

    def _as_algebra(self, a: str, b: str) -> Judgement | None:
        """As ``numeric`` does, but a program or a name with signs in it is none."""
        return (
            self.number.as_algebra(a, b) if not re.search(r"\*\*|\w\s*=\s*\w+\s*\(|[A-Za-z]\*[A-Za-z]", a + b) else None
        )

    def _read(self, text: str) -> Reading:
        plain = _plain(text)
        named = self.aliases.get(plain.casefold()) or self.aliases.get(normal(text).casefold())
        if named is not None:
            return Reading(kind="text", key=named, shown=shown(plain))
        if not any(map(str.isalnum, plain)) or set(words(plain)) & DOUBTS or _NOTHING.fullmatch(plain):
            return Reading(kind="none", key="", shown=shown(text))
        if plain[0] in "{[":
            document = find_document(plain)
            if not isinstance(document, str):
                return Reading(kind="document", key=as_json(document.value), shown=shown(plain))
        return self._as_value(plain) or self._as_number(text) or self._as_text(plain)

    def _as_value(self, plain: str) -> Reading | None:
        """A value that is written in one word or in a fixed form."""
        day, moment = read_date(plain), read_moment(plain)
        if day is not None or moment is not None:
            return Reading(kind="date" if day else "time", key=day or moment, shown=str(day or moment))
        decision = self._decision(plain)
        if decision:
            return Reading(kind="decision", key=decision, shown=repr(decision))
        found = read_identifier(plain)
        if found is not None:
            return Reading(kind=found[0], key=found[1], shown=found[1])
        network = read_network(plain)
        if network:
            return Reading(kind="network", key=network, shown=" ".join(network))
        return None

    def _as_number(self, text: str) -> Reading | None:
        amount = read_amount(text, self.number.locale)
        return Reading(kind="number", key=amount, shown=str(amount.readings[0])) if isinstance(amount, Amount) else None

    def _as_text(self, plain: str) -> Reading:
        verdict = _verdict_of(plain)
        if verdict is not None:
            return verdict
        lead, key = _text_key(plain)
        short = _plain(key)
        named = self.aliases.get(short.casefold())
        inside = None if not lead or key == plain else self._as_value(short)
        if inside is not None:
            return inside
        return Reading(kind="text", key=named or key, lead=lead, shown=shown(plain))

    def _decision(self, plain: str) -> str:
        """``yes, it does`` is yes; a condition or a reason behind it makes it a text."""
        whole = self.synonyms.get(plain.casefold())
        if whole:
            return whole
        first, *rest = words(plain) or ("",)
        decision = self.synonyms.get(first, "")
        allowed = {"yes": _AFTER_YES, "no": _AFTER_NO}.get(decision, frozenset())
        return decision if rest and set(rest) <= allowed else ""


def _verdict(relation: Relation, why: str) -> Judgement:
    return Judgement(relation=relation, why=why)


def _plain(text: str) -> str:
    """*text* without marks about it: the final answer of a longer one, without label, markup and full stop."""
    segment = final_segment(text) if len(text) <= _SENTENCE_MAX or "####" in text or "\\boxed" in text else None
    plain = _stripped(normal(text if segment is None else segment).replace("’", "'"))
    tagged = re.fullmatch(r"<(?P<tag>\w+)>(?P<body>[^<>]*)</(?P=tag)>", plain)
    labelled = _LABEL.match(plain)
    if tagged:
        return _stripped(tagged["body"])
    short = labelled is not None and len(plain[labelled.end() :].split()) <= _ANSWER_MAX
    return _stripped(plain[labelled.end() :]) if labelled is not None and short else plain


def _stripped(text: str) -> str:
    return text.strip("*_`\"“”' ").rstrip(".!").strip("*_`\"“”' ")


_ANSWER_MAX = 3
"""Words of an answer behind "It is": more are a sentence of its own."""


def _verdict_of(plain: str) -> Reading | None:
    """``The transaction is not fraudulent`` and ``not a fraud``: what is said, and whether it is denied."""
    found = _VERDICT.fullmatch(plain)
    if found is None:
        return None
    said = _NOUNS.get(found["what"].casefold(), found["what"].casefold())
    if said not in _VERDICTS:
        return None
    denied = (found["no"] is not None) + (found["verb"] or "").casefold().endswith("n't")
    lead = (found["lead"] or "").casefold()
    about = "" if lead in {"it", "this", "that"} else lead
    key = (said, denied % 2 == 1)
    return (
        None if denied > 1 else Reading(kind="verdict", key=key, lead=about, shown=f"{'not ' if denied else ''}{said}")
    )


def _text_key(plain: str) -> tuple[str, str]:
    """What *plain* speaks of ("The capital is …"), and the short answer; in one case where case says nothing."""
    found, lead = _NAMED.fullmatch(plain), ""
    if found is not None and len(found["rest"].split()) <= 4:
        rest = found["rest"].removeprefix("not ")
        if not GUARDS.intersection(words(found["lead"] + " " + rest)):
            lead, plain = " ".join(words(plain[: found.start("rest")])), found["rest"]
    plain = _SUBSCRIPTED.sub(lambda found: found[0].translate(_SUBSCRIPTS), plain)
    plain = plain[4:] if plain[:4].casefold() == "the " and plain[4:5].isupper() else plain
    plain = plain.replace(".", "") if _INITIALS.fullmatch(plain) else plain
    simple = all(word.isalpha() and (word.islower() or word.istitle()) for word in plain.split())
    shouted = plain.isupper() and len(plain) > ACRONYM_MAX
    return lead, plain.casefold() if simple or shouted else plain
