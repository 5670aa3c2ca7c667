"""Password-protected ZIP files (WinZip AE-2, AES-256): what a recipient's ordinary tools can open (law S-21).

The format fixes PBKDF2-HMAC-SHA-1 with 1,000 rounds, so the strength must come from the passphrase:
``encode_passphrase`` writes 130 random bits, never a word that a person chose.
"""

import hashlib
import hmac
import io
import secrets
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from privacy.lib.identifiers.ids import CROCKFORD_BASE32

SALT, CHECK, CODE, KEY, ROUNDS = 16, 2, 10, 32, 1000
AES_METHOD, STORED, DEFLATED = 99, 0, 8
UTF8 = 1 << 11
ENCRYPTED = 1
# Local header and central directory record, without name and extra field (APPNOTE 4.3.7, 4.3.12).
LOCAL = struct.Struct("<4s5H3L2H")
CENTRAL = struct.Struct("<4s6H3L5H2L")
END = struct.Struct("<4s4H2LH")
EXTRA = struct.Struct("<HHH2sBH")
DOS_TIME, DOS_DATE = 0, (1 << 5) | 1


@dataclass(frozen=True)
class _Keys:
    aes: bytes
    mac: bytes
    check: bytes


def encode_passphrase(secret: bytes) -> str:
    """Return 130 bits of a secret as letters and digits in groups, e.g. ``7F3K-92QX-…``; fit to be read out."""
    number = int.from_bytes(secret, "big")
    letters = "".join(CROCKFORD_BASE32[number >> 5 * place & 31] for place in range(26))
    return "-".join(letters[start : start + 4] for start in range(0, len(letters), 4))


def pack(files: Mapping[str, bytes], *, passphrase: str, again: bytes = b"") -> bytes:
    """Return a ZIP of ``files``, each compressed and sealed with AES-256; names are not secret.

    With a secret in ``again``, the same files and passphrase give the same bytes again: the salts are drawn from it
    and from what is sealed, so that no two contents share a key.
    """
    out = io.BytesIO()
    directory: list[bytes] = []
    for name, content in files.items():
        offset = out.tell()
        encoded = name.encode()
        deflated = zlib.compressobj(9, zlib.DEFLATED, -15)
        squeezed = deflated.compress(content) + deflated.flush()
        method, body = (DEFLATED, squeezed) if len(squeezed) < len(content) else (STORED, content)
        salt = _salt(again, passphrase, encoded, body) if again else secrets.token_bytes(SALT)
        sealed = _seal(body, passphrase, salt)
        extra = EXTRA.pack(0x9901, 7, 2, b"AE", 3, method)
        flags = ENCRYPTED | UTF8
        sizes = (0, len(sealed), len(content))
        out.write(
            LOCAL.pack(b"PK\3\4", 51, flags, AES_METHOD, DOS_TIME, DOS_DATE, *sizes, len(encoded), len(extra))
            + encoded
            + extra
            + sealed
        )
        directory.append(
            CENTRAL.pack(
                b"PK\1\2", 0x033F, 51, flags, AES_METHOD, DOS_TIME, DOS_DATE, *sizes,
                len(encoded), len(extra), 0, 0, 0, 0o600 << 16, offset,
            )
            + encoded
            + extra
        )  # fmt: skip
    start = out.tell()
    table = b"".join(directory)
    out.write(table + END.pack(b"PK\5\6", 0, 0, len(directory), len(directory), len(table), start, 0))
    return out.getvalue()


def _keys(passphrase: str, salt: bytes) -> _Keys:
    derived = hashlib.pbkdf2_hmac("sha1", passphrase.encode(), salt, ROUNDS, 2 * KEY + CHECK)
    return _Keys(aes=derived[:KEY], mac=derived[KEY : 2 * KEY], check=derived[2 * KEY :])


def _stream(body: bytes, key: bytes) -> bytes:
    """Encrypt in counter mode; the format counts little-endian from 1, unlike the standard's CTR."""
    blocks = -(-len(body) // 16)
    counters = b"".join(number.to_bytes(16, "little") for number in range(1, blocks + 1))
    encryptor = Cipher(algorithms.AES(key), modes.ECB()).encryptor()  # noqa: S305 - the block step of CTR
    mask = encryptor.update(counters)[: len(body)]
    return (int.from_bytes(body, "big") ^ int.from_bytes(mask, "big")).to_bytes(len(body), "big")


def _salt(secret: bytes, passphrase: str, name: bytes, body: bytes) -> bytes:
    said = b"".join(hashlib.sha256(part).digest() for part in (passphrase.encode(), name, body))
    return hmac.new(secret, said, "sha256").digest()[:SALT]


def _seal(body: bytes, passphrase: str, salt: bytes) -> bytes:
    keys = _keys(passphrase, salt)
    hidden = _stream(body, keys.aes)
    return salt + keys.check + hidden + hmac.new(keys.mac, hidden, "sha1").digest()[:CODE]
