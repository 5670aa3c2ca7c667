"""A witness's key: Ed25519 (type 4 of C2SP tlog-cosignature), or ML-DSA-44 (type 6), made against quantum computers."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from privacy.ledger.checkpoints.signed_notes import Signer, read_key_file, write_key_file
from privacy.ledger.verify import Key, fingerprint, parse_key
from privacy.ledger.verify_vectors import ML_DSA, ml_dsa_text


class WitnessSigner(Protocol):
    """What cosigns for a witness."""

    @property
    def name(self) -> str: ...

    @property
    def vkey(self) -> str: ...

    @property
    def keys(self) -> list[Key]: ...

    def cosignature(self, text: str, moment: int) -> str: ...

    def save(self, path: Path) -> None: ...


@dataclass(frozen=True)
class MlDsaSigner:
    """An ML-DSA-44 key with the name that it cosigns under."""

    name: str
    private: MLDSA44PrivateKey

    @classmethod
    def make(cls, name: str) -> MlDsaSigner:
        """Return a new key."""
        return cls(name, MLDSA44PrivateKey.generate())

    @classmethod
    def load(cls, path: Path) -> MlDsaSigner:
        """Read a key file: ``PRIVATE+KEY+name+base64(type || seed)``. Raises ``ValueError`` if it is something else."""
        name, seed = read_key_file(path, ML_DSA, whose="a witness")
        return cls(name, MLDSA44PrivateKey.from_seed_bytes(seed))

    def save(self, path: Path) -> None:
        """Write the key file, readable by its owner only; never over another."""
        write_key_file(path, ML_DSA, self.name, self.private.private_bytes_raw())

    @property
    def vkey(self) -> str:
        """The verifier key for a policy."""
        public = self.private.public_key().public_bytes_raw()
        identity = fingerprint(self.name.encode(), bytes([ML_DSA]), public)[:4]
        return f"{self.name}+{identity.hex()}+{base64.b64encode(bytes([ML_DSA]) + public).decode()}"

    @property
    def keys(self) -> list[Key]:
        """The same, as ``verify.py`` takes it."""
        return [parse_key(self.vkey)]

    def cosignature(self, text: str, moment: int) -> str:
        """Return the line that cosigns a checkpoint as of ``moment`` (seconds since 1970)."""
        stamp = moment.to_bytes(8, "big")
        signature = self.private.sign(ml_dsa_text(self.name, text.encode(), stamp))
        return f"\u2014 {self.name} {base64.b64encode(self.keys[0].id + stamp + signature).decode()}\n"


@dataclass(frozen=True)
class Ed25519Signer(Signer):
    """An Ed25519 key; of its two verifier keys a policy has the one of cosignatures."""

    @property
    def vkey(self) -> str:
        """The verifier key for a policy."""
        return self.vkeys[1]


def load_key(path: Path) -> WitnessSigner:
    """Read a witness's key of either type. Raises ``ValueError``, ``OSError``."""
    try:
        return Ed25519Signer.load(path)
    except ValueError:
        return MlDsaSigner.load(path)
