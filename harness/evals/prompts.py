"""How a task is put to a model. Pure: the same task makes the same bytes for every candidate."""

import re
from collections.abc import Mapping
from dataclasses import replace

from harness.content import task_extract
from harness.core.ids import TraceId
from harness.core.request import Message, Request, Sampling
from harness.core.suite import Suite, Task

CODE = (
    "Complete the Python function. Answer with one fenced ```python block that holds the whole module: "
    "imports, the function, and any helper it needs."
)
CHOICE = "Answer with the letter of the one right option."
PATCH = (
    "You are changing a Python repository. Answer only with search/replace blocks: the file's path on a line of its "
    "own, then\n<<<<<<< SEARCH\n(lines exactly as they are in the file)\n=======\n(the new lines)\n>>>>>>> REPLACE\n"
    "An empty SEARCH part creates the file. Change no test."
)
AGENT = """\
You are changing a Python repository by shell commands. It is the current folder of every command.
Each reply is a thought in a sentence or two, then exactly one command in a fenced block:

```bash
ls
```

The command runs in a new shell: a variable, a `cd` or a file in /tmp is gone after it; files in the repository stay.
There is no network. A long output is cut in the middle; a command that takes too long is stopped.
Look at the code first, change it, try your change (`python -m pytest` works), then hand in by the single command

```bash
submit
```

What you changed in the repository's files is taken from there. Leave no helper files behind. Change no test that
exists."""


def task_request(suite: Suite, task: Task, *, trace_id: TraceId, sampling: Sampling) -> Request:
    """The request of an answer or code task."""
    instructions = suite.instructions or _usual_instructions(suite, task)
    return _request(suite, task, instructions, _with_choices(task), trace_id=trace_id, sampling=sampling)


def _usual_instructions(suite: Suite, task: Task) -> str:
    """How to write the answer down, where the suite does not say."""
    if suite.kind == "code":
        return CODE
    return CHOICE if task_extract(suite, task).how == "choice" else ""


def _with_choices(task: Task) -> str:
    """The prompt, and below it the options of a multiple choice, one a line: ``A) …``."""
    choices: Mapping[str, str] = task.meta.get("choices") or {}
    options = "\n".join(f"{letter}) {text}" for letter, text in choices.items())
    return f"{task.prompt}\n\n{options}" if options else task.prompt


def patch_request(
    suite: Suite, task: Task, files: Mapping[str, str], *, outline: str = "", trace_id: TraceId, sampling: Sampling
) -> Request:
    """The request of a repo task for a solver with a single request: the statement, then the files it is shown.

    *outline*: names and signatures of further files.
    """
    shown = "\n\n".join(f"{path}\n{fenced(text)}" for path, text in sorted(files.items()))
    content = f"{task.prompt}\n\nThe files:\n\n{shown}"
    if outline:
        content += f"\n\nFurther files, which are not shown, and what they define:\n\n{outline}"
    return _request(suite, task, suite.instructions or PATCH, content, trace_id=trace_id, sampling=sampling)


def agent_task(task: Task) -> str:
    """How a repo task is put to an agent that looks at the repository by itself."""
    return f"What is to be done:\n\n{task.prompt}"


def fenced(text: str, language: str = "") -> str:
    """*text* in a fence that is longer than any inside it."""
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
    return f"{fence}{language}\n{text}\n{fence}"


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
