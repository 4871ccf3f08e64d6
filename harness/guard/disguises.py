"""Disguises: the texts that may hide in one text. Pure, and bounded: no reading is longer than what it reads."""

import codecs
import html
import re
import unicodedata
from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from types import MappingProxyType
from urllib.parse import unquote

READINGS_MAX = 40
"""Encoded pieces of one text that are read."""
_LOOK_ALIKES: Mapping[int, int] = MappingProxyType(
    str.maketrans("авсԁеёғһнніїјкӏмпоргрԛѕтцѵԝху", "abcdeefhhniijklmnoprpqstuvwxy")
    | str.maketrans("αβεηικνορτυχωɑɡıłø", "abenikvoptuxwagilo")
)
_LEET: Mapping[int, int] = MappingProxyType(str.maketrans("013457@$", "oieastas"))
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{16,}={0,2}")
_HEX = re.compile(r"(?:(?:\\x|0x|%)?[0-9A-Fa-f]{2}[ :,]{0,2}){8,}")
_HEX_FRAME = re.compile(r"\\x|0x|[% :,]")
_ESCAPED = re.compile(r"\\u\{?([0-9A-Fa-f]{4,6})\}?")
_SPACED = re.compile(r"(?<!\w)(?:\w[ ._*-]){4,}\w(?!\w)")
_UNSEEN = frozenset({"Cf", "Mn", "Me", "Co", "Cn"})
_TAGS = range(0xE0020, 0xE007F)


def views(text: str) -> Iterator[str]:
    """Every reading of *text* once, in small letters; first the text as people see it."""
    plain = unicodedata.normalize("NFKC", text)
    first = plain.casefold()
    yield first
    seen = {first}
    for reading in _readings(text, plain):
        folded = reading.casefold()
        if folded not in seen:
            seen.add(folded)
            yield folded


def _readings(text: str, plain: str) -> Iterator[str]:
    bare = _bare(plain)
    yield bare
    yield unicodedata.normalize("NFKC", _bare(unicodedata.normalize("NFKD", text)))
    yield bare.casefold().translate(_LOOK_ALIKES)
    yield bare.translate(_LEET)
    yield _SPACED.sub(lambda found: re.sub(r"[ ._*-]", "", found[0]), bare)
    yield html.unescape(bare)
    yield unquote(bare, errors="replace")
    yield _ESCAPED.sub(_letter, bare)
    yield codecs.encode(bare, "rot13")
    yield bare[::-1]
    yield "".join(chr(ord(letter) - 0xE0000) for letter in text if ord(letter) in _TAGS)
    yield from _decoded(bare)


def _bare(text: str) -> str:
    """*text* without characters that show nothing: joiners, marks, directions, private use."""
    return "".join(letter for letter in text if letter in "\n\t" or unicodedata.category(letter) not in _UNSEEN)


def _letter(found: re.Match[str]) -> str:
    code = int(found[1], 16)
    return chr(code) if code < 0x110000 and not 0xD800 <= code < 0xE000 else found[0]


def _decoded(text: str) -> Iterator[str]:
    """What stands in base64 and in hexadecimal."""
    for found in islice(_BASE64.finditer(text), READINGS_MAX):
        yield from _read(_from_base64, found[0])
    for found in islice(_HEX.finditer(text), READINGS_MAX):
        yield from _read(_from_hex, found[0])


def _read(decode: Callable[[str], bytes], piece: str) -> Iterator[str]:
    """The text that *piece* encodes; nothing when it is none."""
    try:
        yield decode(piece).decode()
    except ValueError:  # not in that code, or no UTF-8
        return


def _from_base64(piece: str) -> bytes:
    body = piece.rstrip("=").replace("-", "+").replace("_", "/")
    body = body[: len(body) - (len(body) % 4 == 1)]
    return b64decode(body + "=" * (-len(body) % 4))


def _from_hex(piece: str) -> bytes:
    digits = _HEX_FRAME.sub("", piece)
    return bytes.fromhex(digits[: len(digits) // 2 * 2])
