"""A family of APIs as a value: how to ask, how to read a reply, and how to read a stream piece by piece.

A stream is read like h11 reads a connection: ``stream, events = family.feed(stream, chunk)`` for each chunk, then
``family.close(...)`` for the reply. The state is a value; nothing is kept anywhere else.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

import httpx

from harness.core.card import Card
from harness.core.hashing import Json
from harness.core.money import Usage
from harness.core.request import Request
from harness.core.response import Failure, Finish, Reply
from harness.wire.body import Body, Unreadable, first, mapping, parse
from harness.wire.classify import problem_in
from harness.wire.rules import Arrival, cut, error_in, failed, judged, unintelligible, unreadable
from harness.wire.said import Said
from harness.wire.scrub import plain_headers, sent_keys
from harness.wire.spelling import HttpApi
from harness.wire.sse import Frame, Framing, frames, rest
from harness.wire.tally import Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class TextDelta:
    """More of the answer's text."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """Why the model stopped."""

    finish: Finish
    raw: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageSeen:
    """What it consumed, as far as the stream has told; a later one replaces it."""

    usage: Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class InBandError:
    """An error after the 200: nothing that follows is read. Hostile text; ``close`` gives it cleaned and classed."""

    code: str | None
    message: str


StreamEvent = TextDelta | Finished | UsageSeen | InBandError


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """A streamed reply, as far as it has been read. ``Stream()`` is one of which nothing has been read."""

    framing: Framing = field(default_factory=Framing)
    said: Said = field(default_factory=Said)


class Encode(Protocol):
    """The HTTP request that asks *request*. Sends nothing. Raises ConfigError for a card or key that cannot be used."""

    def __call__(self, request: Request, card: Card, key: str | None, /, *, stream: bool = False) -> httpx.Request: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """One API family. ``decode`` and ``close`` never raise for anything that a vendor may send."""

    name: HttpApi
    encode: Encode
    dropped: Callable[[Request, Card], tuple[str, ...]]
    """Parameters of the request that are not sent."""
    read: Callable[[Body], Said]
    """What a whole body says."""
    step: Callable[[Said, Frame, Body], Said]
    """What a stream says after one more event."""
    tally: Callable[[Body], Tally]
    """The vendor's usage object as disjoint counts."""
    finishes: Mapping[str, Finish]
    """The vendor's finish words; one that is not here is UNKNOWN."""

    def decode(self, request: Request, card: Card, reply: httpx.Response, elapsed_s: float) -> Reply:
        """The answer in *reply*, whose body has been read, or why there is none.

        *elapsed_s* becomes the latency. A key in the headers of ``reply.request`` is kept out of the result.
        """
        arrival = self._arrival(request, card, reply, elapsed_s)
        body = unreadable(arrival, reply.content)
        if isinstance(body, Failure):
            return body
        if not arrival.ok or error_in(body):
            return failed(arrival, body)
        if not isinstance(body, Mapping):
            return unintelligible(arrival, f"the body is no object: {str(body)[:120]}")
        said = self.read(body)
        return judged(arrival, said, self.finishes, self.tally(said.usage))

    def feed(self, stream: Stream, chunk: bytes) -> tuple[Stream, tuple[StreamEvent, ...]]:
        """*stream* after *chunk*, and what was new in it. Chunks may be cut anywhere."""
        framing, found = frames(stream.framing, chunk)
        said = self._heard(stream.said, found)
        return Stream(framing=framing, said=said), self._news(stream.said, said)

    def close(self, request: Request, card: Card, stream: Stream, reply: httpx.Response, elapsed_s: float) -> Reply:
        """The reply that *stream* amounts to, now that its bytes have ended.

        Of *reply* only status, headers and request are looked at; one with an error status, or whose body is no
        event stream, is for ``decode``.
        """
        arrival = self._arrival(request, card, reply, elapsed_s)
        # half an event at the end is what a cut looks like, not an error of its own
        said = self._heard(stream.said, tuple(frame for frame in rest(stream.framing) if _is_whole(frame)))
        tally = self.tally(said.usage)
        if said.ended or said.error or said.trouble:
            return judged(arrival, said, self.finishes, tally)
        return cut(arrival, said, tally)

    def _arrival(self, request: Request, card: Card, reply: httpx.Response, elapsed_s: float) -> Arrival:
        return Arrival(
            request=request,
            card=card,
            status=reply.status_code,
            headers=plain_headers(reply.headers),
            latency_s=elapsed_s,
            dropped=self.dropped(request, card),
            keys=sent_keys(reply),
        )

    def _heard(self, said: Said, found: tuple[Frame, ...]) -> Said:
        for frame in found:
            if said.error or said.trouble:
                break
            said = self._one(said, frame)
        return said

    def _one(self, said: Said, frame: Frame) -> Said:
        if _is_end(frame):
            return replace(said, ended=True)
        body = parse(frame.data)
        if isinstance(body, Unreadable):
            return replace(said, trouble=f"an event of the stream is no JSON ({body.why}): {frame.data[:120]}")
        if error_in(body):
            return replace(said, error=_error(body))
        return self.step(said, frame, mapping(body))

    def _news(self, before: Said, after: Said) -> tuple[StreamEvent, ...]:
        events: list[StreamEvent] = []
        if len(after.text) > len(before.text):
            events.append(TextDelta(text=after.text[len(before.text) :]))
        if after.finish_raw is not None and after.finish_raw != before.finish_raw:
            events.append(Finished(finish=self.finishes.get(after.finish_raw, Finish.UNKNOWN), raw=after.finish_raw))
        usage = self.tally(after.usage).usage if after.usage != before.usage else None
        if usage is not None:
            events.append(UsageSeen(usage=usage))
        if (after.error or after.trouble) and not (before.error or before.trouble):
            told = problem_in({"error": after.error})
            events.append(InBandError(code=told.code, message=told.message or after.trouble))
        return tuple(events)


def _error(body: Json) -> Json:
    told = first(body) or mapping(body)
    return told.get("error") or told


def _is_end(frame: Frame) -> bool:
    return frame.data.strip() == "[DONE]"


def _is_whole(frame: Frame) -> bool:
    return _is_end(frame) or not isinstance(parse(frame.data), Unreadable)
