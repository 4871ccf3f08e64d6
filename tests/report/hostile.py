"""Texts that must stay texts, and a way to put them into every field of anything."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from types import UnionType
from typing import Any, Literal, NewType, Union, get_args, get_origin, get_type_hints

HOSTILE = (
    '</script><script>document.title="PWNED"</script>',
    "</style><style>body{display:none}</style>",
    "<img src=x onerror=\"document.title='PWNED'\">",
    "<svg onload=\"document.title='PWNED'\"><a xlink:href='javascript:alert(1)'>",
    "\"><script>document.title='PWNED'</script>",
    "' autofocus onfocus=document.title='PWNED' x='",
    "{{7*7}} {% raw %} ${7*7} {{ self }}",
    "]]><!--<!DOCTYPE html>-->",
    "nul\x00bell\x07 \x1b[31mred\x1b[0m \x1b]8;;http://evil.example/\x07link",
    "\u202egnp.exe\u2066 zero\u200bwidth \u2028 \ud800 \uffff",
    "[a](javascript:alert(1)) <https://evil.example/pixel.png> ![i](https://evil.example/p.png)",
    "<base href='https://evil.example/'><link rel=stylesheet href='//evil.example/x.css'><meta http-equiv=refresh content='0;url=//evil.example'>",
    "<iframe srcdoc='<script>parent.document.title=1</script>'></iframe><form action='//evil.example'><input name=q></form>",
    "</textarea></title></pre></code></details></table></tbody></body></html><plaintext>",
    "&lt;script&gt; &#x3c;script&#x3e; &NewLine;",
    "+ADw-script+AD4-alert(1)+ADw-/script+AD4-",
)


def poisoned(value: Any, text: str, hint: Any = None) -> Any:
    """*value* with *text* behind every string in it, and in place of every string that may be absent and is.

    Found by the types of the fields, so a new field is poisoned without anybody thinking of it. Words of a closed set
    (enumerations, literals), numbers and times stay; keys of free mappings get it too.
    """
    if is_dataclass(value) and not isinstance(value, type):
        hints = get_type_hints(type(value))
        changed = {each.name: poisoned(getattr(value, each.name), text, hints[each.name]) for each in fields(value)}
        return replace(value, **changed)
    if isinstance(value, Enum) or get_origin(hint) is Literal:
        return value
    if value is None:
        return text if _may_be_text(hint) else None
    if isinstance(value, str):
        return value + text
    if isinstance(value, Mapping):
        free = get_origin(hint) is not None
        inner = get_args(hint)[1] if free else None
        return {(key + text if free else key): poisoned(item, text, inner) for key, item in value.items()}
    if isinstance(value, Sequence):
        return type(value)(poisoned(item, text, _member(hint)) for item in value)  # type: ignore[call-arg]
    return value


def _may_be_text(hint: Any) -> bool:
    if isinstance(hint, NewType):
        return _may_be_text(hint.__supertype__)
    if get_origin(hint) in (Union, UnionType):
        return any(_may_be_text(each) for each in get_args(hint))
    return hint is str


def _member(hint: Any) -> Any:
    parts = [each for each in get_args(hint) if each is not Ellipsis]
    return parts[0] if len(parts) == 1 else None
