"""The environment of a suite's tasks at one of their commits; how one is made is in ``evals/environments``."""

from pathlib import Path

from harness.core.suite import Environment, Suite
from harness.evals.environments import PreparedEnvironment, make_for_suite
from harness.evals.grading.tree import base_tree


async def prepare(
    suite: Suite, base_commit: str | None, cache: Path, *, settings: Environment | None = None
) -> PreparedEnvironment:
    """The environment of *suite* at *base_commit*, from *cache* or newly made below it.

    *settings*: of a task that differs from its suite. Raises what ``make_for_suite`` does.
    """
    assert suite.repo_path is not None, "content gives a repo suite its repository"
    tree = await base_tree(suite.repo_path, base_commit, cache)
    return await make_for_suite(settings or suite.environment, suite.folder, tree, cache)
