"""The comparator ``value``: reads a short answer as what it is (a number, a date, a decision, a network, a name)."""
# ruff: noqa: SIM905 - lists of words read better as words

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Self

from harness.compare.dates import read_date
from harness.compare.guard_words import DOUBTS, GUARDS
from harness.compare.guards import ACRONYM_MAX
from harness.compare.numeric import Amount, Numeric, read_amount
from harness.compare.options import Options
from harness.compare.text import normal, shown, words
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
_CASELESS = re.compile(
    r"(?:CVE-\d{4}-\d{4,}|CWE-\d+|(?:md5|sha-?1|sha-?224|sha-?256|sha-?384|sha-?512)\s*[:=]\s*[0-9a-f]{8,}|[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64})",
    re.IGNORECASE,
)
_NETWORK = re.compile(
    r"(?<![\w.:/])(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f.]*)(?:/[\d.]+)?(?![\w:/]|\.\d)"
)
_DECIMAL_OCTETS = re.compile(r"\s*\(decimal octets\)")
_NAMED = re.compile(
    r"(?:the|its|it|this|that|my|our)\b(?P<lead>(?: [\w-]+){0,6}?) (?:is|are|was) (?P<rest>[^.;,!?]+)", re.IGNORECASE
)
Kind = Literal["number", "date", "decision", "network", "caseless", "text", "none"]


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
    number: Numeric = field(default_factory=Numeric)
    name: str = "value"
    version: str = "1"
    needs: Literal["text", "execution"] = "text"

    @classmethod
    def build(cls, options: Options) -> Self:
        """``synonyms: {allow: [permit, grant]}`` beside yes and no, and the options of ``numeric``."""
        given = options.table("synonyms")
        table = dict(_YES_NO)
        for decision, others in given.items():
            if not isinstance(others, list | tuple) or not all(isinstance(other, str) for other in others):
                raise ConfigError(
                    f"comparator 'value': synonyms of {decision!r} are {others!r}; they must be a list of texts"
                )
            table |= {normal(word).casefold(): str(decision).casefold() for word in (str(decision), *others)}
        return cls(synonyms=table, number=Numeric.build(options))

    def __call__(self, a: Answer, b: Answer, /) -> Judgement:
        """UNKNOWN for answers of two kinds, or that say nothing."""
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
        if left.key == right.key:
            return _verdict(
                Relation.SAME,
                f"both are {left.shown}" if left.shown == right.shown else f"{left.shown} is {right.shown}",
            )
        return _verdict(Relation.DIFFERENT, f"{left.shown} is not {right.shown}")

    def _read(self, text: str) -> Reading:
        plain = normal(text).strip("*_`\"“”' ").rstrip(".!").strip("*_`\"“”' ")
        if not any(map(str.isalnum, plain)) or set(words(plain)) & DOUBTS:
            return Reading(kind="none", key="", shown=shown(text))
        day = read_date(plain)
        if day is not None:
            return Reading(kind="date", key=day, shown=str(day))
        decision = self._decision(plain)
        if decision:
            return Reading(kind="decision", key=decision, shown=repr(decision))
        network = _network(plain)
        if network:
            return Reading(kind="network", key=network, shown=" ".join(network))
        if _CASELESS.fullmatch(plain):
            return Reading(kind="caseless", key=re.sub(r"\s+", "", plain).casefold(), shown=shown(plain))
        amount = read_amount(text, self.number.locale)
        if isinstance(amount, Amount):
            return Reading(kind="number", key=amount, shown=str(amount.readings[0]))
        lead, key = _text_key(plain)
        return Reading(kind="text", key=key, lead=lead, shown=shown(plain))

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


def _network(plain: str) -> tuple[str, ...]:
    """The words of *plain* with its one address or network in normal form; empty when there is none, or several."""
    text, stated = _DECIMAL_OCTETS.subn("", plain)
    found = _NETWORK.findall(text)
    if len(found) != 1:
        return ()
    spelled = (
        ".".join(part.lstrip("0") or "0" for part in found[0].split("."))
        if stated and "/" not in found[0]
        else found[0]
    )
    _, slash, mask = spelled.partition("/")
    try:
        interface = ipaddress.ip_interface(spelled)
    except ValueError:
        return ()
    if slash and "." in mask and mask.startswith("0."):
        return ()
    before, _, after = text.partition(found[0])
    return (*before.split(), str(interface), *after.split())


def _text_key(plain: str) -> tuple[str, str]:
    """What *plain* speaks of ("The capital is …"), and the short answer; in one case where case says nothing."""
    found, lead = _NAMED.fullmatch(plain), ""
    if found is not None and len(found["rest"].split()) <= 4:
        rest = found["rest"].removeprefix("not ")
        if not GUARDS.intersection(words(found["lead"] + " " + rest)):
            lead, plain = " ".join(words(plain[: found.start("rest")])), found["rest"]
    simple = all(word.isalpha() and (word.islower() or word.istitle()) for word in plain.split())
    shouted = plain.isupper() and len(plain) > ACRONYM_MAX
    return lead, plain.casefold() if simple or shouted else plain
