"""``harness drift``: whether live verdicts still agree as the calibration expects. No labels, no calls."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

import typer

from harness.cli.context import Context
from harness.cli.exits import Exit
from harness.cli.labels import NOTHING, counted, percent
from harness.cli.replay import policy_of
from harness.cli.runtime import home_of
from harness.cli.stored import open_synced
from harness.consensus.calibration import Calibration
from harness.content import load_calibrations, load_policies, revoke_calibration
from harness.core.errors import ConfigError
from harness.core.hashing import Json
from harness.core.policy import Policy
from harness.evals.drifting import LEAST_VERDICTS, Look, look
from harness.store import policy_votes
from harness.transport import SystemClock


def register(app: typer.Typer) -> None:
    """Add the command to *app*."""
    app.command(name="drift")(drift_)


def drift_(
    ctx: typer.Context,
    policy: Annotated[str, typer.Option(metavar="NAME", help="A calibrated policy.")],
    since: Annotated[
        str,
        typer.Option(metavar="DATE", help="Verdicts from then on, as 2026-11-20; default: since it was calibrated."),
    ] = "",
) -> int:
    """Do live votes still agree as often as calibrated?

    An alarm revokes the certificates of that task class until the policy is calibrated again, and ends with exit code
    3. Exit code 5 with too few verdicts to tell.
    """
    at: Context = ctx.obj
    home = home_of(at.options)
    chosen = policy_of(load_policies(home), policy)
    calibrations = [each for (_, name), each in sorted(load_calibrations(home).items()) if name == chosen.name]
    if not calibrations:
        raise ConfigError(f"policy {policy!r} is not calibrated; first: harness calibrate RUN --policy {policy}")
    start = _start(since)
    with open_synced(home) as store:
        looks = [
            look(each, policy_votes(store, chosen.name, since=start or _instant(each.fitted_at)))
            for each in calibrations
        ]
    now = f"{SystemClock().now():%Y-%m-%dT%H:%M:%SZ}"
    for each in looks:
        if each.alarm and each.calibration.revoked is None:
            revoke_calibration(home, each.task_class, chosen.name, at=now, why=each.why)
    if at.options.json:
        at.output.json({"policy": chosen.name, "classes": [look_json(each) for each in looks]})
    else:
        _print(at, chosen, looks, since)
    return exit_of(looks)


def exit_of(looks: Sequence[Look]) -> Exit:
    """An alarm, new or standing, is a "no"; too little to tell in every class is no data."""
    if any(each.alarm or each.calibration.revoked is not None for each in looks):
        return Exit.NO
    return Exit.NO_DATA if all(each.found is None for each in looks) else Exit.DONE


def look_json(found: Look) -> dict[str, Json]:
    """One task class as JSON."""
    seen, revoked = found.found, found.calibration.revoked
    return {
        "task_class": found.task_class,
        "verdicts": found.verdicts,
        "other": found.other,
        "enough": seen is not None,
        "observed": None if seen is None else seen.observed,
        "predicted": None if seen is None else seen.predicted,
        "p_value": None if seen is None else seen.p_value,
        "models": {} if seen is None else dict(zip(found.calibration.models, seen.model_p_values, strict=True)),
        "alarm": found.alarm,
        "revoked": found.why if found.alarm and revoked is None else revoked.why if revoked else None,
    }


def _start(since: str) -> datetime | None:
    if not since:
        return None
    try:
        return _instant(since)
    except ValueError:
        raise ConfigError(f"--since: {since!r} is no date like 2026-11-20 or 2026-11-20T06:00:00Z") from None


def _instant(text: str) -> datetime:
    """RFC 3339, or a date; without a zone UTC. Raises ValueError."""
    found = datetime.fromisoformat(text)
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found


def _print(at: Context, policy: Policy, looks: Sequence[Look], since: str) -> None:
    from_when = f"since {since}" if since else "since it was calibrated"
    at.output.line(f"policy {policy.name}: agreement of live votes {from_when}", style="bold")
    at.output.line()
    rows = [
        [
            each.task_class,
            each.verdicts,
            NOTHING if each.found is None else percent(each.found.observed),
            NOTHING if each.found is None else percent(each.found.predicted),
            NOTHING if each.found is None else f"{each.found.p_value:.2g}",
            _state(each),
        ]
        for each in looks
    ]
    columns = ["class", "verdicts", "agreed", "expected", "p", ""]
    at.output.table(columns, rows, right=["verdicts", "agreed", "expected", "p"])
    at.output.line()
    for each in looks:
        for line in _remarks(each):
            at.output.prose(line)
    if exit_of(looks) is Exit.NO:
        at.output.hint(f"next: label recent questions, then: harness calibrate RUN --policy {policy.name}")


def _state(found: Look) -> str:
    if found.alarm:
        return "ALARM"
    if found.calibration.revoked is not None:
        return "revoked"
    return "too few to tell" if found.found is None else "as expected"


def _remarks(found: Look) -> list[str]:
    told = []
    if found.other:
        told.append(
            f"{found.task_class}: {counted(found.other, 'verdict')} under another version of the policy or comparator "
            "left aside"
        )
    if found.alarm:
        told.append(f"{found.task_class}: {found.why}: nothing is certified until the policy is calibrated again")
    elif found.calibration.revoked is not None:
        revoked = found.calibration.revoked
        told.append(f"{found.task_class}: revoked on {revoked.at}: {revoked.why}")
    elif found.found is None:
        told.append(_too_few(found.calibration))
    return told


def _too_few(calibration: Calibration) -> str:
    return (
        f"{calibration.task_class}: {LEAST_VERDICTS} verdicts with two votes or more are the least that can tell, and "
        f"as many labels behind the calibration ({calibration.labels})"
    )
