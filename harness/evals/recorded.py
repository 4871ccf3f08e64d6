"""Recorded outputs as a run: one JSON object per line, judged like answers that were just given."""

import gzip
import json
import zlib
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from harness.core.ballot import Extract
from harness.core.errors import ConfigError, Fault, FaultsError
from harness.core.event import Call
from harness.core.hashing import digest
from harness.core.ids import CandidateId, ModelId, TaskId
from harness.core.money import Usage
from harness.core.ports import Journal
from harness.core.request import Request, Sampling, call_key
from harness.core.response import Finish, Reply, Response
from harness.core.suite import Suite, Task
from harness.core.trial import Submission, TrialKey
from harness.engine import alone, ballot_of
from harness.evals.patches import FormatFailure, apply_unified
from harness.evals.plan import Plan
from harness.evals.prompts import task_request
from harness.evals.solving import FilesOf, Solved, submission_of, text_submission

FAULTS_SHOWN = 20
EPOCHS_MAX = 10_000
FORM = "imported:"
"""Begins the note that says in which form an output of a repo suite was handed in: ``patch`` or ``files``."""


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
    epoch: Annotated[int, Field(ge=0, lt=EPOCHS_MAX)] = 0
    usage: _Tokens | None = None
    cost_usd: Annotated[Decimal, Field(ge=0)] | None = None
    latency_s: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    finish: Finish = Finish.STOP


def read_outputs(path: Path, suite: Suite) -> dict[TrialKey, Response]:
    """The outputs in *path* (``.jsonl`` or ``.jsonl.gz``) by trial, each as the response that it was.

    Raises FaultsError with the line of every fault: not JSON, unknown key, unknown task, the same trial twice.
    """
    tasks = {task.id for task in suite.tasks}
    outputs: dict[TrialKey, Response] = {}
    faults: list[Fault] = []
    for number, text in _lines(path):
        try:
            key, response = _output(_Line.model_validate_json(text), suite)
        except ValidationError as error:
            faults += [_fault(path, number, *_said(each)) for each in error.errors(include_url=False)]
            continue
        except ConfigError as error:
            faults.append(_fault(path, number, "", str(error)))
            continue
        if key.task_id not in tasks:
            problem = f"suite {suite.name!r} has no task {key.task_id!r}"
            faults.append(_fault(path, number, "task_id", problem))
        elif key in outputs:
            faults.append(_fault(path, number, "", f"a second output for {_spell(key)}; number them by 'epoch'"))
        outputs[key] = response
    if faults:
        more = [Fault(file=str(path), place="", problem=f"… and {len(faults) - FAULTS_SHOWN} more faults")]
        raise FaultsError(faults[:FAULTS_SHOWN] + (more if len(faults) > FAULTS_SHOWN else []))
    if not outputs:
        raise ConfigError(f"{path}: holds no outputs")
    return outputs


def import_plan(suite: Suite, outputs: Mapping[TrialKey, Response], *, name: str) -> Plan:
    """The plan whose trials are exactly *outputs*. Another order of the same lines is the same plan."""
    models = sorted({key.candidate for key in outputs})
    named = {key.task_id for key in outputs}
    content = sorted((key.task_id, key.candidate, key.epoch, digest(response)) for key, response in outputs.items())
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
    outputs: Mapping[TrialKey, Response]
    journal: Journal
    files_of: FilesOf
    recorded: Mapping[str, object]
    """Call keys that the journal already holds."""

    async def solve(self, task: Task, key: TrialKey) -> Solved:
        """The recorded submission for *key*."""
        response = self.outputs[key]
        request = await self.store(task, key)
        return await solved(self.plan.suite, task, key, (request, response), self.files_of)

    async def store(self, task: Task, key: TrialKey) -> Request:
        """Write the output for *key* down, if it is not on record; the request it answers."""
        response = self.outputs[key]
        request = task_request(self.plan.suite, task, trace_id=self.plan.trace(key), sampling=Sampling())
        name = call_key(request, response.model, "vote")
        if name not in self.recorded:
            await self.journal.append(
                Call(
                    key=name,
                    trace_id=request.trace_id,
                    model=response.model,
                    purpose="vote",
                    request_sha256=request.sha256,
                    request=None,
                    reply=response,
                )
            )
        return request


async def solved(suite: Suite, task: Task, key: TrialKey, exchange: tuple[Request, Reply], files_of: FilesOf) -> Solved:
    """What an imported output amounts to."""
    request, reply = exchange
    outcome = alone(ballot_of(reply, Extract()), key.candidate, request, latency_s=reply.latency_s)
    if not isinstance(reply, Response) or not outcome.served:
        return Solved(submission=None, outcomes=(outcome,))

    async def tree() -> Mapping[str, str]:
        return await files_of(task)

    return Solved(submission=await _submission(suite, reply, tree), outcomes=(outcome,))


async def _submission(suite: Suite, response: Response, tree: Callable[[], Awaitable[Mapping[str, str]]]) -> Submission:
    form = next((note.removeprefix(FORM) for note in response.notes if note.startswith(FORM)), "text")
    if form == "files":
        return Submission(format="files", files=json.loads(response.text))
    if form == "patch":
        return patched(response.text, await tree())
    if suite.kind == "repo":
        return submission_of(response.text, await tree())
    return text_submission(suite, response.text)


def patched(patch: str, tree: Mapping[str, str]) -> Submission:
    """A unified diff as new file contents; ``error`` says why it does not apply."""
    files = apply_unified(patch, tree)
    if isinstance(files, FormatFailure):
        return Submission(format="none", text=patch, error=files.why)
    return Submission(format="udiff", text=patch, files=files)


def _output(line: _Line, suite: Suite) -> tuple[TrialKey, Response]:
    given = {"text": line.text, "patch": line.patch, "files": None if line.files is None else json.dumps(line.files)}
    forms = [form for form, content in given.items() if content is not None]
    if len(forms) != 1:
        raise ConfigError(f"one of 'text', 'patch' and 'files' is wanted; there are: {', '.join(forms) or 'none'}")
    (form,) = forms
    if suite.kind != "repo" and form != "text":
        raise ConfigError(f"{form!r} is for repo suites; suite {suite.name!r} is of kind {suite.kind!r}: use 'text'")
    key = TrialKey(task_id=TaskId(line.task_id), candidate=CandidateId(line.model), epoch=line.epoch)
    response = Response(
        model=ModelId(line.model),
        text=given[form] or "",
        finish=line.finish,
        usage=Usage(**line.usage.model_dump()) if line.usage else None,
        cost_usd=line.cost_usd,
        latency_s=line.latency_s,
        notes=() if form == "text" else (f"{FORM}{form}",),
    )
    return key, response


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    try:
        opened = gzip.open if path.suffix == ".gz" else open
        with opened(path, "rt", encoding="utf-8-sig") as file:
            for number, line in enumerate(file, start=1):
                if line.strip():
                    yield number, line
    except (OSError, EOFError, UnicodeDecodeError, zlib.error) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from error


def _said(error: ErrorDetails) -> tuple[str, str]:
    """Place and problem, for people."""
    place = ".".join(map(str, error["loc"]))
    if error["type"] == "extra_forbidden":
        return place, f"no such key; there are: {', '.join(_Line.model_fields)}"
    if error["type"] in ("json_invalid", "missing"):
        return place, error["msg"]
    return place, f"{error['msg']}; it is {repr(error['input'])[:60]}"


def _fault(path: Path, number: int, place: str, problem: str) -> Fault:
    return Fault(file=f"{path}:{number}", place=place, problem=problem)


def _spell(key: TrialKey) -> str:
    return f"task {key.task_id!r}, model {key.candidate!r}, epoch {key.epoch}"
