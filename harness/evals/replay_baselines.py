"""What to hold a policy against: the best model alone, and policies that count and know nothing else. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from harness.core.ids import ModelId
from harness.core.money import sum_known
from harness.core.policy import OnDivergence, Policy, Quorum, Rule, Tiebreak, Unanimous
from harness.evals.replay import Item, Replayed, recorded_ballot, replay
from harness.evals.replay_reader import Reader
from harness.evals.replay_votes import Voted, votes_of

TRIPLE = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """One way to decide without a calibration, on the same answers."""

    name: str
    models: tuple[ModelId, ...]
    replayed: tuple[Replayed, ...]


def baselines(items: Sequence[Item], policy: Policy, reader: Reader) -> list[Baseline]:
    """The best single model and the static policies that the panel of *policy* has members for.

    Who is best is judged on these very answers, in favour of the baselines. Without known prices the least accurate
    members stand for the cheap ones.
    """
    models = by_accuracy(items, policy)
    best = models[0]
    found = [Baseline(name="best single model", models=(best,), replayed=_alone(items, best, reader))]
    for name, members, variant in _static(policy, models, _cheapest(items, policy, models)):
        found.append(Baseline(name=name, models=members, replayed=tuple(replay(items, variant, reader=reader))))
    found.append(Baseline(name="plurality", models=policy.voters, replayed=_plurality(items, policy, reader)))
    return found


def by_accuracy(items: Sequence[Item], policy: Policy) -> list[ModelId]:
    """The voters, most often right first."""
    rights: Mapping[ModelId, list[bool]] = {model: [] for model in policy.voters}
    for item in items:
        for model in policy.voters:
            known = item.recorded.get(model)
            if known is not None and known.right is not None:
                rights[model].append(known.right)
    share = {model: sum(each) / len(each) if each else 0.0 for model, each in rights.items()}
    return sorted(policy.voters, key=lambda model: (-share[model], policy.voters.index(model)))


def _static(
    policy: Policy, models: Sequence[ModelId], cheapest: Sequence[ModelId]
) -> list[tuple[str, tuple[ModelId, ...], Policy]]:
    best = tuple(models[:TRIPLE])
    cheap = tuple(model for model in cheapest if model != models[0])[:2]
    everyone = tuple(models)
    found = [
        (f"any two of {'three' if len(best) == TRIPLE else 'two'}", best, _variant(policy, best, Quorum(k=2))),
        ("unanimous", everyone, _variant(policy, everyone, Unanimous())),
    ]
    if len(cheap) == 2:
        settled = _variant(policy, cheap, Unanimous(), tiebreak=models[0], on_divergence="serve_best")
        found.append(("two cheap, strong tiebreak", (*cheap, models[0]), settled))
    return found


def _variant(
    policy: Policy,
    panel: tuple[ModelId, ...],
    rule: Rule,
    *,
    tiebreak: ModelId | None = None,
    on_divergence: OnDivergence = "refuse",
) -> Policy:
    return replace(
        policy,
        panel=panel,
        rule=rule,
        order="accurate_first",
        tiebreak=None if tiebreak is None else Tiebreak(model=tiebreak),
        on_divergence=on_divergence,
    )


def _cheapest(items: Sequence[Item], policy: Policy, models: Sequence[ModelId]) -> list[ModelId]:
    prices = next((item.prices for item in items if all(model in item.prices for model in policy.voters)), None)
    if prices is None:
        return list(reversed(models))
    return sorted(models, key=lambda model: prices[model])


def _alone(items: Sequence[Item], model: ModelId, reader: Reader) -> tuple[Replayed, ...]:
    return tuple(_replayed(item, (model,), _own(item, model, reader)) for item in items)


def _own(item: Item, model: ModelId, reader: Reader) -> ModelId | None:
    return model if recorded_ballot(item, reader, model).valid else None


def _plurality(items: Sequence[Item], policy: Policy, reader: Reader) -> tuple[Replayed, ...]:
    voted = votes_of(items, policy, reader)
    return tuple(_replayed(each.item, policy.voters, _largest(each)) for each in voted)


def _largest(voted: Voted) -> ModelId | None:
    """Who speaks for the largest group, of equals for the one whose member is named first."""
    given = [group for group in voted.votes if group is not None]
    if not given:
        return None
    most = max(given, key=lambda group: (given.count(group), -given.index(group)))
    return voted.ballots[voted.votes.index(most)].model


def _replayed(item: Item, asked: Sequence[ModelId], winner: ModelId | None) -> Replayed:
    costs = [item.recorded[model].reply.cost_usd if model in item.recorded else None for model in asked]
    return Replayed(
        task_id=item.task_id,
        epoch=item.epoch,
        served=winner is not None,
        right=None if winner is None else item.recorded[winner].right,
        calls=len(asked),
        cost_usd=sum_known(costs),
        reason="" if winner is not None else "divergent",
        winner=winner,
    )
