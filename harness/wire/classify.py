"""What a vendor's error means for us. The body's code decides, then its message, and the HTTP status last.

The same mistake has different statuses at different vendors and endpoints (an unknown model is 404 or 400), and the
same status has different meanings (429 is "slow down" or "your credit is used up"): see the tables.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from harness.core.hashing import Json
from harness.core.response import FailureKind, Retry
from harness.wire.body import Body, count, first, items, mapping, word
from harness.wire.waiting import body_wait_s

Class = tuple[FailureKind, Retry]

_THROTTLED: Class = (FailureKind.THROTTLED, Retry.AFTER)
_OVERLOADED: Class = (FailureKind.OVERLOADED, Retry.AFTER)
_QUOTA: Class = (FailureKind.QUOTA, Retry.NEVER)
_UNAUTHORIZED: Class = (FailureKind.UNAUTHORIZED, Retry.NEVER)
_REJECTED: Class = (FailureKind.REJECTED, Retry.NEVER)
_CONTEXT: Class = (FailureKind.CONTEXT_EXCEEDED, Retry.BIGGER_WINDOW)
_FILTERED: Class = (FailureKind.FILTERED, Retry.BY_POLICY)
_UNINTELLIGIBLE: Class = (FailureKind.UNINTELLIGIBLE, Retry.NEVER)

_CODES: tuple[tuple[Class, str], ...] = (
    (
        _QUOTA,
        """
        insufficient_quota credit_balance_exhausted organization_spend_limit_exceeded project_spend_limit_exceeded
        enforced_spend_limit_reached billing_error billing_hard_limit_reached billing_not_active quota_exceeded
        insufficient_credits insufficient_balance payment_required exceeded_current_quota_error
        """,
    ),
    (
        _CONTEXT,
        "context_length_exceeded context_window_exceeded exceed_context_size_error model_context_window_exceeded",
    ),
    (
        _FILTERED,
        """
        content_filter content_policy_violation responsibleaipolicyviolation data_inspection_failed invalid_prompt
        moderation_blocked prohibited_content
        """,
    ),
    (
        _UNAUTHORIZED,
        """
        invalid_api_key api_key_invalid authentication_error permission_error permission_denied unauthenticated
        unauthorized account_deactivated unsupported_country_region_territory accessdeniedexception
        unrecognizedclientexception expiredtokenexception
        """,
    ),
    (
        _THROTTLED,
        """
        rate_limit_exceeded rate_limit_error rate_limit_reached_error rate_limited slow_down resource_exhausted
        too_many_requests throttlingexception modelnotreadyexception
        """,
    ),
    (
        _OVERLOADED,
        """
        server_is_overloaded overloaded_error engine_overloaded_error server_error api_error internal internal_error
        internal_server_error unavailable service_unavailable timeout_error deadline_exceeded timeout
        serviceunavailableexception internalserverexception modeltimeoutexception modelstreamerrorexception
        """,
    ),
    (
        _REJECTED,
        """
        model_not_found not_found_error not_found deploymentnotfound unsupported_value unsupported_parameter
        model_decommissioned request_too_large validationexception resourcenotfoundexception
        """,
    ),
)
"""Of OpenAI, Anthropic, Google, AWS, Azure, OpenRouter, DeepSeek, Mistral, Moonshot and Alibaba, in lower case."""
_CLASS_OF_CODE: Mapping[str, Class] = {code: known for known, codes in _CODES for code in codes.split()}

_VAGUE = frozenset({"invalid_request_error", "invalid_argument", "failed_precondition", "badrequesterror"})
"""Codes that some vendors put on every error: they count only when there is no status to go by."""

_CONTEXT_WORDS = re.compile(
    r"maximum context length|prompt is too long|context (?:limit|window|size|length)"
    r"|input token count\b.{0,40}\bexceeds|input is too long",
    re.IGNORECASE | re.DOTALL,
)
_SEARCHED_MAX = 10_000
"""Characters of a message: who has more to say says it first."""
_CREDIT_WORDS = re.compile(r"credit balance is too low|insufficient (?:balance|credits?)", re.IGNORECASE)

_CLASS_OF_STATUS: Mapping[int, Class] = {
    401: _UNAUTHORIZED,
    402: _QUOTA,
    403: _UNAUTHORIZED,
    408: _OVERLOADED,
    409: _OVERLOADED,
    424: _OVERLOADED,
    425: _OVERLOADED,
    429: _THROTTLED,
    498: _OVERLOADED,
    501: _REJECTED,
    505: _REJECTED,
}
"""The exceptions to :func:`_by_status`'s rule of the first digit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """An error as a vendor words it."""

    codes: tuple[str, ...] = ()
    """As sent, most specific first."""
    message: str = ""
    status: int | None = None
    """An HTTP status inside the body."""
    wait_s: float | None = None
    """A delay inside the body."""
    daily: bool = False
    """A quota that fills up again only tomorrow."""
    flagged: bool = False
    """A moderation's reasons are attached."""

    @property
    def code(self) -> str | None:
        """The vendor's own code."""
        return next(iter(self.codes), None)


def problem_in(body: Json) -> Problem:
    """The error that *body* tells of, in any vendor's shape.

    ``{"error": {…}}``, ``{"error": "…"}``, ``[{"error": {…}}]``, ``{"type": "error", "error": {…}}``,
    ``{"object": "error", "message": …}``, ``{"detail": …}``; anything else is a problem without code and message.
    """
    whole = first(body) if isinstance(body, list) else mapping(body)
    told = whole.get("error")
    error: Body = told if isinstance(told, Mapping) else whole
    details = tuple(map(mapping, items(error.get("details"))))
    metadata = mapping(error.get("metadata"))
    number = next((int(found) for found in _numbers(error) if 400 <= found < 600), None)
    return Problem(
        codes=tuple(dict.fromkeys(code for code in _codes(error, details, metadata) if code not in ("", "error"))),
        message=_message(whole, error, metadata),
        status=number,
        wait_s=next((wait for detail in details if (wait := body_wait_s(detail.get("retryDelay"))) is not None), None),
        daily=any("PerDay" in word(quota.get("quotaId")) for detail in details for quota in _violations(detail)),
        flagged=bool(metadata.get("flagged_input") or metadata.get("reasons")),
    )


def classify(problem: Problem, status: int, *, header_wait_s: float | None = None) -> Class:
    """Which kind of failure *problem* is, and what another try is good for.

    Args:
        problem: From the body.
        status: Of the reply; a 2xx reply may carry an error, whose own status then counts.
        header_wait_s: A vendor that says when to come back is asked again even where its status alone says never.
    """
    http = problem.status if 200 <= status < 300 else status
    known = _by_code(problem, http)
    if known is None:
        known = _by_status(http)
    if known == _QUOTA and http == 402 and header_wait_s is not None:
        return FailureKind.QUOTA, Retry.AFTER
    return known


def _by_code(problem: Problem, http: int | None) -> Class | None:
    if problem.daily:
        return _QUOTA
    for code in problem.codes:
        known = _CLASS_OF_CODE.get(code.lower())
        if known is not None:
            return known
    if http in (None, 400, 402, 413, 422, 500):
        if _CONTEXT_WORDS.search(problem.message, 0, _SEARCHED_MAX):
            return _CONTEXT
        if _CREDIT_WORDS.search(problem.message, 0, _SEARCHED_MAX):
            return _QUOTA
    if problem.flagged and http in (None, 400, 403):
        return _FILTERED
    return _REJECTED if http is None and any(code.lower() in _VAGUE for code in problem.codes) else None


def _by_status(http: int | None) -> Class:
    if http is None or not 300 <= http < 600:
        return _UNINTELLIGIBLE
    return _CLASS_OF_STATUS.get(http, _OVERLOADED if http >= 500 else _REJECTED)


def _codes(error: Body, details: Iterable[Body], metadata: Body) -> Iterator[str]:
    """Every word that may class the error, most specific first."""
    yield word(mapping(error.get("details")).get("error_code"))
    yield from (word(detail.get("reason")) for detail in details)
    yield word(mapping(error.get("innererror")).get("code"))
    yield word(error.get("code"))
    yield word(metadata.get("error_type"))
    yield word(error.get("type"))
    yield word(error.get("status"))
    yield word(error.get("__type")).rpartition("#")[2]


def _numbers(error: Body) -> Iterator[int]:
    """Numbers that may be an HTTP status: vendors put them into ``code`` or ``status``, as number or text."""
    for key in ("code", "status", "status_code", "raw_status_code"):
        value = error.get(key)
        number = int(value) if isinstance(value, str) and re.fullmatch(r"[45]\d\d", value, re.ASCII) else count(value)
        if number is not None:
            yield number


def _violations(detail: Body) -> Iterator[Body]:
    return map(mapping, items(detail.get("violations")))


def _message(whole: Body, error: Body, metadata: Body) -> str:
    """The sentence for people; a router's wording is followed by that of the vendor behind it."""
    detail = whole.get("detail")
    told = word(error.get("message")) or word(whole.get("error")) or word(whole.get("message")) or word(detail)
    told = told or word(first(detail).get("msg"))
    raw = word(metadata.get("raw"))
    return f"{told}: {raw}" if told and raw else told or raw
