"""Mistakes on the command line, in one line: what, which value, and what would have worked."""

import re
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any

_SAID = (
    (re.compile(r"valid integer"), "is not a whole number"),
    (re.compile(r"valid number"), "is not a number"),
    (re.compile(r"greater than or equal to (\S+)"), r"is below \1"),
    (re.compile(r"less than or equal to (\S+)"), r"is above \1"),
)
"""How the library that reads options puts it, and how we do."""


def told(error: Any, words: Sequence[str]) -> str:
    """*error*, a usage error of the library that reads the options, told in one line.

    *words* are the command line as it was typed, from which the value is taken. Kinds of errors are told apart by
    what they carry: the library does not export their classes.
    """
    path = _path(error, words)
    return f"{path}: {_what(error, words)} (see: {path} --help)"


def nearest(name: str, known: Sequence[str]) -> str:
    """What may have been meant by *name*.

    >>> nearest("rnu", ["run", "ask"]), nearest("xyz", ["run", "ask"])
    ("did you mean 'run'?", 'there are: run, ask')
    """
    near = get_close_matches(name, known, n=1)
    return f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(known)}"


def _path(error: Any, words: Sequence[str]) -> str:
    if error.ctx is not None:
        return str(error.ctx.command_path)
    return " ".join(["harness", *(word for word in words[:1] if not word.startswith("-"))])


def _what(error: Any, words: Sequence[str]) -> str:
    message = str(error.format_message()).strip()
    param = getattr(error, "param", None)
    if message.startswith("Missing") and param is not None:
        return f"{_name(param)} is missing"
    if param is not None:
        return f"{_name(param)}: {_value(param, words)}{_reworded(error.message)}"
    if message.startswith("No such option"):
        return f"no option {error.option_name!r}{_instead(error)}"
    if message.startswith("No such command"):
        name = re.split("['\"]", message)[1]
        return f"no command {name!r}; {nearest(name, list(error.ctx.command.commands))}"
    if message.endswith("requires an argument."):
        return f"{error.option_name} needs a value"
    if "extra argument" in message:
        return f"one argument too many: {message.rpartition('(')[2].rstrip(')')}"
    return message


def _name(param: Any) -> str:
    """As it is typed, or as the usage line calls it."""
    options = [name for name in param.opts if name.startswith("--")]
    return str(options[0] if options else param.metavar or param.name).strip("[]").removesuffix("…")


def _value(param: Any, words: Sequence[str]) -> str:
    """The value that *words* give the option, in ``repr`` and with a blank; empty for an argument."""
    for place, word in enumerate(words):
        option, equals, value = word.partition("=")
        if option in param.opts:
            return f"{(value if equals else words[place + 1])!r} "
    return ""


def _reworded(message: str) -> str:
    for theirs, ours in _SAID:
        found = theirs.search(message)
        if found:
            return found.expand(ours)
    return message[:1].lower() + message[1:]


def _instead(error: Any) -> str:
    near = getattr(error, "possibilities", None)
    return f"; did you mean {' or '.join(map(repr, sorted(near)))}?" if near else ""
