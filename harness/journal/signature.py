"""Ed25519 signatures of journal heads: who vouches that a journal was at least this long, and said this, at that time.

``<journal>.sig`` lies beside the journal and is one JSON object::

    {
        "schema": "harness.journal-signature/1",
        "journal": "<file name>",
        "lines": n,
        "head_hash": "<64 hex>",
        "at": "<UTC RFC 3339>",
        "public_key": "<PEM>",
        "signature": "<base64>",
    }

What is signed are the first five fields as canonical JSON (sorted keys, no white space, UTF-8). The hash of a line
covers every line before it, so one signature covers the journal up to line n: lines may follow, none of those may go.
The key that a signature names proves nothing by itself: whoever checks brings the public key they trust.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from harness.core.errors import ConfigError, JournalError
from harness.core.hashing import Json, canonical
from harness.journal.line import short
from harness.journal.reader import read, verify

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

SCHEMA: Final = "harness.journal-signature/1"
_SIGNED: Final = ("schema", "journal", "lines", "head_hash", "at")
_TYPES: Final[Mapping[str, type]] = {**dict.fromkeys((*_SIGNED, "public_key", "signature"), str), "lines": int}


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """What ``<journal>.sig`` says."""

    journal: str
    """File name of the journal."""
    lines: int
    head_hash: str
    """Hash of line number ``lines``."""
    at: str
    """When it was signed, by the signer's clock: UTC, RFC 3339."""
    public_key: str
    """PEM; of the key that signed, as it says itself."""
    signature: str
    """Base64 of 64 bytes."""

    @property
    def message(self) -> bytes:
        """The bytes that are signed."""
        fields = {"schema": SCHEMA, "journal": self.journal, "lines": self.lines}
        return canonical({**fields, "head_hash": self.head_hash, "at": self.at})

    @property
    def record(self) -> dict[str, Json]:
        """The fields of the file."""
        fields = {"schema": SCHEMA, "journal": self.journal, "lines": self.lines, "head_hash": self.head_hash}
        return {**fields, "at": self.at, "public_key": self.public_key, "signature": self.signature}


def signature_path(journal: Path) -> Path:
    """``<journal>.sig``, beside the journal."""
    return journal.with_name(f"{journal.name}.sig")


def sign(journal: Path, private_key: Path, *, at: str) -> Signature:
    """Sign the head of *journal* with the Ed25519 key in the PEM file *private_key*, and write ``<journal>.sig``.

    Raises ConfigError when the key cannot be used or the file not be written, JournalError when the journal does not
    chain: what is broken is not vouched for. Nothing of the private key is written or told.
    """
    key = _private_key(private_key)
    found = verify(journal)
    if found.broken is not None:
        raise JournalError(f"{found.broken}; a journal that does not chain is not signed")
    if not found.lines:
        raise ConfigError(f"{journal}: has no whole line yet, so there is nothing to sign")
    unsigned = Signature(
        journal=journal.name,
        lines=found.lines,
        head_hash=found.head_hash,
        at=at,
        public_key=_pem(key.public_key()),
        signature="",
    )
    made = _with(unsigned, base64.b64encode(key.sign(unsigned.message)).decode())
    path = signature_path(journal)
    try:
        path.write_text(json.dumps(made.record, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror}") from error
    return made


def read_signature(path: Path) -> Signature | None:
    """The signature in the file *path*; None when there is no such file. Raises JournalError for one that is none."""
    try:
        record = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise JournalError(f"{path}: cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise JournalError(f"{path}: is not JSON: {error}") from error
    return signature_of(record, str(path))


def signature_of(record: Json, place: str) -> Signature:
    """The signature that the JSON object *record* says. Raises JournalError naming *place* when it says none."""
    if not isinstance(record, dict) or record.get("schema") != SCHEMA:
        raise JournalError(f"{place}: is no signature of a journal: its schema is not {SCHEMA!r}")
    for name, kind in _TYPES.items():
        if not isinstance(record.get(name), kind):
            raise JournalError(f"{place}: is no signature of a journal: {name} is {record.get(name)!r}")
    return Signature(**{name: record[name] for name in _TYPES if name != "schema"})


def fault_of(signature: Signature, public_key: Path) -> str | None:
    """Why *signature* was not made by the owner of the Ed25519 key in the PEM file *public_key*; None: it was.

    Says nothing about a journal. Raises ConfigError for a file that holds no such key.
    """
    trusted = _public_key(public_key)
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 -- an optional extra

    try:
        trusted.verify(base64.b64decode(signature.signature, validate=True), signature.message)
    except (InvalidSignature, ValueError):  # the second: no base64
        other = "" if signature.public_key.strip() == _pem(trusted).strip() else "; it names another public key"
        return f"{signature.journal}: the signature was not made with the key in {public_key}{other}"
    return None


def mismatch_of(signature: Signature, journal: Path) -> str | None:
    """How *journal* differs from what was signed; None: its first lines are those. It must chain."""
    if signature.journal != journal.name:
        return f"{journal.name}: the signature beside it is of {signature.journal!r}"
    for line in read(journal):
        if line.seq == signature.lines:
            if line.hash == signature.head_hash:
                return None
            found, signed = short(line.hash), short(signature.head_hash)
            return f"{journal.name}:{line.seq}: signed was a line with hash {signed}, found {found}"
    return f"{journal.name}: was cut: {signature.lines} lines were signed, and it has fewer"


def _with(unsigned: Signature, signature: str) -> Signature:
    return signature_of({**unsigned.record, "signature": signature}, unsigned.journal)


def _private_key(path: Path) -> "Ed25519PrivateKey":
    _require()
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 -- an optional extra
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415

    data = _bytes(path)
    try:
        key = load_pem_private_key(data, password=None)
    except TypeError as error:
        raise ConfigError(
            f"{path}: the key is locked with a password; give an unlocked copy, readable by you alone"
        ) from error
    except (ValueError, UnsupportedAlgorithm):
        # Not chained: what the library says may quote the file.
        raise ConfigError(f"{path}: holds no private key in PEM; {_MAKE}") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise ConfigError(f"{path}: holds a private key that is not Ed25519; {_MAKE}")
    return key


def _public_key(path: Path) -> "Ed25519PublicKey":
    _require()
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 -- an optional extra
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import load_pem_public_key  # noqa: PLC0415

    data = _bytes(path)
    if b"PRIVATE KEY" in data:
        raise ConfigError(f"{path}: is a private key; whoever checks needs only the public one: {_PUBLISH}")
    try:
        key = load_pem_public_key(data)
    except (ValueError, UnsupportedAlgorithm):
        raise ConfigError(f"{path}: holds no public key in PEM; {_PUBLISH}") from None
    if not isinstance(key, Ed25519PublicKey):
        raise ConfigError(f"{path}: holds a public key that is not Ed25519; {_PUBLISH}")
    return key


_MAKE: Final = "make one with: openssl genpkey -algorithm ed25519 -out key.pem"
_PUBLISH: Final = "openssl pkey -in key.pem -pubout -out public.pem"


def _pem(key: "Ed25519PublicKey") -> str:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat  # noqa: PLC0415 -- optional extra

    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error


def _require() -> None:
    try:
        import cryptography  # noqa: F401, PLC0415 -- an optional extra
    except ImportError as error:
        raise ConfigError(
            "signatures need the package 'cryptography': install it with: pip install 'consensus-harness[sign]'"
        ) from error
