"""The families that speak HTTP, in one table."""

from collections.abc import Mapping

from harness.wire.anthropic import ANTHROPIC
from harness.wire.family import Family
from harness.wire.gemini import GEMINI
from harness.wire.openai_chat import OPENAI_CHAT
from harness.wire.openai_responses import OPENAI_RESPONSES
from harness.wire.spelling import HttpApi

HTTP_FAMILIES: Mapping[HttpApi, Family] = {
    "openai-chat": OPENAI_CHAT,
    "openai-responses": OPENAI_RESPONSES,
    "anthropic": ANTHROPIC,
    "gemini": GEMINI,
}


def family(api: HttpApi) -> Family:
    """The family of *api*. ``scripted`` is none: mypy narrows ``card.api`` after ``if card.api == "scripted"``."""
    return HTTP_FAMILIES[api]
