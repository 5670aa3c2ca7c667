"""Nobody seals twice with one nonce: the places beside the vault's own boxes (test_ciphertext_is_bound_to_its_row)."""

import base64
import io
import os
import re
import zipfile

import pytest
from allauth.mfa.adapter import get_adapter

from privacy.lib.documents import encrypted_zip
from privacy.vault import crypto
from privacy.vault.key_providers import FileMasterKeys
from tests.house.test_secure_code import SOURCES

MANY = 2_000
# AE-2: a salt stands before what is sealed, and the key of each file is drawn from it; the counter begins at 1.
SALT = 16


@pytest.mark.asvs("11.3.4")
def test_wrapped_keys_and_second_factors_have_a_nonce_each() -> None:
    wrapped = FileMasterKeys().wrap(1, [(b"k" * crypto.KEY_BYTES, b"same")] * MANY)
    sealed = [base64.b64decode(get_adapter().encrypt("same")) for _time in range(200)]
    for boxes in (wrapped, sealed):
        assert len({bytes(box[: crypto.NONCE_BYTES]) for box in boxes}) == len(boxes)


def salts(packed: bytes) -> list[bytes]:
    """What stands before each sealed file."""
    found = []
    for one in zipfile.ZipFile(io.BytesIO(packed)).infolist():
        names = int.from_bytes(packed[one.header_offset + 26 : one.header_offset + 28], "little")
        extra = int.from_bytes(packed[one.header_offset + 28 : one.header_offset + 30], "little")
        start = one.header_offset + 30 + names + extra
        found.append(packed[start : start + SALT])
    return found


@pytest.mark.asvs("11.3.4")
@pytest.mark.parametrize("again", [b"", b"a secret"])
def test_no_two_files_for_a_recipient_share_a_key(again: bytes) -> None:
    """Also where the same bytes are to come again: another name, content or passphrase is another salt."""
    assert encrypted_zip.SALT == SALT
    found = [
        salt
        for passphrase in ("one", "two")
        for files in ({"a": b"x", "b": b"x"}, {"a": b"y"})
        for salt in salts(encrypted_zip.pack(files, passphrase=passphrase, again=again))
    ]
    assert len(found) == len(set(found)) == 6


@pytest.mark.asvs("11.3.4")
def test_every_other_place_that_seals_asks_for_its_nonce() -> None:
    """What seals is listed, with where its nonce comes from: the system's random bytes, a box at a time."""
    seals = {
        path: sorted(set(re.findall(r"urandom|token_bytes|random_bytes|nonces\(", text)))
        for path, text in SOURCES.items()
        if re.search(r"AESGCM\([^\n]*\)\.encrypt|cipher\.encrypt\(|encrypts\[|AES_GCM, mechanism_param", text)
    }
    assert seals.keys() == {
        "privacy/vault/crypto.py", "privacy/vault/key_providers.py", "privacy/vault/pkcs11_keys.py",
        "privacy/vault/actions/bulk_encryption.py", "privacy/accounts/signin/adapters.py",
    }  # fmt: skip
    assert all(seals.values()), seals
    assert len(os.urandom(crypto.NONCE_BYTES)) == 12
