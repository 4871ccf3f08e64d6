"""The evidence page: its facts are those of the view, it is one inert file, and hostile text stays text."""

from dataclasses import replace
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path

import pytest

from harness.core.ballot import BallotKind
from harness.core.hashing import plain
from harness.core.outcome import QuorumFacts, Reason
from harness.core.policy import Quorum, RiskLimit, Unanimous
from harness.report.evidence import Context, evidence_view
from harness.report.evidence_page import banner, render_evidence
from harness.report.evidence_timeline import CALLS_MAX, Bar, timeline
from tests.report.evidence_cases import (
    CONTEXT,
    POLICY,
    A,
    B,
    C,
    agreed,
    call,
    decided,
    divided,
    everywhere,
    outcome,
    record,
    response,
    said,
    silent,
)  # fmt: skip
from tests.report.hostile import HOSTILE
from tests.report.parsed import cells

TEMPLATES = Path(__file__).parents[2] / "reports" / "templates"
HEADS = [{"journal": "ask-1.jsonl", "lines": 4, "head_hash": "f" * 64}]


def view_of(folder, *events, context=CONTEXT, name="ask-1", capture="full"):
    return evidence_view(record(folder, *events, name=name, capture=capture).quotes, context)


def page_of(view):
    return render_evidence(view, templates=TEMPLATES, heads=HEADS, harness="1.0")


class Elements(HTMLParser):
    """The elements and attributes of a page, and whether they nest."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.found, self.open, self.texts, self.unbalanced = [], [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        if tag not in ("meta", "link", "br", "img", "input"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.unbalanced.append(tag)

    def handle_data(self, data):
        self.texts.append((self.open[-1] if self.open else "", data))


def test_the_page_says_who_said_what_and_why(tmp_path):
    view = view_of(tmp_path, *agreed())
    page = page_of(view)
    assert "Served: 17 EUR" in page
    assert cells(page, "ballots") == [
        [A, "✓ served: 17 EUR", "group 1", "stop", "50 ms", "$0.000500"],
        [B, "1.7 EUR", "group 2", "stop", "50 ms", "$0.000500"],
        [f"{C} tiebreak", "✓ served: EUR 17.00", "group 1", "stop", "50 ms", "$0.000500"],
    ]
    assert [row[:2] for row in cells(page, "pairs")] == [
        [f"{A} and {B}", "≠ different"], [f"{A} and {C}", "= same"], [f"{B} and {C}", "≠ different"],
    ]  # fmt: skip
    assert [row[1:4] for row in cells(page, "rules")] == [
        ["✔ served", "17 EUR", "the same"],
        ["✖ not served", "–", "different"],
        ["✔ served", "17 EUR", "the same"],
        ["✔ served", "17 EUR", "the same"],
    ]
    assert [row[2] for row in cells(page, "lines")] == [line["hash"] for line in view["lines"]]
    for fact in ("$2 in, $10 out per million, as of 2026-11-01, source vendor", "2 say the same", "It is 1.7 EUR"):
        assert fact in page


def test_a_person_who_decided_comes_first(tmp_path):
    view = view_of(tmp_path, *divided())
    page = page_of(view)
    assert banner(view)["headline"] == "Decided by ann: 17.00 EUR"
    assert cells(page, "reviews")[0][:3] == ["ann", "17.00 EUR", "computed by hand"]
    assert "no reply within 5 s" in page
    assert "temperature: the model does not take it" in page
    nobody = replace(divided()[-1], answer=None)
    told = banner(view_of(tmp_path, *divided()[:-1], nobody, name="nobody"))
    assert told["headline"] == "Decided by ann: no answer is right"


@pytest.mark.parametrize(
    ("result", "state", "headline"),
    [
        (outcome([said(A, "1"), said(B, "1")], (A, B), served=True), "better", "Served: 1"),
        (outcome([said(A, "1"), said(B, "1"), silent(C)], (A, B), served=True, degraded=True), "insufficient", "Served: 1"),
        (outcome([said(A, "1"), said(B, "2")], (A,), (B,), served=False), "worse", "Not served: the answers differ"),
        (outcome([silent(A, BallotKind.REFUSED)], served=False, reason=Reason.REFUSED), "worse", "Not served: the model refused"),
        (outcome([], served=False, reason=Reason.BUDGET), "worse", "Not served: the budget does not hold it"),
    ],
)  # fmt: skip
def test_the_banner_says_how_it_ended(tmp_path, result, state, headline):
    view = view_of(tmp_path, decided(result))
    assert (banner(view)["state"], banner(view)["headline"]) == (state, headline)
    assert headline in page_of(view)


def test_every_reason_has_its_words():
    from harness.report.evidence_page import REASONS

    assert {reason.value for reason in Reason} <= set(REASONS)


def test_the_same_view_gives_the_same_bytes(tmp_path):
    view = view_of(tmp_path, *divided())
    assert page_of(view) == page_of(view)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text(tmp_path, text):
    text = text.replace("\ud800", "")
    page = page_of(view_of(tmp_path, *everywhere(text), context=Context(scripted=(f"acme/{text}",))))
    elements = Elements(page)
    assert elements.unbalanced == []
    assert elements.open == []
    names = [name for name, _ in elements.found]
    assert (names.count("script"), names.count("style"), names.count("body")) == (1, 1, 1)
    assert not set(names) & {"img", "iframe", "form", "base", "link", "plaintext", "input", "object", "embed"}
    assert [attrs["href"] for name, attrs in elements.found if name == "a"] == ["#said-head"]
    for _, attrs in elements.found:
        assert not any(key.startswith("on") or key in ("style", "src", "srcdoc") for key in attrs)
    for unseen in ("\x00", "\x07", "\x1b", "\u202e", "\u2066", "\u200b", "\u2028"):
        assert unseen not in page


def test_long_output_is_cut_with_its_hash(tmp_path):
    import hashlib

    long = "x" * 3_000_000 + " 17 EUR"
    ballots = (said(A, "17 EUR"), said(B, long))
    view = view_of(
        tmp_path,
        call(response(A, "17 EUR")),
        call(response(B, long)),
        decided(outcome(ballots, (A,), (B,), served=False)),
        context=replace(CONTEXT, compare=None),
    )
    page = page_of(view)
    assert len(page) < 200_000
    assert hashlib.sha256(long.encode()).hexdigest() in page
    assert "2,980,007 bytes cut" in page


def test_many_long_texts_still_fit(tmp_path):
    models = [f"acme/m{number}" for number in range(200)]
    events = [call(response(model, "y" * 20_000)) for model in models]
    ballots = [said(model, "y" * 20_000) for model in models]
    view = view_of(tmp_path, *events, decided(outcome(ballots, models, served=True)), context=Context())
    page = page_of(view)
    assert len(page) < 5_000_000
    assert f"The first {CALLS_MAX} of 200 calls are drawn." in page


def test_without_clear_text_or_options_it_says_why_nothing_was_judged(tmp_path):
    assert "hashes of the answers" in page_of(view_of(tmp_path, *agreed(), capture="hashes"))
    assert "no longer on record" in page_of(view_of(tmp_path, *agreed(), context=Context(), name="b"))
    alone = decided(
        outcome(
            [said(A, "1")],
            (A,),
            served=True,
            comparator="",
            policy_version="",
            quorum=QuorumFacts(declared=1, called=1, valid=1),
        )
    )
    page = page_of(view_of(tmp_path, alone, name="c"))
    assert "nothing to compare" in page
    assert "One model was asked" in page
    assert "No call is on record." in page
    assert "Not on record in clear" in page


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (Quorum(k=3), "3 say the same"),
        (Unanimous(), "all say the same"),
        (RiskLimit(alpha=0.01, fallback=Quorum(k=2)), "at most 0.01; without a calibration: 2 say the same"),
        (RiskLimit(alpha=0.02), "at most 0.02; without a calibration: nothing is served"),
    ],
)
def test_the_rule_is_said_in_words(tmp_path, rule, words):
    policy = replace(POLICY, rule=rule, tiebreak=None, max_cost_usd=Decimal("0.5"))
    result = outcome([said(A, "1")], (A,), served=True, policy_version=policy.version)
    page = page_of(view_of(tmp_path, decided(result), context=replace(CONTEXT, policy=plain(policy))))
    assert words in page
    assert "$0.5" in page


def test_scripted_answers_are_called_so(tmp_path):
    page = page_of(view_of(tmp_path, *agreed(), context=replace(CONTEXT, scripted=(A, "other"))))
    assert "The answers of 1 of 3 models are scripted" in page


def test_a_chart_has_a_description_and_a_table():
    bars = [
        Bar(name="acme/a", note="group 1", state="better", start_s=0.0, end_s=0.5),
        Bar(name="acme/<b>", note="failed", state="insufficient", start_s=0.0, end_s=0.0),
    ]
    drawn = str(timeline(bars))
    assert "<b>" not in drawn
    assert drawn.count("<svg") == 2
    assert "acme/a: group 1, 0 ms to 500 ms" in drawn
    assert drawn.count("<tr>") == 3
