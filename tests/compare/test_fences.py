"""Fenced blocks, and fences that are text inside a block."""

from hypothesis import given
from hypothesis import strategies as st

from harness.compare.fences import Block, blocks

INNER = 'def f():\n    """Twice.\n\n    ```python\n    f()\n    ```\n    """\n    return 1\n'


def test_a_fence_in_a_docstring_closes_nothing() -> None:
    assert blocks(f"Here:\n```python\n{INNER}```\nThat is all.") == (Block(language="python", body=INNER),)


def test_a_block_may_stand_in_a_list() -> None:
    assert blocks("1. so\n   ```py\n   x = 1\n   ```\n2. done") == (Block(language="py", body="   x = 1\n"),)


def test_a_fence_that_is_indented_too_deep_still_closes_if_no_other_does() -> None:
    assert blocks("```py\nx = 1\n  ```\nbye") == (Block(language="py", body="x = 1\n"),)


def test_only_the_same_fence_closes_and_a_longer_one_holds_a_shorter_one() -> None:
    assert blocks("````md\n```\nx\n```\n````\n") == (Block(language="md", body="```\nx\n```\n"),)
    assert blocks("~~~\n```\n~~~") == (Block(language="", body="```\n"),)


def test_a_block_without_an_end_goes_on_to_the_last_line() -> None:
    assert blocks("```py\nx = 1") == (Block(language="py", body="x = 1"),)
    assert blocks("```") == (Block(language="", body=""),)
    assert blocks("no block, `code` only") == ()


def test_code_in_a_line_opens_no_block() -> None:
    assert blocks("```x``` and\n```py\ny\n```") == (Block(language="py", body="y\n"),)


def test_a_megabyte_of_fences_is_read() -> None:
    assert len(blocks("```\n" * 250_000)) == 125_000  # about half a second; squared it would be hours


@given(
    st.lists(st.sampled_from(["```", "```py", "    ```", "  ~~~", "~~~~", "x = 1", "", "````", "\t```"]), max_size=30)
)
def test_every_line_is_in_one_block_at_most(lines: list[str]) -> None:
    text = "\n".join(lines)
    found = blocks(text)
    assert sum(len(block.body) for block in found) <= len(text)
    assert all(block.body in text for block in found)
