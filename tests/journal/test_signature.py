"""Signatures of journal heads, with real keys and files."""

import json
import subprocess
import sys

import pytest

pytest.importorskip("cryptography")
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from harness.core.errors import ConfigError, JournalError
from harness.journal.signature import SCHEMA, fault_of, mismatch_of, read_signature, sign, signature_path

AT = "2026-11-20T10:00:00Z"


def key_files(folder, name="key", key=None, lock=None):
    """A private and a public key in PEM files."""
    key = key or Ed25519PrivateKey.generate()
    private, public = folder / f"{name}.pem", folder / f"{name}.pub"
    encryption = NoEncryption() if lock is None else BestAvailableEncryption(lock)
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption))
    public.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return private, public


@pytest.fixture
def journal(written, call):
    return written(call(1), call(2))


def test_a_signed_journal_is_known_by_its_public_key_and_by_no_other(journal, tmp_path):
    private, public = key_files(tmp_path)
    _, stranger = key_files(tmp_path, "other")
    made = sign(journal, private, at=AT)
    assert read_signature(signature_path(journal)) == made
    assert (made.journal, made.lines, made.at) == ("r1.jsonl", 2, AT)
    assert fault_of(made, public) is None
    assert mismatch_of(made, journal) is None
    assert "not made with the key" in fault_of(made, stranger)


def test_nothing_of_the_private_key_is_written(journal, tmp_path):
    private, _ = key_files(tmp_path)
    sign(journal, private, at=AT)
    secret = private.read_text().splitlines()[1]
    assert all(secret not in path.read_text() for path in tmp_path.rglob("*") if path.is_file() and path != private)


def test_lines_may_follow_what_was_signed_and_none_may_go(journal, written, call, tmp_path):
    private, _ = key_files(tmp_path)
    made = sign(journal, private, at=AT)
    written(call(3))
    assert mismatch_of(made, journal) is None
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(lines[0])
    assert "was cut: 2 lines were signed" in mismatch_of(made, journal)


def test_another_history_of_the_same_name_is_found_out(journal, written, call, tmp_path):
    private, public = key_files(tmp_path)
    made = sign(journal, private, at=AT)
    journal.unlink()
    written(call(1), call(2, text="43"))
    assert fault_of(made, public) is None
    assert "r1.jsonl:2: signed was a line with hash" in mismatch_of(made, journal)
    moved = journal.rename(journal.with_name("r2.jsonl"))
    assert "is of 'r1.jsonl'" in mismatch_of(made, moved)


@pytest.mark.parametrize(
    ("field", "value"),
    [("lines", 1), ("at", "2020-01-01T00:00:00Z"), ("head_hash", "0" * 64), ("signature", "AAAA"), ("signature", "é")],
)
def test_every_field_is_covered(journal, tmp_path, field, value):
    private, public = key_files(tmp_path)
    path = signature_path(journal)
    sign(journal, private, at=AT)
    path.write_text(json.dumps({**json.loads(path.read_text()), field: value}))
    assert fault_of(read_signature(path), public) is not None


@pytest.mark.parametrize("content", ["[]", "{", '{"schema": "other"}', json.dumps({"schema": SCHEMA, "lines": "2"})])
def test_a_file_that_is_no_signature_is_told(journal, content):
    path = signature_path(journal)
    assert read_signature(path) is None
    path.write_text(content)
    with pytest.raises(JournalError, match=r"r1\.jsonl\.sig: is"):
        read_signature(path)


def test_a_broken_or_empty_journal_is_not_vouched_for(journal, tmp_path):
    private, _ = key_files(tmp_path)
    journal.write_bytes(journal.read_bytes().replace(b'"42"', b'"43"', 1))
    with pytest.raises(JournalError, match="is not signed"):
        sign(journal, private, at=AT)
    journal.write_bytes(b"")
    with pytest.raises(ConfigError, match="nothing to sign"):
        sign(journal, private, at=AT)


def test_what_is_no_ed25519_key_is_refused_without_quoting_it(journal, tmp_path):
    private, public = key_files(tmp_path)
    curve, curve_public = key_files(tmp_path, "curve", generate_private_key(SECP256R1()))
    locked, _ = key_files(tmp_path, "locked", lock=b"secret")
    rubbish = tmp_path / "rubbish"
    rubbish.write_text("-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----\n")
    for path, what in (
        (curve, "not Ed25519"),
        (locked, "password"),
        (rubbish, "no private key"),
        (public, "no private"),
        (tmp_path / "none", "read"),
    ):
        with pytest.raises(ConfigError, match=what) as told:
            sign(journal, path, at=AT)
        assert "hunter2" not in str(told.value)
    made = sign(journal, private, at=AT)
    for path, what in (
        (curve_public, "not Ed25519"),
        (private, "is a private key"),
        (tmp_path / "none", "read"),
        (journal, "no public key"),
    ):
        with pytest.raises(ConfigError, match=what):
            fault_of(made, path)


def test_a_signature_that_cannot_be_written_or_read_is_told(journal, tmp_path):
    private, _ = key_files(tmp_path)
    signature_path(journal).mkdir()
    with pytest.raises(ConfigError, match="cannot be written"):
        sign(journal, private, at=AT)
    with pytest.raises(JournalError, match="cannot be read"):
        read_signature(signature_path(journal))


def test_without_the_extra_it_is_said_how_to_install_it(journal):
    script = (
        "import sys; sys.modules['cryptography'] = None\n"
        "from pathlib import Path\n"
        "from harness.core.errors import ConfigError\n"
        "from harness.journal.signature import sign\n"
        f"try: sign(Path({str(journal)!r}), Path('k'), at='')\n"
        "except ConfigError as error: print(error)\n"
    )
    shown = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "pip install 'consensus-harness[sign]'" in shown.stdout
