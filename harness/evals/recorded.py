"""Recorded outputs as a run: one JSON object per line, judged like answers that were just given."""

import gzip
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from harness.core.ballot import Extract
from harness.core.errors import ConfigError, Fault, FaultsError
from harness.core.event import Call
from harness.core.hashing import digest
from harness.core.ids import CandidateId, ModelId, TaskId, TraceId
from harness.core.money import Usage
from harness.core.outcome import Outcome
from harness.core.ports import Journal
from harness.core.request import Request, Sampling, call_key
from harness.core.response import Finish, Response
from harness.core.suite import Suite, Task
from harness.core.trial import Submission, TrialKey
from harness.engine import alone, ballot_of
from harness.evals.patches import FormatFailure, apply_unified
from harness.evals.plan import Plan
from harness.evals.prompts import task_request
from harness.evals.solving import FilesOf, Solved, text_submission

FAULTS_SHOWN = 20


class _Tokens(BaseModel):
    model_config = ConfigDict(extra="forbid")

    input: Annotated[int, Field(ge=0)] = 0
    output: Annotated[int, Field(ge=0)] = 0
    cache_read: Annotated[int, Field(ge=0)] = 0
    cache_write: Annotated[int, Field(ge=0)] = 0
    reasoning: Annotated[int, Field(ge=0)] = 0


class _Line(BaseModel):
    """One line of the file, as the contract of ``harness import`` has it."""

    model_config = ConfigDict(extra="forbid")

    task_id: Annotated[str, Field(min_length=1)]
    model: Annotated[str, Field(min_length=1)]
    text: str | None = None
    patch: str | None = None
    files: dict[str, str | None] | None = None
    epoch: Annotated[int, Field(ge=0)] = 0
    usage: _Tokens | None = None
    cost_usd: Annotated[Decimal, Field(ge=0)] | None = None
    latency_s: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    finish: Finish = Finish.STOP


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """One recorded output."""

    key: TrialKey
    text: str
    patch: str | None
    files: Mapping[str, str | None] | None
    response: Response


def read_outputs(path: Path, suite: Suite) -> dict[TrialKey, Output]:
    """The outputs in *path* (``.jsonl`` or ``.jsonl.gz``) by trial.

    Raises FaultsError with the line of every fault: not JSON, unknown key, unknown task, the same trial twice.
    """
    tasks = {task.id for task in suite.tasks}
    outputs: dict[TrialKey, Output] = {}
    faults: list[Fault] = []
    for number, text in _lines(path):
        try:
            output = _output(_Line.model_validate_json(text), suite)
        except ValidationError as error:
            faults += [_fault(path, number, ".".join(map(str, each["loc"])), each["msg"]) for each in error.errors()]
            continue
        except ConfigError as error:
            faults.append(_fault(path, number, "", str(error)))
            continue
        if output.key.task_id not in tasks:
            problem = f"suite {suite.name!r} has no task {output.key.task_id!r}"
            faults.append(_fault(path, number, "task_id", problem))
        elif output.key in outputs:
            faults.append(_fault(path, number, "", f"a second output for {_spell(output.key)}; number them by 'epoch'"))
        outputs[output.key] = output
    if faults:
        more = [Fault(file=str(path), place="", problem=f"… and {len(faults) - FAULTS_SHOWN} more faults")]
        raise FaultsError(faults[:FAULTS_SHOWN] + (more if len(faults) > FAULTS_SHOWN else []))
    if not outputs:
        raise ConfigError(f"{path}: holds no outputs")
    return outputs


def import_plan(suite: Suite, outputs: Mapping[TrialKey, Output], *, name: str) -> Plan:
    """The plan whose trials are exactly *outputs*."""
    models = sorted({key.candidate for key in outputs})
    named = {key.task_id for key in outputs}
    content = [(key, output.text, output.patch, output.files) for key, output in outputs.items()]
    return Plan(
        suite=suite,
        tasks=tuple(task for task in suite.tasks if task.id in named),
        candidates=tuple(models),
        epochs=1 + max(key.epoch for key in outputs),
        sampling=Sampling(),
        salt=digest(("import", name, content)),
        only=frozenset(outputs),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Importer:
    """Solves trials by looking the recorded output up; writes each down once, as a call that was paid elsewhere."""

    plan: Plan
    outputs: Mapping[TrialKey, Output]
    journal: Journal
    files_of: FilesOf
    recorded: Mapping[str, object]
    """Call keys that the journal already holds."""

    async def solve(self, task: Task, key: TrialKey) -> Solved:
        """The recorded submission for *key*."""
        output = self.outputs[key]
        request = task_request(self.plan.suite, task, trace_id=self.plan.trace(key), sampling=Sampling())
        await self._record(request, output)
        outcome = alone(
            ballot_of(output.response, Extract()), key.candidate, request, latency_s=output.response.latency_s
        )
        return await self._solved(task, output, outcome)

    async def _record(self, request: Request, output: Output) -> None:
        model = output.response.model
        key = call_key(request, model, "vote")
        if key in self.recorded:
            return
        await self.journal.append(
            Call(
                key=key,
                trace_id=TraceId(request.trace_id),
                model=model,
                purpose="vote",
                request_sha256=request.sha256,
                request=None,
                reply=output.response,
            )
        )

    async def _solved(self, task: Task, output: Output, outcome: Outcome) -> Solved:
        if output.files is not None:
            return Solved(submission=Submission(format="files", text="", files=output.files), outcomes=(outcome,))
        if output.patch is not None:
            return Solved(submission=patched(output.patch, await self.files_of(task)), outcomes=(outcome,))
        if not outcome.served:
            return Solved(submission=None, outcomes=(outcome,))
        return Solved(submission=text_submission(self.plan.suite, output.text), outcomes=(outcome,))


def patched(patch: str, tree: Mapping[str, str]) -> Submission:
    """A unified diff as new file contents; ``error`` says why it does not apply."""
    files = apply_unified(patch, tree)
    if isinstance(files, FormatFailure):
        return Submission(format="none", text=patch, error=files.why)
    return Submission(format="udiff", text=patch, files=files)


def _output(line: _Line, suite: Suite) -> Output:
    given = [name for name in ("text", "patch", "files") if getattr(line, name) is not None]
    if len(given) != 1:
        raise ConfigError(f"one of 'text', 'patch' and 'files' is wanted; there are: {', '.join(given) or 'none'}")
    if suite.kind != "repo" and given != ["text"]:
        raise ConfigError(
            f"{given[0]!r} is for repo suites; suite {suite.name!r} is of kind {suite.kind!r}: use 'text'"
        )
    text = line.text or ""
    key = TrialKey(task_id=TaskId(line.task_id), candidate=CandidateId(line.model), epoch=line.epoch)
    response = Response(
        model=ModelId(line.model),
        text=text if line.files is None and line.patch is None else line.patch or json.dumps(line.files),
        finish=line.finish,
        usage=Usage(**line.usage.model_dump()) if line.usage else None,
        cost_usd=line.cost_usd,
        latency_s=line.latency_s,
    )
    return Output(key=key, text=text, patch=line.patch, files=line.files, response=response)


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    try:
        with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, start=1):
                if line.strip():
                    yield number, line
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from error


def _fault(path: Path, number: int, place: str, problem: str) -> Fault:
    return Fault(file=f"{path}:{number}", place=place, problem=problem)


def _spell(key: TrialKey) -> str:
    return f"task {key.task_id!r}, model {key.candidate!r}, epoch {key.epoch}"
