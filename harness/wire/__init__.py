"""Requests to HTTP values and back, one family of APIs per file. Pure: nothing here sends, waits or looks at a clock.

``family(api)`` gives the four families that speak HTTP; a ``scripted`` card has no HTTP at all, so it is not in that
table: read its file with :func:`parse_script` and call :meth:`Script.answer`.

To add a family: write one file with a ``Family`` value (``encode``, ``read``, ``step``, ``tally`` and the finish
words), add its name to ``Api`` in the core and to ``HttpApi`` here, and put it into ``HTTP_FAMILIES``.
"""

from harness.wire.families import HTTP_FAMILIES, family
from harness.wire.family import Family, Finished, InBandError, Stream, StreamEvent, TextDelta, UsageSeen
from harness.wire.scripted import Script, ScriptedReply, parse_script
from harness.wire.spelling import HttpApi

__all__ = [
    "HTTP_FAMILIES",
    "Family",
    "Finished",
    "HttpApi",
    "InBandError",
    "Script",
    "ScriptedReply",
    "Stream",
    "StreamEvent",
    "TextDelta",
    "UsageSeen",
    "family",
    "parse_script",
]
