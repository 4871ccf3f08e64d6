"""``registry/policies.yaml``: who is asked, how answers are compared, and when one is served.

::

    policies:
      payments:
        panel: [openai/gpt-5.5, anthropic/claude-opus-4-7, google/gemini-3.1-pro]   # two or more, each once
        task_class: finance.calculation
        extract: {last: number}      # whole | {tag: answer} | {json: $.total} | {block: python} | {choice: ABCD}
        compare: {name: numeric, tolerance: 0, currency: required}    # or only the name
        rule: {quorum: 2}            # or {unanimous: true} or {risk_limit: 0.01, fallback: {quorum: 2}}
        tiebreak: {model: anthropic/claude-opus-4-7, mode: blind}     # blind | judge
        on_divergence: review        # review | refuse | serve_best
        order: cheap_first           # cheap_first | accurate_first | all_at_once | value
        deadline_s: 60
        grace_s: 5
        max_cost_usd: 0.50

Only ``panel`` and ``rule`` must be there. A quorum is more than half of the members that are asked at once.
``order: value`` goes with a risk limit. A judge (``compare: {name: judge, model: vendor/name}``, or a tiebreak of the
mode ``judge``) has no vote, and is no member. ``compare: {name: json, vote: fields}`` votes field by field; with
``compare: {name: tests, tests: generated}`` the members also write tests, and programs that do the same on all inputs
of these agree (``function: name`` says which function, where the programs have several in common).
A model need not have a card: a policy can be replayed on imported runs.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Final, Literal

from pydantic import Field, PlainValidator, field_validator, model_validator

from harness.content.documents import read_section
from harness.content.faults import Faults, nearest, show
from harness.content.fields import (
    ClassName,
    ExtractField,
    Member,
    Money,
    Number,
    PanelCompareField,
    Seconds,
    Spec,
    plain_name,
)
from harness.content.home import Home
from harness.core.ballot import Compare, Extract
from harness.core.hashing import Json
from harness.core.ids import GENERAL, ModelId, PolicyName, TaskClass
from harness.core.policy import OnDivergence, Order, Policy, Quorum, RiskLimit, Rule, Tiebreak, Unanimous

FILE: Final = "policies.yaml"
_FORMS: Final = "{quorum: 2}, {unanimous: true}, {risk_limit: 0.01, fallback: {quorum: 2}}"


def parse_rule(value: Json) -> Rule:
    """A rule as it is written in a policy. Raises ValueError."""
    if not isinstance(value, dict) or not value:
        raise ValueError(f"{show(value)} is no rule; as in {_FORMS}")
    unknown = [str(key) for key in value if key not in _RULE_KEYS]
    if unknown:
        raise ValueError(f"unknown key {unknown[0]!r}; {nearest(unknown[0], _RULE_KEYS)} As in {_FORMS}")
    if "risk_limit" in value and set(value) <= {"risk_limit", "fallback"}:
        fallback = value.get("fallback")
        return RiskLimit(alpha=_alpha(value["risk_limit"]), fallback=None if fallback is None else _votes(fallback))
    return _votes(value)


_RULE_KEYS: Final = ("quorum", "unanimous", "risk_limit", "fallback")


def _votes(value: Json) -> Quorum | Unanimous:
    if not isinstance(value, dict) or len(value) != 1 or next(iter(value)) not in ("quorum", "unanimous"):
        raise ValueError(f"{show(value)} is not one rule; as in {_FORMS}")
    if "unanimous" in value:
        if value["unanimous"] is not True:
            raise ValueError(f"unanimous: {show(value['unanimous'])} is not true; leave the key out instead")
        return Unanimous()
    k = value["quorum"]
    if not isinstance(k, int) or isinstance(k, bool):
        raise ValueError(f"quorum: {show(k)} is not a whole number")  # noqa: TRY004 -- pydantic collects ValueErrors
    if k < 2:
        raise ValueError(f"quorum: {k} is below 2: one survivor is never consensus")
    return Quorum(k=k)


def _alpha(value: Json) -> float:
    if not isinstance(value, int | Decimal) or isinstance(value, bool) or not 0 < value < 1:
        raise ValueError(f"risk_limit: {show(value)} is not between 0 and 1; 0.01 is one wrong answer in a hundred")
    return float(value)


class _Tiebreak(Spec):
    model: Member
    mode: Literal["blind", "judge"] = "blind"


class _Policy(Spec):
    panel: list[Member]
    task_class: ClassName = GENERAL
    extract: ExtractField = Extract()
    compare: PanelCompareField = Compare()
    rule: Annotated[Rule, PlainValidator(parse_rule)]
    tiebreak: _Tiebreak | None = None
    on_divergence: OnDivergence = "review"
    order: Order = "all_at_once"
    deadline_s: Seconds = 60.0
    grace_s: Annotated[Number, Field(ge=0)] = 5.0
    max_cost_usd: Money | None = None

    @field_validator("panel")
    @classmethod
    def _several(cls, panel: list[str]) -> list[str]:
        repeated = sorted({model for model in panel if panel.count(model) > 1})
        if repeated:
            raise ValueError(f"{repeated[0]!r} is in the panel twice: its second vote would be no independent one")
        if len(panel) < 2:
            raise ValueError(f"{show(panel)} has {len(panel)} member: a panel is two models or more")
        return panel

    @field_validator("max_cost_usd")
    @classmethod
    def _something(cls, value: Decimal | None) -> Decimal | None:
        if value == 0:
            raise ValueError("0 allows no call at all; leave it out for no limit")
        return value

    @model_validator(mode="after")
    def _reachable(self) -> "_Policy":
        votes = self.rule.fallback if isinstance(self.rule, RiskLimit) else self.rule
        if isinstance(votes, Quorum):
            self._check_quorum(votes.k)
        if isinstance(self.rule, RiskLimit) and self.on_divergence == "serve_best":
            raise ValueError("on_divergence: 'serve_best' breaks the promise of a risk limit; use review or refuse")
        if isinstance(self.rule, RiskLimit) and self.compare.options.get("vote") == "fields":
            raise ValueError(
                "compare: 'vote: fields' puts answers together, and a risk_limit is certified for whole ones"
            )
        return self

    @model_validator(mode="after")
    def _impartial(self) -> "_Policy":
        """Nobody judges an answer of its own: a member of the panel that judges a tie is held back from voting."""
        voters = {*self.panel}
        if self.tiebreak is not None and self.tiebreak.mode == "judge":
            voters -= {self.tiebreak.model}
        elif self.tiebreak is not None:
            voters |= {self.tiebreak.model}
        if self.tiebreak is not None and len(voters) < 2:
            raise ValueError(f"tiebreak: {self.tiebreak.model!r} judges and has no vote: only {len(voters)} can vote")
        model = self.compare.options.get("model") if self.compare.name == "judge" else None
        if model in voters:
            raise ValueError(f"compare: the judge {model!r} votes in this policy: it would judge its own answer")
        return self

    def _check_quorum(self, k: int) -> None:
        if k > len(self.panel):
            raise ValueError(f"quorum: {k} is larger than the panel of {len(self.panel)}")
        at_once = sum(model != self.tiebreak.model for model in self.panel) if self.tiebreak else len(self.panel)
        if self.order == "all_at_once" and 2 * k <= at_once:
            raise ValueError(
                f"quorum: {k} of {at_once} asked at once: two groups of {k} that contradict each other both reach it, "
                f"and the first to arrive would be served; {at_once // 2 + 1} or more, or order: cheap_first or "
                f"accurate_first, which ask the others only while the first {k} differ"
            )

    def policy(self, name: str) -> Policy:
        tiebreak = self.tiebreak
        return Policy(
            name=PolicyName(name),
            panel=tuple(map(ModelId, self.panel)),
            task_class=TaskClass(self.task_class),
            extract=self.extract,
            compare=self.compare,
            rule=self.rule,
            tiebreak=Tiebreak(model=ModelId(tiebreak.model), mode=tiebreak.mode) if tiebreak else None,
            on_divergence=self.on_divergence,
            order=self.order,
            deadline_s=self.deadline_s,
            grace_s=self.grace_s,
            max_cost_usd=self.max_cost_usd,
        )


class _Policies(Spec):
    policies: dict[str, Any]


def load_policies(home: Home) -> Mapping[PolicyName, Policy]:
    """The policies in the order of the file; none when there is no file. Raises FaultsError with all faults."""
    path = home.registry / FILE
    if not path.exists():
        return {}
    faults = Faults(str(path))
    top = faults.check(_Policies, read_section(path))
    found: dict[PolicyName, Policy] = {}
    for name, entry in (top.policies if top else {}).items():
        place = f"policies.{name}"
        if not plain_name(name):
            faults.add(place, f"{name!r} is no name of letters, digits, dots, dashes and underscores")
        spec = faults.check(_Policy, entry, place)
        if spec is not None:
            found[PolicyName(name)] = spec.policy(name)
    faults.done()
    return found
