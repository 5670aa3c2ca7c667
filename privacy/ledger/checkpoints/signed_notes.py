"""Signing notes and checkpoints with the notary's key (C2SP signed-note, tlog-checkpoint, tlog-cosignature).

A checkpoint carries two signatures by one key: the log's own (type 1), and a cosignature (type 4) that says when.
Checking them is ``verify.py``'s part.
"""

from __future__ import annotations

import base64
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from privacy.ledger.verify import COSIGNATURE, ED25519, Key, parse_key, sha256

KEY_FILE = "PRIVATE+KEY+"


def read_key_file(path: Path, kind: int, *, whose: str) -> tuple[str, bytes]:
    """Return the name and the seed in a key file, ``PRIVATE+KEY+name+base64(type || seed)``. Raises ``ValueError``."""
    prefix, _, rest = path.read_text().strip().partition(KEY_FILE)
    name, _, encoded = rest.partition("+")
    material = base64.b64decode(encoded, validate=True)
    if prefix or not name or len(material) != 33 or material[0] != kind:
        raise ValueError(f"{path} is not a signing key of {whose}.")
    return name, material[1:]


def write_key_file(path: Path, kind: int, name: str, seed: bytes) -> None:
    """Write a key file, readable by its owner only; never over another."""
    material = base64.b64encode(bytes([kind]) + seed).decode()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(f"{KEY_FILE}{name}+{material}\n")


@dataclass(frozen=True)
class Signer:
    """A private key with the name it signs under, which is the log's origin."""

    name: str
    private: Ed25519PrivateKey

    @classmethod
    def make(cls, name: str) -> Self:
        """Return a new key."""
        return cls(name, Ed25519PrivateKey.generate())

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a key file: ``PRIVATE+KEY+name+base64(type || seed)``. Raises ``ValueError`` if it is something else."""
        name, seed = read_key_file(path, ED25519, whose="the notary")
        return cls(name, Ed25519PrivateKey.from_private_bytes(seed))

    def save(self, path: Path) -> None:
        """Write the key file, readable by its owner only; never over another."""
        write_key_file(path, ED25519, self.name, self.private.private_bytes_raw())

    @property
    def vkeys(self) -> list[str]:
        """The verifier keys to pin: for the log's signature, and for the time of signing."""
        return [self._vkey(ED25519), self._vkey(COSIGNATURE)]

    def publish(self, path: Path) -> None:
        """Write the verifier keys to a file that everybody can read, for whoever pins them."""
        path.write_text("".join(f"{vkey}\n" for vkey in self.vkeys))
        path.chmod(0o644)

    @property
    def keys(self) -> list[Key]:
        """The same, as ``verify.py`` takes them."""
        return [parse_key(vkey) for vkey in self.vkeys]

    def _material(self, kind: int) -> bytes:
        return bytes([kind]) + self.private.public_key().public_bytes_raw()

    def _id(self, kind: int) -> bytes:
        return sha256(self.name.encode() + b"\n" + self._material(kind)).digest()[:4]

    def _vkey(self, kind: int) -> str:
        return f"{self.name}+{self._id(kind).hex()}+{base64.b64encode(self._material(kind)).decode()}"

    def note(self, text: str, moment: int) -> str:
        """Return the text signed plainly and cosigned as of ``moment`` (seconds since 1970)."""
        plain = self._id(ED25519) + self.private.sign(text.encode())
        return f"{text}\n{self._line(plain)}{self.cosignature(text, moment)}"

    def cosignature(self, text: str, moment: int) -> str:
        """Return the line that cosigns a note's text as of ``moment``."""
        head = f"cosignature/v1\ntime {moment}\n"
        timed = self._id(COSIGNATURE) + moment.to_bytes(8, "big") + self.private.sign((head + text).encode())
        return self._line(timed)

    def _line(self, signature: bytes) -> str:
        return f"\u2014 {self.name} {base64.b64encode(signature).decode()}\n"


def checkpoint_text(origin: str, size: int, root: bytes) -> str:
    """Return the text of a checkpoint: origin, size, root."""
    return f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n"


def proof_text(index: int, path: list[bytes], checkpoint: str) -> str:
    """Return a C2SP tlog-proof: index, inclusion path, checkpoint."""
    hashes = "".join(f"{base64.b64encode(value).decode()}\n" for value in path)
    return f"c2sp.org/tlog-proof@v1\nindex {index}\n{hashes}\n{checkpoint}"
