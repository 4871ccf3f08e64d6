"""Usages of the public names that must type-check; never run."""

from decimal import Decimal

import harness


async def served(question: str) -> str | None:
    async with harness.open("home", max_cost_usd=Decimal("0.50")) as h:
        outcome = await h.ask(question, policy="payments")
    if outcome.served:
        return outcome.answer
    reason: harness.Reason | None = outcome.reason
    return None if reason is harness.Reason.DIVERGENT else outcome.detail


def asked(question: str) -> harness.Outcome:
    try:
        return harness.ask_sync(question, candidate="scripted/careful")
    except harness.ConfigError as error:
        raise SystemExit(str(error)) from error
