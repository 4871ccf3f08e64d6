"""Programs under their hidden tests in the sandbox, one after the other; prints seconds as JSON.

``python -m tests.bench.executing N`` runs the references of the code suite that is shipped, N in all.
"""

import asyncio
import json
import sys
import time
from itertools import cycle, islice
from pathlib import Path

from harness.content import find_home, load_suite
from harness.core.execution import Isolation
from harness.core.trial import Grade
from harness.evals.execution import open_executor


async def main(count: int) -> None:
    home = find_home(flag=Path.cwd(), environ={}, cwd=Path.cwd())
    suite = load_suite(home, "starter-code")
    async with open_executor(suite, minimum=Isolation.STANDARD) as executor:
        await executor.code(suite.tasks[0], str(suite.tasks[0].meta["reference"]))  # not counted: opens the sandbox
        began_s = time.perf_counter()
        for task in islice(cycle(suite.tasks), count):
            _, judged = await executor.code(task, str(task.meta["reference"]))
            assert judged.grade is Grade.RESOLVED, f"{task.id}: {judged.detail}"
        print(json.dumps({"wall_s": time.perf_counter() - began_s}))


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
