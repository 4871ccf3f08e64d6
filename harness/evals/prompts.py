"""How a task is put to a model. Pure: the same task makes the same bytes for every candidate."""

from collections.abc import Mapping
from dataclasses import replace

from harness.core.ids import TraceId
from harness.core.request import Message, Request, Sampling
from harness.core.suite import Suite, Task

CODE = (
    "Complete the Python function. Answer with one fenced ```python block that holds the whole module: "
    "imports, the function, and any helper it needs."
)
PATCH = (
    "You are changing a Python repository. Answer only with search/replace blocks: the file's path on a line of its "
    "own, then\n<<<<<<< SEARCH\n(lines exactly as they are in the file)\n=======\n(the new lines)\n>>>>>>> REPLACE\n"
    "An empty SEARCH part creates the file. Change no test."
)


def task_request(suite: Suite, task: Task, *, trace_id: TraceId, sampling: Sampling) -> Request:
    """The request of an answer or code task."""
    instructions = suite.instructions or (CODE if suite.kind == "code" else "")
    return _request(suite, task, instructions, task.prompt, trace_id=trace_id, sampling=sampling)


def patch_request(
    suite: Suite, task: Task, files: Mapping[str, str], *, trace_id: TraceId, sampling: Sampling
) -> Request:
    """The request of a repo task for a solver with a single request: the statement, then the files it is shown."""
    shown = "\n\n".join(f"{path}\n```\n{text}\n```" for path, text in sorted(files.items()))
    content = f"{task.prompt}\n\nThe files:\n\n{shown}"
    return _request(suite, task, suite.instructions or PATCH, content, trace_id=trace_id, sampling=sampling)


def second_try(request: Request, answered: str, error: str) -> Request:
    """*request* continued by the unusable answer and what was wrong with it."""
    complaint = Message(
        role="user",
        content=f"That could not be applied: {error}\nAnswer again with all blocks, corrected.",
    )
    return replace(request, messages=(*request.messages, Message(role="assistant", content=answered), complaint))


def _request(
    suite: Suite, task: Task, instructions: str, content: str, *, trace_id: TraceId, sampling: Sampling
) -> Request:
    system = (Message(role="system", content=instructions),) if instructions else ()
    return Request(
        messages=(*system, Message(role="user", content=content)),
        sampling=sampling,
        task_class=task.task_class or suite.task_class,
        trace_id=trace_id,
    )
