"""Pairs of answers that differ in one thing that matters, made from a seed."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

_CURRENCIES = ("$", "€", "£", "¥")
_UNITS = (
    ("km", "kg"),
    ("hours", "minutes"),
    ("percent", "percentage points"),
    ("million", "billion"),
    ("GB", "MB"),
    ("days", "weeks"),
    ("USD", "EUR"),
)
_NAMES = ("Alice", "Bob", "Carol", "Dave", "Erin", "Frank", "Acme Ltd", "Globex Inc")
_ROLES = (
    "{0} owes {1} {2}",
    "{0} approved the transfer of {2} to {1}",
    "{0} may read the files of {1}",
    "transfer {2} from {0} to {1}",
)
_CLAIMS = (
    "the transaction is fraudulent",
    "the request was approved",
    "the token is valid",
    "the key has expired",
    "the invoice matches the order",
)
_BOUNDS = (
    ("at most", "at least"),
    ("more than", "less than"),
    ("before", "after"),
    ("above", "below"),
    ("up to", "exactly"),
)
_PATHS = (
    "/etc/passwd",
    "/home/app/.ssh/id_rsa",
    "src/main.py",
    "C:\\Users\\x\\a.txt",
    "https://a.example/pay?id=7",
    "s3://bucket/key",
)
_OPERATORS = (("<", "<="), (">", ">="), ("==", "!="), ("+", "-"), ("and", "or"), ("/", "//"), ("&&", "||"))
_FRAMES = ("{}", "the amount is {}", "pay {} now", "total: {}", "The answer is {}.", "approve {} for invoice 7-A")


@dataclass(frozen=True, slots=True)
class Pair:
    """Two answers that say different things."""

    a: str
    b: str
    change: str


def pairs(seed: int, count: int) -> Iterator[Pair]:
    """*count* of them; the same seed gives the same pairs."""
    rng = random.Random(seed)
    for number in range(count):
        pair = _KINDS[number % len(_KINDS)](rng)
        yield pair if rng.random() < 0.5 else Pair(pair.b, pair.a, pair.change)


def _number(rng: random.Random) -> str:
    whole = rng.choice([rng.randrange(1, 100), rng.randrange(100, 10_000), rng.randrange(10_000, 10**9)])
    text = f"{whole:,}" if rng.random() < 0.5 else str(whole)
    return text + rng.choice(["", "", f".{rng.randrange(1, 10)}", f".{rng.randrange(10, 100)}"])


def _digit(rng: random.Random) -> Pair:
    text = _number(rng)
    places = [at for at, letter in enumerate(text) if letter.isdigit()]
    at = rng.choice(places)
    other = rng.choice([digit for digit in "123456789" if digit != text[at]])
    frame = rng.choice(_FRAMES)
    return Pair(frame.format(text), frame.format(text[:at] + other + text[at + 1 :]), "digit")


def _sign(rng: random.Random) -> Pair:
    text, frame = _number(rng), rng.choice(("{}", "total: {}", "the balance is {}"))
    minus = rng.choice([f"-{text}", f"−{text}", f"({text})", f"-${text}", f"minus {text}"])
    minus = minus if frame != "the balance is {}" or not minus.startswith("(") else f"-{text}"
    return Pair(frame.format(text), frame.format(minus), "sign")


def _scale(rng: random.Random) -> Pair:
    text, frame = _number(rng), rng.choice(_FRAMES)
    a, b = rng.choice(
        [("thousand", "million"), ("k", "m"), ("mn", "bn"), ("", " million"), ("%", " bps"), ("", "0"), ("", ".5e3")]
    )
    text = text.partition(".")[0].replace(",", "")
    sign = rng.choice(_CURRENCIES)
    return Pair(frame.format(f"{sign}{text}{a}"), frame.format(f"{sign}{text}{b}"), "scale")


def _unit(rng: random.Random) -> Pair:
    text, frame = _number(rng), rng.choice(_FRAMES)
    a, b = rng.choice(_UNITS)
    return Pair(frame.format(f"{text} {a}"), frame.format(f"{text} {b}"), "unit")


def _currency(rng: random.Random) -> Pair:
    text, frame = _number(rng), rng.choice(_FRAMES)
    a, b = rng.sample(_CURRENCIES, 2)
    return Pair(frame.format(f"{a}{text}"), frame.format(f"{b}{text}"), "currency")


def _negation(rng: random.Random) -> Pair:
    claim = rng.choice(_CLAIMS)
    verb = next(word for word in ("is", "was", "has", "matches") if f" {word} " in claim)
    no = {"matches": "does not match"}.get(verb, f"{verb} {rng.choice(['not', 'never', 'hardly'])}")
    tail = rng.choice(["", f" for order {rng.randrange(1000)}", ", as of today"])
    return Pair(claim + tail, claim.replace(f" {verb} ", f" {no} ") + tail, "negation")


def _role(rng: random.Random) -> Pair:
    one, other = rng.sample(_NAMES, 2)
    frame, amount = rng.choice(_ROLES), f"${_number(rng)}"
    return Pair(frame.format(one, other, amount), frame.format(other, one, amount), "role")


def _bound(rng: random.Random) -> Pair:
    (a, b), text = rng.choice(_BOUNDS), _number(rng)
    frame = rng.choice(("approve if the amount is {} {}", "{} {}", "valid {} {} days"))
    return Pair(frame.format(a, text), frame.format(b, text), "bound")


def _path(rng: random.Random) -> Pair:
    path = rng.choice(_PATHS)
    at = rng.randrange(len(path))
    other = rng.choice([letter for letter in "aeiou._/-0" if letter != path[at]])
    frame = rng.choice(("{}", "delete {}", "the file is {}", "allow access to {} for 5 minutes"))
    return Pair(frame.format(path), frame.format(path[:at] + other + path[at + 1 :]), "path")


def _operator(rng: random.Random) -> Pair:
    (a, b), text = rng.choice(_OPERATORS), _number(rng)
    frame = rng.choice(("reject when ltv {} {}", "if x {} {}: stop()", "x {} {}"))
    return Pair(frame.format(a, text), frame.format(b, text), "operator")


def _identifier(rng: random.Random) -> Pair:
    digits = f"{rng.randrange(10**9):09d}"
    at = rng.randrange(8)
    swapped = digits[:at] + digits[at + 1] + digits[at] + digits[at + 2 :]
    if swapped == digits:
        swapped = digits[:-1] + ("1" if digits[-1] != "1" else "2")
    frame = rng.choice(("pay $50 to account 0{}", "account 0{}", "IBAN DE{}", "CVE-2021-{}", "0{}"))
    return Pair(frame.format(digits), frame.format(swapped), "identifier")


def _look_alike(rng: random.Random) -> Pair:
    word = rng.choice(("admin", "paypal", "account", "root", "approve", "Alice"))
    latin, other = rng.choice(
        [pair for pair in (("a", "а"), ("o", "о"), ("p", "р"), ("c", "с"), ("e", "е"), ("A", "А")) if pair[0] in word]
    )
    frame = rng.choice(("{}", "user {}", "allow {} to sign"))
    return Pair(frame.format(word), frame.format(word.replace(latin, other, 1)), "look-alike")


_KINDS = (_digit, _sign, _scale, _unit, _currency, _negation, _role, _bound, _path, _operator, _identifier, _look_alike)
