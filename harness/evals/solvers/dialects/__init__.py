"""The three ways in which agents talk to models, read and spoken from the server's side. Pure.

A body becomes messages and sampling, an answer becomes a body, or for a stream its events, all sent at once when the
answer is complete. To add a way: one file with a ``Dialect``, one row in ``DIALECTS``.
"""

from harness.evals.solvers.dialects.chat import CHAT
from harness.evals.solvers.dialects.messages import MESSAGES
from harness.evals.solvers.dialects.nouns import Asked, BadRequest, Dialect, Frame, Said
from harness.evals.solvers.dialects.responses import RESPONSES

DIALECTS = (CHAT, MESSAGES, RESPONSES)

__all__ = ["CHAT", "DIALECTS", "MESSAGES", "RESPONSES", "Asked", "BadRequest", "Dialect", "Frame", "Said"]
