"""The export boundary: what of a suite may be sent to which model. Pure.

A model is on this machine when it is scripted or its address is a loopback one; it may get everything. To every other
model goes no more than the suite's ``share`` says, and nothing at all where ``share`` names others.
"""

from collections.abc import Iterable
from ipaddress import ip_address
from urllib.parse import urlsplit

from harness.core.card import Card
from harness.core.errors import ConfigError
from harness.core.suite import Share, Suite

_SENDS: dict[str, Share] = {
    "answer": "statement",
    "code": "statement",
    "patch": "files",
    "agent": "files",
    "command": "files",
}
"""What a solver puts into its requests."""
_ORDER: tuple[Share, ...] = ("nothing", "statement", "files")


def sent_by(solver: str) -> Share:
    """What a solver's requests hold: the statement, or the repository's files with it."""
    return _SENDS[solver]


def is_local(card: Card) -> bool:
    """Whether what is sent to *card*'s model stays on this machine."""
    if card.api == "scripted":
        return True
    host = urlsplit(card.base_url or "").hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def allowed(suite: Suite, card: Card) -> Share:
    """The most that may be sent to *card*'s model."""
    if is_local(card):
        return "files"
    named = {card.id.partition("/")[0], *card.compliance}
    return suite.share if not suite.share_with or named & set(suite.share_with) else "nothing"


def refuse_unshared(suite: Suite, cards: Iterable[Card]) -> None:
    """Raise ConfigError, in one line, for the first of *cards* that would be sent more than the suite shares."""
    wanted = sent_by(suite.solver)
    for card in cards:
        most = allowed(suite, card)
        if _ORDER.index(most) < _ORDER.index(wanted):
            raise ConfigError(_refusal(suite, card, wanted, most))


def _refusal(suite: Suite, card: Card, wanted: Share, most: Share) -> str:
    where = f"suites/{suite.name}/suite.yaml: share"
    what = "the repository's files" if wanted == "files" else "statements"
    vendor = card.id.partition("/")[0]
    if suite.share_with and most == "nothing" and suite.share != "nothing":
        change = f"add {vendor!r} to `share: {{{suite.share}: [{', '.join(suite.share_with)}]}}`"
    else:
        change = f"write `share: {{{wanted}: [{vendor}]}}`"
    return (
        f"{where}: solver {suite.solver!r} sends {what} to {card.id}, which is not on this machine and may get "
        f"{most}; {change}, or run a model on this machine (a card with a loopback base_url)"
    )
