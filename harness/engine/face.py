"""The Python face: ``async with harness.open() as h: outcome = await h.ask(question, policy="payments")``."""

import asyncio
import os
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from harness.content import find_home, load_registry
from harness.core.ids import GENERAL, CandidateId, ModelId, PolicyName, TaskClass, TraceId
from harness.core.outcome import Outcome
from harness.core.request import user_request
from harness.engine.asking import Question
from harness.engine.candidates import Directory
from harness.engine.session import Session, open_session, require_keys
from harness.transport import SystemClock


@dataclass(slots=True)
class Harness:
    """An open engine. Comes from :func:`open_harness`."""

    session: Session
    directory: Directory
    environ: Mapping[str, str] = field(repr=False)  # it holds the keys
    _asked: int = 0

    async def ask(
        self,
        prompt: str,
        *,
        policy: str | None = None,
        candidate: str | None = None,
        task_class: str | None = None,
    ) -> Outcome:
        """The outcome of asking *prompt* under *policy*, or of *candidate*: a model, ``consensus/…`` or ``route/…``.

        The class of work is the policy's unless it is named. Failures of models are part of the outcome. Raises
        ConfigError for an unknown name and for a key that is not set.
        """
        if (policy is None) == (candidate is None):
            raise TypeError("ask() takes either policy= or candidate=")
        name = CandidateId(f"consensus/{policy}" if policy is not None else str(candidate))
        require_keys(list(self.directory.cards_of([name]).values()), self.environ)
        self._asked += 1
        request = user_request(
            prompt,
            trace_id=TraceId(f"{self.session.journal.path.stem}/{self._asked}"),
            task_class=TaskClass(task_class) if task_class else self._class_of(policy),
        )
        return await self.session.engine.ask(Question(request=request), name)

    @property
    def models(self) -> Sequence[ModelId]:
        """The models of the registry."""
        return tuple(self.directory.cards)

    def _class_of(self, policy: str | None) -> TaskClass:
        known = self.directory.policies.get(PolicyName(policy)) if policy is not None else None
        return known.task_class if known else GENERAL


@asynccontextmanager
async def open_harness(
    home: Path | str | None = None,
    *,
    max_cost_usd: Decimal | None = None,
    environ: Mapping[str, str] | None = None,
) -> AsyncIterator[Harness]:
    """The engine over a home folder, found as the command line finds it. Everything is written to a journal there.

    Args:
        home: The folder; None: ``$HARNESS_HOME``, the current folder, the checkout, the installed copy.
        max_cost_usd: Hard limit on everything asked while it is open.
        environ: Where keys are looked up; None: the process's environment.
    """
    env = os.environ if environ is None else environ
    found = find_home(flag=None if home is None else Path(home), environ=env, cwd=Path.cwd())
    registry = load_registry(found)
    clock = SystemClock()
    name = f"py-{clock.now():%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"
    async with open_session(
        found, registry, journal_name=name, environ=env, max_cost_usd=max_cost_usd, clock=clock
    ) as session:
        yield Harness(session, session.engine.directory, env)


def ask_sync(
    prompt: str,
    *,
    policy: str | None = None,
    candidate: str | None = None,
    home: Path | str | None = None,
) -> Outcome:
    """:meth:`Harness.ask` for code without an event loop; opens and closes everything for the one question."""

    async def go() -> Outcome:
        async with open_harness(home) as h:
            return await h.ask(prompt, policy=policy, candidate=candidate)

    return asyncio.run(go())
