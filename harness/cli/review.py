"""``harness review``: what consensus would not serve, for a person to decide; an answer can become a labelled case."""

import asyncio
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Any

import typer

from harness.cli.context import Context
from harness.cli.evidence import Found, find_evidence
from harness.cli.evidence_text import pairs_absent
from harness.cli.exits import Exit
from harness.cli.labels import counted, dollars, dollars_alike, listed, percent, seconds, shortened
from harness.cli.runtime import environ, home_of, unique_name
from harness.cli.stored import open_synced
from harness.content import Home, load_registry, load_suite
from harness.core.errors import ConfigError
from harness.core.event import Reviewed
from harness.core.hashing import Json
from harness.core.ids import TaskClass
from harness.core.request import Message
from harness.core.suite import Suite
from harness.evals.reviewing import append_case, check_fits, reviewed_case
from harness.guard import redactor
from harness.journal import journal_path, open_journal
from harness.report.evidence import evidence_view
from harness.store import QueueRow, review_queue
from harness.transport import SystemClock

VerdictArgument = Annotated[str, typer.Argument(metavar="ID", help="Id of the verdict, or beginning of it.")]


def register(app: typer.Typer) -> None:
    """Add the commands to *app*."""
    review = typer.Typer(help="What was not served, for a person to decide.", invoke_without_command=True)
    review.callback()(_default)
    review.command(name="list")(list_)
    review.command(name="show")(show)
    review.command(name="answer")(answer_)
    app.add_typer(review, name="review")


def _default(ctx: typer.Context) -> None:
    if ctx.invoked_subcommand is None:
        raise typer.Exit(list_(ctx))


def list_(
    ctx: typer.Context,
    everything: Annotated[
        bool, typer.Option("--all", help="Also what is decided, and tasks of runs whose answer is known.")
    ] = False,
) -> int:
    """The outcomes that wait for a person, oldest first."""
    at: Context = ctx.obj
    with open_synced(home_of(at.options)) as store:
        rows = review_queue(store, everything=everything)
    if at.options.json:
        at.output.json([_row_json(row) for row in rows])
        return Exit.DONE
    if not rows:
        at.output.line("nothing waits for a person")
        return Exit.DONE
    costs = dollars_alike([row.cost_usd for row in rows])
    cells = [
        [row.verdict_id, f"{row.at:%Y-%m-%d %H:%M}", row.policy, _state(row), cost, _answers(row), _first(row.question)]
        for row, cost in zip(rows, costs, strict=True)
    ]
    columns = ["verdict", "at (UTC)", "policy", "state", "cost", "answers", "question"]
    at.output.table(columns, cells, right=["cost"], cut=["answers", "question"])
    at.output.hint(f"next: harness review show {rows[0].verdict_id}")
    return Exit.DONE


def show(ctx: typer.Context, verdict: VerdictArgument) -> int:
    """One outcome: the question, the answers with those who gave them, why they differ, and what it cost."""
    at: Context = ctx.obj
    found = find_evidence(home_of(at.options), verdict)
    view = evidence_view(found.quotes, found.context)
    shown = _shown(view)
    if at.options.json:
        at.output.json(shown)
        return Exit.DONE
    _print_shown(at, view, shown)
    if not view["outcome"]["served"] and not view["reviews"]:
        at.output.hint(f'next: harness review answer {view["verdict_id"]} --answer "…" --who NAME --why "…"')
    return Exit.DONE


def answer_(
    ctx: typer.Context,
    verdict: VerdictArgument,
    who: Annotated[str, typer.Option(metavar="NAME", help="Who decides.")],
    why: Annotated[str, typer.Option(metavar="TEXT", help="What the decision rests on.")],
    answer: Annotated[str | None, typer.Option(metavar="TEXT", help="The right answer.")] = None,
    none_right: Annotated[bool, typer.Option("--no-answer", help="There is no right answer to give.")] = False,
    to_suite: Annotated[
        str | None, typer.Option(metavar="SUITE", help="Also make it a labelled case of this answer suite.")
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="Replace an earlier decision; both stay on record.")] = False,
) -> int:
    """Put on record who decided what, and why."""
    at: Context = ctx.obj
    _check_flags(answer, who, why, none_right=none_right, to_suite=to_suite)
    home = home_of(at.options)
    found = find_evidence(home, verdict)
    view = evidence_view(found.quotes, found.context)
    _check_open(view, again=again)
    target = _case(home, found, view, to_suite, answer, who) if to_suite is not None and answer is not None else None
    event = Reviewed(verdict_id=view["verdict_id"], answer=answer, who=who, why=why)
    position = asyncio.run(_record(home, event, captured=found.quotes[0].captured))
    case_id = digest = None
    if target is not None:
        suite, case = target
        case_id, digest = case["id"], append_case(home, suite, case)
        at.output.line(f"{suite.folder / 'cases.jsonl'}: case {case_id} added", style="bold")
        at.output.prose(
            f"the digest of suite {suite.name} changed from {suite.digest[:12]} to {digest[:12]}: runs of it start "
            f"afresh, and are paired with earlier ones task by task; its version is still {suite.version}"
        )
    if at.options.json:
        said = {"verdict_id": event.verdict_id, "answer": answer, "who": who, "why": why, "position": position}
        at.output.json({**said, "suite": to_suite, "case": case_id, "suite_digest": digest})
    else:
        at.output.line(f"on record: {position}")
    return Exit.DONE


def _check_flags(answer: str | None, who: str, why: str, *, none_right: bool, to_suite: str | None) -> None:
    if (answer is None) != none_right:
        raise ConfigError('review answer: give either --answer "…" or --no-answer')
    for flag, text in (("--answer", answer), ("--who", who), ("--why", why)):
        if text is not None and not text.strip():
            raise ConfigError(f"{flag}: is empty; a decision needs an answer, a name and a reason")
    if none_right and to_suite is not None:
        raise ConfigError(f"--to-suite {to_suite}: a labelled case needs an answer, and --no-answer gives none")


def _check_open(view: Mapping[str, Any], *, again: bool) -> None:
    if view["outcome"]["served"]:
        raise ConfigError(f"verdict {view['verdict_id']} was served: nobody is asked to decide it")
    if view["reviews"] and not again:
        last = view["reviews"][-1]
        raise ConfigError(
            f"verdict {view['verdict_id']} was decided by {last['who']!r} at {last['at']}; --again decides anew"
        )


def _case(
    home: Home, found: Found, view: Mapping[str, Any], to_suite: str, answer: str, who: str
) -> tuple[Suite, dict[str, Json]]:
    """The suite and its new case, checked before anything is written."""
    messages = view["request"]["messages"]
    if messages is None:
        raise ConfigError(f"--to-suite: the question of verdict {view['verdict_id']} is not on record in clear")
    suite = load_suite(home, to_suite)
    case = reviewed_case(
        [Message(**message) for message in messages],
        suite,
        verdict_id=view["verdict_id"],
        answer=answer,
        who=who,
        task_class=TaskClass(found.row.task_class),
    )
    check_fits(suite, case)
    return suite, case


async def _record(home: Home, event: Reviewed, *, captured: bool) -> str:
    """The decision in a journal of its own; in hashes where the outcome's journal holds hashes."""
    clock = SystemClock()
    path = journal_path(home.state / "journal", unique_name("review", clock))
    keys = {card.key_env for card in load_registry(home).cards.values() if card.key_env}
    redact = redactor({name: environ().get(name) for name in keys})
    async with open_journal(path, clock=clock, redact=redact, capture="full" if captured else "hashes") as journal:
        return await journal.append(event)


def _row_json(row: QueueRow) -> Json:
    decided = {
        "who": row.who,
        "answer": row.answer,
        "why": row.why,
        "at": row.decided_at and row.decided_at.isoformat(),
    }
    return {
        "verdict_id": row.verdict_id,
        "at": row.at.isoformat(),
        "policy": row.policy,
        "task_class": row.task_class,
        "reason": row.reason,
        "detail": row.detail,
        "question": row.question,
        "groups": list(row.groups),
        "cost_usd": None if row.cost_usd is None else float(row.cost_usd),
        "latency_s": row.latency_s,
        "run": row.run_id,
        "known": row.known,
        "review": None if row.who is None else decided,
    }


def _state(row: QueueRow) -> str:
    if row.who is not None:
        return f"decided by {row.who}"
    return f"{row.reason}, in a run" if row.known else str(row.reason)


def _answers(row: QueueRow) -> str:
    return listed([f"{len(group['models'])} × {shortened(group['answer'], 24)}" for group in row.groups])


def _first(question: str) -> str:
    return shortened(question, 200)


def _shown(view: Mapping[str, Any]) -> dict[str, Json]:
    said = {ballot["model"]: ballot for ballot in view["ballots"]}
    messages = view["request"]["messages"]
    return {
        "verdict_id": view["verdict_id"],
        "at": view["at"],
        "served": view["outcome"]["served"],
        "reason": view["outcome"]["reason"],
        "detail": view["outcome"]["detail"],
        "policy": view["policy"]["name"],
        "task_class": view["task_class"],
        "question": None if messages is None else [dict(message) for message in messages],
        "confidence": view["outcome"]["confidence"],
        "answers": [
            {
                "answer": group["answer"],
                "share": group["weight"],
                "stances": [_stance(said[model]) for model in group["models"]],
            }
            for group in view["groups"]
        ],
        "without_answer": [_stance(ballot) for ballot in view["ballots"] if ballot["kind"] != "answered"],
        "pairs": view["pairs"],
        "cost_usd": None if view["outcome"]["cost_usd"] is None else float(view["outcome"]["cost_usd"]),
        "latency_s": view["outcome"]["latency_s"],
        "reviews": view["reviews"],
    }


def _stance(ballot: Mapping[str, Any]) -> dict[str, Json]:
    call = ballot["call"]
    return {
        "model": ballot["model"],
        "role": ballot["role"],
        "kind": ballot["kind"],
        "answer": ballot["answer"],
        "why": ballot["why"],
        "text": call["text"] if call is not None and call["ok"] else None,
        "cost_usd": None if call is None or call["cost_usd"] is None else float(call["cost_usd"]),
    }


def _print_shown(at: Context, view: Mapping[str, Any], shown: Mapping[str, Any]) -> None:
    output, outcome = at.output, view["outcome"]
    output.line("served" if outcome["served"] else f"not served: {outcome['reason']}", style="bold red")
    output.prose(outcome["detail"])
    output.title("question")
    for message in shown["question"] or [{"role": "user", "content": "(not on record in clear)"}]:
        output.prose(message["content"] if message["role"] == "user" else f"{message['role']}: {message['content']}")
    for place, each in enumerate(shown["answers"], 1):
        output.title(f"{place}. {each['answer']}   {counted(len(each['stances']), 'vote')}, {percent(each['share'])}")
        _print_stances(at, each["stances"])
    if shown["without_answer"]:
        output.title("without an answer")
        for stance in shown["without_answer"]:
            output.prose(f"{stance['model']}: {stance['kind']}: {stance['why']}", indent="  ")
    output.title("same or different")
    for pair in shown["pairs"]:
        output.prose(f"{pair['a']} and {pair['b']}: {pair['relation']}: {pair['why']}", indent="  ")
    if not shown["pairs"]:
        output.prose(pairs_absent(view), indent="  ")
    output.line()
    cost = view["outcome"]["cost_usd"]
    output.line(f"{dollars(None if cost is None else Decimal(cost))} · {seconds(shown['latency_s'])}", style="dim")
    for review in shown["reviews"]:
        said = "no answer is right" if review["answer"] is None else review["answer"]
        output.prose(f"decided by {review['who']} at {review['at']}: {said} ({review['why']})", style="bold")


def _print_stances(at: Context, stances: Sequence[Mapping[str, Any]]) -> None:
    for stance in stances:
        role = " (tiebreak)" if stance["role"] == "tiebreak" else ""
        at.output.line(f"  {stance['model']}{role}")
        at.output.prose((stance["text"] or "(its raw output is not on record)")[:2000], indent="    ")
