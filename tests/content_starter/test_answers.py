"""Every expected answer of the starter suite is computed again here, another way than it was written down."""

import ipaddress
import posixpath
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest

from harness.core.hashing import Json
from harness.core.suite import Suite, Task

CENT = Decimal("0.01")


def amount(value: Decimal, currency: str, *, step: Decimal = CENT, rounding: str = ROUND_HALF_UP) -> str:
    return f"{value.quantize(step, rounding):,} {currency}"


def interest(principal: str, rate: str, start: date, end: date, base: int) -> Decimal:
    return Decimal(principal) * Decimal(rate) * (end - start).days / base


def instalment(principal: int, monthly: Fraction, months: int) -> Decimal:
    """By discounting every payment on its own, not by the closed formula."""
    factor = sum((1 / (1 + monthly) ** month for month in range(1, months + 1)), Fraction(0))
    exact = principal / factor
    return Decimal(exact.numerator) / Decimal(exact.denominator)


def second_principal() -> Decimal:
    balance = Decimal(96000)
    part = Decimal(0)
    for _ in range(2):
        part = 735 - (balance * Decimal("0.042") / 12).quantize(CENT, ROUND_HALF_UP)
        balance -= part
    return part


def thirty_360(start: date, end: date) -> int:
    first = min(start.day, 30)
    last = 30 if end.day == 31 and first == 30 else end.day
    return 360 * (end.year - start.year) + 30 * (end.month - start.month) + last - first


def act_act(start: date, end: date) -> Fraction:
    """Day by day."""
    days = [start + timedelta(days=offset) for offset in range((end - start).days)]
    return sum((Fraction(1, (date(day.year, 12, 31) - date(day.year - 1, 12, 31)).days) for day in days), Fraction(0))


def business_days(start: date, end: date, closed: set[date]) -> int:
    days = [start + timedelta(days=offset) for offset in range((end - start).days + 1)]
    return sum(day.isoweekday() <= 5 and day not in closed for day in days)


def settled(trade: date, closed: set[date]) -> str:
    day, left = trade, 2
    while left:
        day += timedelta(days=1)
        left -= day.isoweekday() <= 5 and day not in closed
    return day.isoformat()


def largest_remainder(total: int, weights: list[int]) -> list[int]:
    exact = [Fraction(total * weight, sum(weights)) for weight in weights]
    parts = [int(each) for each in exact]
    order = sorted(range(len(parts)), key=lambda index: parts[index] - exact[index])
    for index in order[: total - sum(parts)]:
        parts[index] += 1
    return parts


def inside(network: str, address: str) -> str:
    return decide(allowed=ipaddress.ip_address(address) in ipaddress.ip_network(network))


def below(base: str, path: str) -> str:
    return decide(allowed=posixpath.normpath(path).startswith(f"{base}/"))


def decide(*, allowed: bool) -> str:
    return "allow" if allowed else "deny"


def matches(pattern: str, host: str) -> bool:
    names, labels = pattern.split("."), host.split(".")
    return len(names) == len(labels) and all(name in {"*", label} for name, label in zip(names, labels, strict=True))


D = Decimal
FINANCE: Mapping[str, Callable[[], str]] = {
    "vat-on-net": lambda: amount(D("1234.50") * D("0.17"), "EUR"),
    "vat-in-gross": lambda: amount(D("89.90") - D("89.90") / D("1.19"), "EUR"),
    "compound-monthly": lambda: amount(D(10000) * (1 + D("0.06") / 12) ** 24, "USD"),
    "act360-leap-february": lambda: amount(
        interest("250000", "0.045", date(2024, 1, 15), date(2024, 3, 15), 360), "EUR"
    ),
    "act365-year-end": lambda: amount(interest("80000", "0.0525", date(2023, 11, 30), date(2024, 2, 29), 365), "GBP"),
    "thirty360-month-ends": lambda: str(thirty_360(date(2024, 1, 31), date(2024, 3, 31))),
    "actact-isda": lambda: amount(
        D(50000)
        * act_act(date(2023, 7, 1), date(2024, 7, 1)).numerator
        / act_act(date(2023, 7, 1), date(2024, 7, 1)).denominator,
        "USD",
    ),
    "business-days-easter": lambda: str(
        business_days(date(2026, 4, 1), date(2026, 4, 15), {date(2026, 4, 3), date(2026, 4, 6)})
    ),
    "settlement-t2": lambda: settled(date(2026, 12, 23), {date(2026, 12, 25)}),
    "fx-usd-jpy": lambda: amount(D("1499.99") * D("151.37"), "JPY", step=D(1)),
    "fx-markup": lambda: amount(D(5000) * D("0.9421") * (1 - D("0.0075")), "CHF"),
    "fx-inverse": lambda: amount(D(2000) / D("1.0860"), "EUR"),
    "annuity-payment": lambda: amount(instalment(180_000, Fraction(36, 12000), 240), "EUR"),
    "annuity-first-principal": lambda: amount(second_principal(), "EUR"),
    "spread-in-bp": lambda: str(int((D("2.10") - D("1.85")) * 100)),
    "custody-fee-bp": lambda: amount(D(3_400_000) * D("12.5") / 10000, "USD"),
    "card-fees": lambda: amount(D("4812.60") * D("0.014") + 37 * D("0.25"), "EUR"),
    "allocate-331": lambda: amount(D(largest_remainder(10000, [3, 3, 1])[2]) / 100, "EUR"),
    "cash-discount": lambda: amount(
        D("7860.00") * (D("0.98") if (date(2026, 3, 2) - date(2026, 2, 20)).days <= 10 else 1), "USD"
    ),
    "effective-rate": lambda: f"{(((1 + D('0.048') / 4) ** 4 - 1) * 100).quantize(CENT, ROUND_HALF_UP)} %",
    "present-value": lambda: amount(D(25000) / D("1.05") ** 3, "EUR"),
    "operating-loss": lambda: amount(D(412_300) - D(437_950), "EUR"),
    "half-even": lambda: amount(D("1001.00") * D("0.025"), "EUR", rounding=ROUND_HALF_EVEN),
}
SECURITY: Mapping[str, Callable[[], str]] = {
    "cidr-22-outside": lambda: inside("10.20.0.0/22", "10.20.4.7"),
    "cidr-12-inside": lambda: inside("172.16.0.0/12", "172.29.5.9"),
    "scope-exact": lambda: decide(allowed="payments:write" in "payments:read payments:write:draft".split()),  # noqa: SIM905 -- as the token has it
    "token-expiry-edge": lambda: decide(allowed=datetime(2026, 1, 1, tzinfo=UTC).timestamp() < 1767225600),
    "four-eyes-case": lambda: decide(allowed="M.Keller".casefold() != "m.keller".casefold()),
    "deny-overrides": lambda: decide(allowed="deny" not in {"allow", "deny"}),
    "limit-inclusive": lambda: decide(allowed=D("10000.00") <= D("10000.00")),
    "path-traversal": lambda: below("/srv/exports", "/srv/exports/2026/../../exports-private/q1.csv"),
    "path-harmless-dots": lambda: below("/srv/exports", "/srv/exports/2026/../2025/q4.csv"),
    "wildcard-host": lambda: decide(allowed=matches("*.bank.example", "api.eu.bank.example")),
}


def find(pattern: str, text: str) -> tuple[str, ...]:
    match = re.search(pattern, text, re.MULTILINE)
    assert match is not None, f"{pattern!r} is not in the document"
    return match.groups()


def german(text: str) -> str:
    return text.replace(".", "").replace(",", ".")


def day(text: str, form: str) -> str:
    return datetime.strptime(text, form).replace(tzinfo=UTC).date().isoformat()


def invoice_header(text: str) -> Json:
    (number,), (written,), (currency, total) = (
        find(r"Invoice no\. (\S+)", text), find(r"Date: (\d+ \w+ \d{4})", text), find(r"TOTAL (\w+) +([\d,.]+)", text)
    )  # fmt: skip
    return {"number": number, "date": day(written, "%d %B %Y"), "currency": currency, "total": total.replace(",", "")}


def invoice_german(text: str) -> Json:
    (number,), (written,), (total,) = (
        find(r"Co\. +Rechnung (\S+)", text), find(r"datum: ([\d.]+)", text), find(r"Gesamtbetrag +([\d.,]+)", text)
    )  # fmt: skip
    return {"number": number, "date": day(written, "%d.%m.%Y"), "total": german(total)}


def invoice_lines(text: str) -> Json:
    rows = re.findall(r"^ +(\d+)  (\S.*?) +(\d+\.\d\d)$", text, re.MULTILINE)
    return [{"quantity": int(count), "article": name, "unit_price": price} for count, name, price in rows]


def credit_note(text: str) -> Json:
    number, invoice = find(r"CREDIT NOTE (\S+) for invoice (\S+)", text)
    credited, currency = find(r"\(([\d.]+)\) (\w+)", text)
    return {"number": number, "invoice": invoice, "amount": f"-{credited}", "currency": currency}


def mt103(text: str) -> Json:
    written, currency, whole, part = find(r":32A:(\d{6})([A-Z]{3})(\d+),(\d*)", text)
    (account,) = find(r":59:/(\d+)", text)
    return {
        "value_date": day(written, "%y%m%d"), "currency": currency, "amount": f"{whole}.{part:0<2}",
        "beneficiary_account": account,
    }  # fmt: skip


def access_request(text: str) -> Json:
    (user,), (resource,), (until,) = (
        find(r"\(([\w.]+)\)", text), find(r"the ([\w-]+) bucket", text), find(r"on (\d+ \w+ \d{4})", text)
    )  # fmt: skip
    return {"user": user, "resource": resource, "action": "read", "until": day(until, "%d %B %Y")}


def auth_log(text: str) -> Json:
    failed = re.findall(r"user=(\S+) ip=(\S+) result=fail", text)
    return [{"user": user, "ip": ip} for user, ip in failed]


def statement_line(text: str) -> Json:
    booked, _, _, name, reference, written, _ = next(line for line in text.splitlines() if line.count(";") == 6).split(
        ";"
    )
    return {
        "booking_date": day(booked.strip(), "%d.%m.%Y"), "amount": german(written), "counterparty": name,
        "reference": reference,
    }  # fmt: skip


def structure(text: str) -> Json:
    """Whether the query is one constant string: nothing is pasted into it."""
    prefix, query = find(r"execute\((f?)\"([^\"]*)\"", text)
    return decide(allowed=not (prefix and "{" in query))


READ_FROM_CODE: Mapping[str, Callable[[str], Json]] = {"sql-parameterised": structure, "sql-order-by": structure}
EXTRACTION: Mapping[str, Callable[[str], Json]] = {
    "invoice-header": invoice_header,
    "invoice-german": invoice_german,
    "invoice-lines": invoice_lines,
    "credit-note": credit_note,
    "mt103-amount": mt103,
    "access-request": access_request,
    "auth-log": auth_log,
    "statement-line": statement_line,
}
COMPUTED = {**FINANCE, **SECURITY}


def by_id(suite: Suite) -> dict[str, Task]:
    return {str(task.id): task for task in suite.tasks}


def test_every_case_is_computed(starter: Suite) -> None:
    assert set(by_id(starter)) == {*COMPUTED, *READ_FROM_CODE, *EXTRACTION}
    assert len(starter.tasks) >= 36


@pytest.mark.parametrize("case", sorted(COMPUTED))
def test_computed(starter: Suite, case: str) -> None:
    assert by_id(starter)[case].expected == COMPUTED[case]()


@pytest.mark.parametrize("case", sorted({*READ_FROM_CODE, *EXTRACTION}))
def test_read_from_the_prompt(starter: Suite, case: str) -> None:
    task = by_id(starter)[case]
    assert task.expected == {**READ_FROM_CODE, **EXTRACTION}[case](task.prompt)


def test_classes(starter: Suite) -> None:
    for names, task_class in (
        (FINANCE, "finance.calculation"), ({*SECURITY, *READ_FROM_CODE}, "security.decision"), (EXTRACTION, "extract.structured")
    ):  # fmt: skip
        assert {by_id(starter)[name].task_class for name in names} == {task_class}


def test_decisions_are_not_one_sided(starter: Suite) -> None:
    decisions = [by_id(starter)[name].expected for name in (*SECURITY, *READ_FROM_CODE)]
    assert decisions.count("allow") >= 4
    assert decisions.count("deny") >= 4
