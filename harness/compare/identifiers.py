"""Reads an answer that is one identifier: addresses, hashes, URLs, versions, paths. Only spellings are normalised."""

import ipaddress
import re
from collections.abc import Callable
from urllib.parse import urlsplit

Found = tuple[str, str]
"""What it is, and its normal form."""

TEXT_MAX = 2_000
HOST_MAX = 254
_HEX_NAMES = r"md5|sha-?1|sha-?224|sha-?256|sha-?384|sha-?512"
_CASELESS = re.compile(
    rf"CVE-\d{{4}}-\d{{4,}}|CWE-\d+|(?:{_HEX_NAMES})\s*[:=]\s*[0-9a-f]{{8,}}|0x[0-9a-f]+", re.IGNORECASE
)
_DIGEST = re.compile(r"[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{56}|[0-9a-f]{64}|[0-9a-f]{96}|[0-9a-f]{128}", re.IGNORECASE)
_FINGERPRINT = re.compile(r"[0-9a-f]{2}(?::[0-9a-f]{2}){15,63}", re.IGNORECASE)
_HARDWARE = re.compile(
    r"[0-9a-f]{2}(?:([:-])[0-9a-f]{2})(?:\1[0-9a-f]{2}){4}|[0-9a-f]{4}(?:\.[0-9a-f]{4}){2}", re.IGNORECASE
)
_UUID = re.compile(
    r"(?:urn:uuid:|\{)?(?P<hex>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\}?",
    re.IGNORECASE,
)
_IBAN = re.compile(r"[A-Z]{2}\d\d(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?")
_CARD = re.compile(r"\d{4}(?:(?P<mark>[ -])\d{4}(?:(?P=mark)\d{4}){2}|\d{12})")
_VERSION = re.compile(
    r"(?:(?:version|release)\s+|v)?(?P<number>\d+(?:\.\d+){2,3}(?:[-+][0-9A-Za-z.+-]+)?)", re.IGNORECASE
)
_CIPHER = re.compile(
    r"(?P<family>TLS|SSL|SHA|AES|RSA|HMAC|ECDSA|MD)(?P<rest>(?:[ _-]?v?\d+(?:\.\d+)?)(?:[_-][A-Z0-9]+)*|-SHA-?\d+)",
    re.IGNORECASE,
)
_EMAIL = re.compile(r"(?P<local>[\w.+-]+)@(?P<domain>[a-z0-9-]+(?:\.[a-z0-9-]+)+)", re.IGNORECASE | re.ASCII)
_HOST = re.compile(
    r"(?=[a-z0-9.-]*[a-z])(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,24}\.?", re.IGNORECASE | re.ASCII
)
_PATH = re.compile(r"/[^\s\\:*?\"<>|]*")
_PORT = re.compile(
    r"(?:port )?(?:(?P<first>\d{1,5})/(?P<last>tcp|udp)|(?P<proto>tcp|udp)[/:](?P<number>\d{1,5}))", re.IGNORECASE
)
_SYMBOLIC = re.compile(r"[-d]?(?P<bits>(?:[r-][w-][x-]){3})")
_OCTAL = re.compile(r"0[0-7]{3}")
_SUFFIXES = frozenset("com org net edu gov mil int io dev app test example info biz de uk fr ch eu us ai co".split())  # noqa: SIM905
_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443, "ftp": 21}
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_NETWORK = re.compile(
    r"(?<![\w.:/])(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f.]*)(?:/[\d.]+)?(?![\w:/]|\.\d)"
)
_DECIMAL_OCTETS = re.compile(r"\s*\(decimal octets\)")


def read_identifier(plain: str) -> Found | None:
    """What *plain* is as a whole; None for prose, numbers and what has no one normal form."""
    if len(plain) > TEXT_MAX or not plain.isascii():
        return None
    return next((found for read in _READERS if (found := read(plain)) is not None), None)


def read_network(plain: str) -> tuple[str, ...]:
    """The words of *plain* with its one address or network in normal form; empty when there is none, or several."""
    text, stated = _DECIMAL_OCTETS.subn("", plain)
    found = _NETWORK.findall(text)
    if len(found) != 1:
        return ()
    spelled = (
        ".".join(part.lstrip("0") or "0" for part in found[0].split("."))
        if stated and "/" not in found[0]
        else found[0]
    )
    _, slash, mask = spelled.partition("/")
    try:
        interface = ipaddress.ip_interface(spelled)
    except ValueError:
        return ()
    if slash and "." in mask and mask.startswith("0."):
        return ()
    before, _, after = text.partition(found[0])
    return (*before.split(), str(interface), *after.split())


def _caseless(text: str) -> Found | None:
    if _CASELESS.fullmatch(text):
        return "caseless", re.sub(r"\s+", "", text).casefold()
    if _DIGEST.fullmatch(text) or _FINGERPRINT.fullmatch(text):
        return "caseless", text.replace(":", "").casefold()
    return None


def _hardware(text: str) -> Found | None:
    return ("hardware address", re.sub(r"[:.-]", "", text).casefold()) if _HARDWARE.fullmatch(text) else None


def _uuid(text: str) -> Found | None:
    found = _UUID.fullmatch(text)
    closed = text.startswith("{") == text.endswith("}")
    return ("UUID", found["hex"].casefold()) if found is not None and closed else None


def _account(text: str) -> Found | None:
    """An IBAN or card number: blanks and dashes only group it, and its check digits say that it is one."""
    bare = re.sub(r"[ -]", "", text)
    if _IBAN.fullmatch(text) and int("".join(str(int(sign, 36)) for sign in bare[4:] + bare[:4])) % 97 == 1:
        return "IBAN", bare
    if _CARD.fullmatch(text) and _luhn(bare):
        return "card number", bare
    return None


def _luhn(digits: str) -> bool:
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (sum(doubled) + sum(map(int, digits[::-2]))) % 10 == 0


def _version(text: str) -> Found | None:
    found = _VERSION.fullmatch(text)
    numbers = found["number"].split("-")[0].split("+")[0].split(".") if found is not None else []
    address = len(numbers) > 3 and text[:1].isdigit()
    return ("version", found["number"]) if found is not None and not address else None


def _cipher(text: str) -> Found | None:
    """``TLSv1.3``, ``SHA-256``, ``AES_256_GCM``: marks between the parts and case are spelling."""
    found = _CIPHER.fullmatch(text)
    if found is None:
        return None
    rest = re.sub(
        r"^[ _-]?v?|[_-]", lambda mark: "" if mark.start() == 0 else "-", found["rest"].upper().replace("V", "")
    )
    return "algorithm", f"{found['family'].upper()}-{rest.replace('SHA-', 'SHA')}"


def _url(text: str) -> Found | None:
    """Scheme and host in one case, no default port, ``/`` for no path, nothing escaped that need not be."""
    if not re.match(r"(?:https?|wss?|ftp)://", text, re.IGNORECASE) or any(map(str.isspace, text)) or "\\" in text:
        return None
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return None
    if not host:
        return None
    user = f"{parts.netloc.rpartition('@')[0]}@" if "@" in parts.netloc else ""
    shown_port = "" if port is None or port == _PORTS[parts.scheme] else f":{port}"
    behind = text[text.index("://") + 3 + len(parts.netloc) :]
    path = behind if behind.startswith("/") else f"/{behind}"
    return "URL", f"{parts.scheme}://{user}{host}{shown_port}{_ESCAPE.sub(_unescaped, path)}"


def _unescaped(found: re.Match[str]) -> str:
    letter = chr(int(found[1], 16))
    return letter if letter.isascii() and (letter.isalnum() or letter in "-._~") else found[0].upper()


def _email(text: str) -> Found | None:
    found = _EMAIL.fullmatch(text)
    return ("e-mail address", f"{found['local']}@{found['domain'].casefold()}") if found is not None else None


def _host(text: str) -> Found | None:
    name = text.casefold().removesuffix(".")
    known = len(text) <= HOST_MAX and _HOST.fullmatch(text) is not None and name.rpartition(".")[2] in _SUFFIXES
    return ("host", name) if known else None


def _path(text: str) -> Found | None:
    """An absolute path without doubled slashes and ``.``; ``..`` stays, for it may lead through a link."""
    if _PATH.fullmatch(text) is None or text.startswith("//"):
        return None
    kept = [part for part in text.split("/") if part not in {"", "."}]
    return "path", "/" + "/".join(kept) + ("/" if kept and text.endswith(("/", "/.")) else "")


def _port(text: str) -> Found | None:
    found = _PORT.fullmatch(text)
    if found is None:
        return None
    return "port", f"{found['first'] or found['number']}/{(found['last'] or found['proto']).casefold()}"


def _mode(text: str) -> Found | None:
    """``0755`` and ``rwxr-xr-x``; ``755`` is a number."""
    if _OCTAL.fullmatch(text):
        return "mode", text
    found = _SYMBOLIC.fullmatch(text)
    if found is None or not any(map(str.isalpha, found["bits"])) or text.startswith("d"):
        return None
    bits = "".join("0" if sign == "-" else "1" for sign in found["bits"])
    return "mode", f"0{int(bits, 2):03o}"


_READERS: tuple[Callable[[str], Found | None], ...] = (
    _caseless, _uuid, _hardware, _account, _version, _cipher, _url, _email, _host, _path, _port, _mode,
)  # fmt: skip
