"""Secrets: finds keys in text and replaces them, so that none is written down.

Two kinds are known: the exact values the caller names (what the cards' ``key_env`` variables hold), and the usual
formats of keys. Each becomes ``[redacted:<name or kind>]``. Nothing here reads the environment: values are arguments.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from harness.core.hashing import Json

SECRET_CHARS_MIN = 8
"""Shorter values (``EMPTY``, ``none``) are placeholders: to replace them would wreck ordinary text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Format:
    """How one kind of key is spelled."""

    kind: str
    starts: Mapping[str, str]
    """Regular expressions of fixed width for its beginning; by a literal that each such beginning contains."""
    rest: str
    """Regular expression of what follows."""


# Every repetition that may be tried and given up is bounded: hostile text must not make this quadratic.
_FORMATS = (
    _Format(
        kind="private-key",
        starts={"-----BEGIN ": "-----BEGIN "},
        rest=r"[A-Z0-9 ]{0,40}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY-----|\Z)",
    ),
    _Format(
        kind="bearer-token",
        starts={"earer": "[Bb]earer", "EARER": "BEARER"},
        rest=r"(?:\s|\\[nrt]){1,4}(?=[^\s\"]{0,200}\d)[A-Za-z0-9._~+/-]{16,}=*",
    ),
    _Format(kind="api-key", starts={"sk-": "sk-"}, rest=r"(?=[a-z_-]{0,64}[A-Z0-9])[A-Za-z0-9_-]{16,}"),
    _Format(kind="stripe-key", starts={"k_live_": "[rs]k_live_", "k_test_": "[rs]k_test_"}, rest=r"[A-Za-z0-9]{16,}"),
    _Format(kind="google-key", starts={"AIza": "AIza"}, rest=r"[A-Za-z0-9_-]{30,}"),
    _Format(
        kind="github-token",
        starts={start: start for start in ("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_")},
        rest=r"[A-Za-z0-9_]{20,}",
    ),
    _Format(kind="gitlab-token", starts={"glpat-": "glpat-"}, rest=r"[A-Za-z0-9_-]{20,}"),
    _Format(kind="aws-key", starts={"AKIA": "AKIA", "ASIA": "ASIA"}, rest=r"[A-Z0-9]{16}(?![A-Za-z0-9])"),
    _Format(kind="slack-token", starts={"xox": "xox"}, rest=r"[a-z]-[A-Za-z0-9-]{10,}"),
    _Format(kind="huggingface-token", starts={"hf_": "hf_"}, rest=r"[A-Za-z0-9]{30,}"),
    _Format(
        kind="jwt",
        starts={"eyJ": "eyJ"},
        rest=r"[A-Za-z0-9_-]{10,512}\.eyJ[A-Za-z0-9_-]{10,4096}\.[A-Za-z0-9_-]{10,}",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Search:
    """One way to find a secret. Literal text first: a substring search is what keeps the common case cheap."""

    needle: str
    pattern: re.Pattern[str] | None
    """Whatever it matches contains the needle; ``None``: the needle is the secret."""
    label: str

    def found(self, text: str) -> bool:
        return self.needle in text and (self.pattern is None or self.pattern.search(text) is not None)

    def replaced(self, text: str) -> str:
        if self.needle not in text:
            return text
        if self.pattern is None:
            return text.replace(self.needle, self.label)
        return self.pattern.sub(self.label, text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Redactor:
    """Replaces secrets in text. Build it with :func:`redactor`; its ``repr`` holds no secret."""

    _searches: tuple[_Search, ...] = field(repr=False)

    def suspects(self, text: str) -> bool:
        """Whether there is a secret in *text*, plain or serialised as JSON."""
        return any(search.found(text) for search in self._searches if search.needle in text)

    def __call__(self, text: str) -> str:
        """*text* with every secret replaced by ``[redacted:<name or kind>]``."""
        for search in self._searches:
            text = search.replaced(text)
        return text

    def redact_json(self, text: str) -> str:
        """*text*, a serialised JSON value, with the secrets in its strings and keys replaced; still JSON.

        Numbers and structure are never touched, so a secret made of digits cannot break the document.
        """
        if not self.suspects(text):
            return text
        clean = self._redact_value(json.loads(text))
        return json.dumps(clean, ensure_ascii=False, separators=(",", ":"))

    def _redact_value(self, value: Json) -> Json:
        if isinstance(value, str):
            return self(value)
        if isinstance(value, list):
            return [self._redact_value(item) for item in value]
        if isinstance(value, dict):
            return {self(key): self._redact_value(item) for key, item in value.items()}
        return value


def redactor(secrets: Mapping[str, str | None] | None = None) -> Redactor:
    """A redactor of *secrets* (their values by name, as ``{"OPENAI_API_KEY": …}``) and of the usual key formats.

    Values that are ``None`` or shorter than ``SECRET_CHARS_MIN`` are passed over. A value is also found when it is
    escaped as a JSON string, once or twice.
    """
    return Redactor(_searches=(*_values(secrets or {}), *_formats()))


def _values(secrets: Mapping[str, str | None]) -> Iterable[_Search]:
    """Every spelling of each value worth hiding; longest first, since one may be the beginning of another."""
    spellings: dict[str, str] = {}
    for name, value in sorted(secrets.items()):
        if value is None or len(value.strip()) < SECRET_CHARS_MIN:
            continue
        once = _escaped(value.strip())
        for spelling in (value.strip(), once, _escaped(once)):
            spellings.setdefault(spelling, name)
    for spelling in sorted(spellings, key=lambda text: (-len(text), text)):
        yield _Search(needle=spelling, pattern=None, label=_label(spellings[spelling]))


def _formats() -> Iterable[_Search]:
    for form in _FORMATS:
        for needle, start in form.starts.items():
            pattern = re.compile(start + _word_start(start) + form.rest)
            yield _Search(needle=needle, pattern=pattern, label=_label(form.kind))


def _word_start(start: str) -> str:
    """Looks back over *start*: a key does not begin inside a word; the ``n`` of an escaped line break is no letter."""
    return rf"(?:(?<![A-Za-z0-9]{start})|(?<=\\[nrt]{start}))"


def _label(name: str) -> str:
    return f"[redacted:{name}]"


def _escaped(text: str) -> str:
    """*text* as it stands between the quotes of a JSON string."""
    return json.dumps(text, ensure_ascii=False)[1:-1]
