"""Encrypted ZIP files: WinZip AE-2 as other tools read it, opened by the passphrase and nothing else."""

import io
import os
import zipfile

import pytest

from privacy.lib.documents import encrypted_zip
from tests.encrypted_zips import REFUSED, opened

FILES = {"안내.txt": "안녕하세요".encode() * 500, "random.bin": os.urandom(5000), "empty.txt": b""}
PASSPHRASE = encrypted_zip.encode_passphrase(bytes(range(32)))


@pytest.mark.asvs("11.2.1", "11.3.5")
def test_what_was_packed_comes_out() -> None:
    assert opened(encrypted_zip.pack(FILES, passphrase=PASSPHRASE), PASSPHRASE) == FILES


@pytest.mark.law("S-21", "S-23")
def test_it_is_a_zip_whose_entries_say_aes() -> None:
    archive = zipfile.ZipFile(io.BytesIO(encrypted_zip.pack(FILES, passphrase=PASSPHRASE)))
    assert archive.namelist() == list(FILES)
    for entry in archive.infolist():
        assert entry.compress_type == 99
        assert entry.flag_bits & 1
        assert entry.extra[:2] == b"\x01\x99"


@pytest.mark.asvs("11.3.3", "11.3.5")
def test_a_wrong_passphrase_or_an_altered_file_does_not_open() -> None:
    packed = encrypted_zip.pack(FILES, passphrase=PASSPHRASE)
    with pytest.raises(REFUSED):
        opened(packed, PASSPHRASE[:-1] + "Z")
    altered = bytearray(packed)
    altered[200] ^= 1
    with pytest.raises(REFUSED):
        opened(bytes(altered), PASSPHRASE)


@pytest.mark.asvs("11.3.1")
def test_the_same_content_never_looks_the_same() -> None:
    assert encrypted_zip.pack(FILES, passphrase=PASSPHRASE) != encrypted_zip.pack(FILES, passphrase=PASSPHRASE)


@pytest.mark.asvs("11.4.4", "11.5.1")
def test_a_passphrase_has_130_bits_and_can_be_read_out() -> None:
    plain = PASSPHRASE.replace("-", "")
    assert len(plain) == 26
    assert not set(plain) & set("ILOU")
    assert len({encrypted_zip.encode_passphrase((1 << bit).to_bytes(32)) for bit in range(130)}) == 130
