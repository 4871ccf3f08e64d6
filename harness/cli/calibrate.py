"""``harness calibrate``: what a policy's confidence is worth, learned from graded runs, and which limits it keeps."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Annotated

import typer

from harness.cli.context import Context
from harness.cli.exits import Exit
from harness.cli.labels import NOTHING, counted, percent
from harness.cli.provenance import harness_version
from harness.cli.replay import policy_of
from harness.cli.runtime import home_of
from harness.cli.stored import open_synced
from harness.consensus.calibration import Calibration, Threshold, least_labels
from harness.content import Home, load_cards, load_policies, write_calibration
from harness.core.errors import ConfigError
from harness.core.event import Event
from harness.core.hashing import Json, plain
from harness.core.ids import ModelId
from harness.core.policy import Policy, RiskLimit
from harness.core.rows import RunRow
from harness.evals.calibrating import LEAST_LABELS, Calibrated, Evidence, Source, calibrate_policy
from harness.evals.replay_items import items_of
from harness.journal import journal_path, recorded
from harness.store import run as run_query
from harness.transport import SystemClock

HEADS = {
    "raw": "none: below 50 labels the posterior is used as it is",
    "platt": "Platt: a line through the logit; from 200 labels on logistic",
    "logistic": "logistic, on who agrees and how far the rest is split",
}
USEFUL = 100
"""Labels of a class below which the confidences themselves are rough."""


def register(app: typer.Typer) -> None:
    """Add the command to *app*."""
    app.command(name="calibrate")(calibrate_)


def calibrate_(
    ctx: typer.Context,
    runs: Annotated[list[str], typer.Argument(metavar="RUN…", help="Ids, beginnings of ids, or names.")],
    policy: Annotated[str, typer.Option(metavar="NAME", help="A policy of registry/policies.yaml.")],
    risk_limit: Annotated[
        float | None, typer.Option(metavar="SHARE", help="Certify this limit beside 1, 2, 5 and 10 %.")
    ] = None,
) -> int:
    """Learn from graded runs how sure a policy may be.

    And which limits of the risk it keeps.

    Writes registry/calibration/CLASS.json, one file per task class: review it and commit it. Exit code 5 when the
    limit asked for (--risk-limit, else the policy's own) needs more labels, 3 when no number of labels would do.
    """
    at: Context = ctx.obj
    if risk_limit is not None and not 0 < risk_limit < 1:
        raise ConfigError(f"--risk-limit: {risk_limit!r} is not between 0 and 1; 0.01 is one wrong answer in a hundred")
    home = home_of(at.options)
    chosen = policy_of(load_policies(home), policy)
    rows = _run_rows(home, runs)
    now = SystemClock().now()
    found = calibrate_policy(
        [Source(run_id=row.run_id, items=items_of(_events(home, row), chosen)) for row in rows],
        chosen,
        fitted_at=f"{now:%Y-%m-%dT%H:%M:%SZ}",
        risk_limit=risk_limit,
        versions={"harness": harness_version()},
        prices=_prices(home, chosen),
    )
    files = [None if each.calibration is None else write_calibration(home, each.calibration) for each in found]
    asked = asked_limit(chosen, risk_limit)
    codes = [exit_of(each, asked) for each in found]
    if at.options.json:
        classes = [
            {**class_json(each), "file": None if file is None else str(file)}
            for each, file in zip(found, files, strict=True)
        ]
        names = [row.run_id for row in rows]
        at.output.json({"policy": chosen.name, "policy_version": chosen.version, "runs": names, "classes": classes})
        return worst(codes)
    _print_runs(at, rows, chosen)
    for each, file in zip(found, files, strict=True):
        _print_class(at, each, asked)
        if file is not None:
            at.output.line(f"file: {file}")
    _print_next(at, chosen, found)
    return worst(codes)


def asked_limit(policy: Policy, risk_limit: float | None) -> float | None:
    """The limit that decides the exit code; None: any."""
    if risk_limit is not None:
        return risk_limit
    return policy.rule.alpha if isinstance(policy.rule, RiskLimit) else None


def exit_of(found: Calibrated, asked: float | None) -> Exit:
    """Whether the limit that was asked for is certified."""
    if found.calibration is None:
        return Exit.NO_DATA
    looked = [each for each in found.calibration.thresholds if asked is None or each.risk_limit == asked]
    if any(each.certified for each in looked):
        return Exit.DONE
    return Exit.NO if all(each.labels_missing is None for each in looked) else Exit.NO_DATA


def worst(codes: Sequence[Exit]) -> Exit:
    """One code for several task classes."""
    return next((code for code in (Exit.NO, Exit.NO_DATA) if code in codes), Exit.DONE)


def class_json(found: Calibrated) -> dict[str, Json]:
    """One task class as JSON."""
    evidence, fitted = found.evidence, found.calibration
    return {
        "task_class": evidence.task_class,
        "labels": len(evidence.voted),
        "left_out": plain(evidence.left_out),
        "mixed": evidence.mixed,
        "coincidence": evidence.coincidence,
        "models": [{"id": model, "answered": n, "right": right} for model, n, right in _members(evidence)],
        "head": None if fitted is None else fitted.head.kind,
        "scores": None if fitted is None else plain(fitted.scores),
        "limits": [] if fitted is None else [plain(each) for each in fitted.thresholds],
        "data_hash": None if fitted is None else fitted.data_hash,
        "version": None if fitted is None else fitted.version,
        "labels_needed": _labels_needed(found),
    }


def _labels_needed(found: Calibrated) -> int:
    """How many more there must be to fit anything."""
    return 0 if found.calibration is not None else LEAST_LABELS - len(found.evidence.voted)


def _run_rows(home: Home, names: Sequence[str]) -> list[RunRow]:
    """The runs, each once, newest first."""
    with open_synced(home) as store:
        rows = {row.run_id: row for row in (run_query(store, name) for name in names)}
    return sorted(rows.values(), key=lambda row: (row.started_at, row.run_id), reverse=True)


def _events(home: Home, row: RunRow) -> Sequence[Event]:
    return recorded(journal_path(home.state / "journal", row.run_id)).events()


def _prices(home: Home, policy: Policy) -> Mapping[ModelId, Decimal]:
    """What the cards say of the members that have one: input and output together, as the engine ranks them."""
    if not (home.registry / "models.yaml").exists():
        return {}
    cards = load_cards(home)
    priced = {model: cards[model].price for model in policy.voters if model in cards}
    return {model: price.rates.input + price.rates.output for model, price in priced.items() if price is not None}


def _members(evidence: Evidence) -> list[tuple[ModelId, int, int]]:
    """Each model with the number of its valid answers, and of those that were right."""
    votes = [(each.votes, each.right) for each in evidence.voted]
    return [
        (
            model,
            sum(given[i] is not None for given, _ in votes),
            sum(given[i] is not None and given[i] == right for given, right in votes),
        )
        for i, model in enumerate(evidence.facts.models)
    ]


def _print_runs(at: Context, rows: Sequence[RunRow], policy: Policy) -> None:
    names = ", ".join(row.name or row.run_id for row in rows)
    at.output.line(f"policy {policy.name} on {'run' if len(rows) == 1 else 'runs'} {names}", style="bold")
    for row in rows:
        if not row.complete:
            at.output.prose(
                f"run {row.run_id} is not complete: {row.trials} graded trials; calibrated on what is there"
            )


def _print_class(at: Context, found: Calibrated, asked: float | None) -> None:
    evidence = found.evidence
    at.output.title(f"{evidence.task_class}: {counted(len(evidence.voted), 'labelled question')}")
    for line in _remarks(evidence):
        at.output.prose(line)
    if found.calibration is None:
        at.output.prose(
            f"not calibrated: {LEAST_LABELS} labels are the least that anything is fitted to, about {USEFUL} are useful"
        )
        return
    _print_models(at, evidence)
    _print_limits(at, found.calibration)
    _print_quality(at, found.calibration)
    _print_missing(at, found.calibration, asked)


def _remarks(evidence: Evidence) -> list[str]:
    out = evidence.left_out
    told = [
        (out.partial, "question", "not put to all members: left out"),
        (out.unlabelled, "question", "without a right answer on record: left out"),
        (out.outdated, "answer", "to an older version of its task: left out"),
        (out.repeated, "answer", "to a question its model had answered already: one question is one piece of evidence"),
        (evidence.mixed, "question", "where the policy calls the same what was graded differently: counted as wrong"),
    ]
    return [f"{counted(number, noun)} {what}" for number, noun, what in told if number]


def _print_models(at: Context, evidence: Evidence) -> None:
    n = len(evidence.voted)
    rows = [[model, percent(answered / n), percent(right / n)] for model, answered, right in _members(evidence)]
    at.output.table(["model", "answered", "right"], rows, right=["answered", "right"])
    at.output.line()


def _print_limits(at: Context, calibration: Calibration) -> None:
    rows = [limit_row(each) for each in calibration.thresholds]
    columns = ["at most wrong", "certified", "serves from", "coverage", "wrong/served", "calls", "labels missing"]
    at.output.table(columns, rows, right=[name for name in columns if name != "certified"])


def limit_row(limit: Threshold) -> list[object]:
    """One risk limit as a row of the terminal."""
    missing = "no number would do" if limit.labels_missing is None else f"about {limit.labels_missing:,}"
    return [
        f"{100 * limit.risk_limit:g} %",
        "yes" if limit.certified else "no",
        NOTHING if limit.threshold is None else f"{100 * limit.threshold:.2f} %",
        percent(limit.coverage if limit.certified else None),
        f"{limit.errors}/{limit.served}" if limit.certified else NOTHING,
        f"{limit.calls_mean:.2f}" if limit.certified else NOTHING,
        "" if limit.certified else missing,
    ]


def _print_quality(at: Context, calibration: Calibration) -> None:
    at.output.line()
    at.output.facts(
        [
            ("head", HEADS[calibration.head.kind]),
            ("confidence", _scores_line(calibration)),
            ("asks", f"in the order: {calibration.order}"),
            (
                "coincidence",
                f"{100 * calibration.parameters.coincidence:.2f} % of unrelated wrong answers are the same",
            ),
            ("data", f"{calibration.data_hash[:12]}, calibration {calibration.version}"),
        ]
    )


def _scores_line(calibration: Calibration) -> str:
    scores = calibration.scores
    return (
        f"ECE {100 * scores.ece:.2f} %, Brier {scores.brier:.4f}, AURC {100 * scores.aurc:.2f} % on complete panels, "
        "each question judged by what was fitted without it"
    )


def _print_missing(at: Context, calibration: Calibration, asked: float | None) -> None:
    if calibration.labels < USEFUL:
        at.output.prose(f"{calibration.labels} labels: below about {USEFUL} the confidences themselves are rough")
    open_limits = [each for each in calibration.thresholds if not each.certified and asked in (None, each.risk_limit)]
    for each in open_limits:
        least = least_labels(each.risk_limit, delta=calibration.delta)
        limit = f"{100 * each.risk_limit:g} %"
        if each.labels_missing is None:
            at.output.prose(f"{limit} is out of reach at the errors seen: other members or another comparator may help")
        else:
            at.output.prose(
                f"{limit} takes {least:,} served answers without an error, more with errors; at the rates seen about "
                f"{each.labels_missing:,} labels are missing"
            )


def _print_next(at: Context, policy: Policy, found: Sequence[Calibrated]) -> None:
    classes = {each.evidence.task_class for each in found}
    if policy.task_class not in classes:
        at.output.prose(
            f"policy {policy.name} declares task_class {policy.task_class}: of requests of that class this says nothing"
        )
    if not any(each.certified for every in found if every.calibration for each in every.calibration.thresholds):
        at.output.hint(
            "next: more labels (harness run SUITE --models …, or harness review answer ID --to-suite SUITE), then again"
        )
    else:
        at.output.hint(
            f"next: review and commit the file; on a run it has not seen: harness replay RUN --policy {policy.name}"
        )
