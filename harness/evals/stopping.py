"""``--stop-early``: the plan that is laid down before the first call, and the pairs in its order, one after another."""

from dataclasses import dataclass, field, replace

from harness.core.errors import ConfigError
from harness.core.hashing import Json, digest, plain
from harness.core.ids import TaskId
from harness.core.trial import Grade, Graded, TrialKey
from harness.evals.plan import Plan
from harness.stats import Look, StopRule, Watch, place_of

STOPPING = "stopping"
"""In the provenance of a run: its plan, and the hash of it."""
ARMS = 2


def stopping_plan(plan: Plan, *, margin: float) -> Plan:
    """*plan* with its tasks in the order of its seed, and the rule by which it may end early.

    Raises ConfigError unless it has two candidates and one epoch: a look is at a pair of single trials.
    """
    if len(plan.candidates) != ARMS:
        raise ConfigError(f"--stop-early: compares two candidates; --models names {len(plan.candidates)}")
    if plan.epochs != 1:
        raise ConfigError(f"--stop-early: looks at pairs of single trials; --epochs is {plan.epochs}, it has to be 1")
    tasks = sorted(plan.tasks, key=lambda task: place_of(plan.seed, task.id, task.digest))
    return replace(plan, tasks=tuple(tasks), stopping=StopRule(pairs=len(tasks), margin=margin))


def aa_plan(plan: Plan) -> Plan:
    """*plan* of one candidate with every epoch twice: samples of its own to compare it with.

    No seed is sent to the model: samples of one seed would be alike and tell nothing of its noise.
    Raises ConfigError for several candidates.
    """
    if len(plan.candidates) != 1:
        raise ConfigError(f"--aa: compares one candidate with itself; --models names {len(plan.candidates)}")
    sampling = replace(plan.sampling, seed=None)
    return replace(plan, epochs=ARMS * plan.epochs, sampling=sampling, salt=f"{plan.salt}aa")


def stopping_facts(plan: Plan) -> dict[str, Json]:
    """What goes on record before the first call, under :data:`STOPPING`; nothing for other plans."""
    if plan.stopping is None:
        return {}
    facts: dict[str, Json] = {
        "rule": plan.stopping.version,
        "candidates": list(plan.candidates),
        "pairs": plan.stopping.pairs,
        "margin": plan.stopping.margin,
        "alpha": plan.stopping.alpha,
        "order_seed": plan.seed,
        "tasks_sha256": digest([(task.id, task.digest) for task in plan.tasks]),
        "suite_digest": plan.suite.digest,
    }
    return {STOPPING: {"plan": plain(facts), "sha256": digest(facts)}}


@dataclass(slots=True, kw_only=True)
class Frontier:
    """Grades as they come in, handed to the rule pair by pair in the planned order.

    Trials end in an order that depends on how long they take, and failures take longer: a look that followed it would
    see some outcomes before others. So a pair waits until all before it are complete, and a run that is continued
    decides what an undisturbed one does.
    """

    plan: Plan
    _watch: Watch = field(init=False)
    _places: dict[TaskId, int] = field(init=False)
    _waiting: dict[TrialKey, Grade] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Begin before the first pair."""
        assert self.plan.stopping is not None, "only such plans have a frontier"
        self._watch = Watch(rule=self.plan.stopping)
        self._places = {task.id: place for place, task in enumerate(self.plan.tasks)}

    @property
    def look(self) -> Look:
        """Where it stands."""
        return self._watch.look

    def near(self, key: TrialKey, *, ahead: int) -> bool:
        """Whether its pair is among the next *ahead* to be looked at."""
        return self._places[key.task_id] < self._watch.look.seen + ahead

    def take(self, graded: Graded) -> None:
        """One more grade; of what comes after the stop nothing is read."""
        self._waiting[graded.key] = graded.grade
        while not self._watch.look.stopped and (pair := self._next()) is not None:
            a, b = pair
            self._watch.take(a=_resolved(a), b=_resolved(b))

    def _next(self) -> tuple[Grade, Grade] | None:
        task = self.plan.tasks[self._watch.look.seen]
        keys = [TrialKey(task_id=task.id, candidate=candidate, epoch=0) for candidate in self.plan.candidates]
        if not all(key in self._waiting for key in keys):
            return None
        a, b = (self._waiting.pop(key) for key in keys)
        return a, b


def _resolved(grade: Grade) -> bool | None:
    return grade is Grade.RESOLVED if grade.measured else None
