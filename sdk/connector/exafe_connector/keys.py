"""The system's own key, with which it signs answers, in a file that only its user reads."""

import base64
import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

LENGTH = 32


class KeyFileUnusable(Exception):
    """The file isn't there, isn't one of ours, or others may read it."""


@dataclass(frozen=True, repr=False)
class Keys:
    """``signing``: signs answers. ``listing``: under it the store knows people and calls, without holding either."""

    signing: Ed25519PrivateKey
    listing: bytes

    @property
    def public(self) -> str:
        """Return the public half in Base64, as the portal's register takes it."""
        return base64.b64encode(self.signing.public_key().public_bytes_raw()).decode()


def make_keys(path: Path) -> Keys:
    """Make keys and write them to a new file. Raises FileExistsError: no key is overwritten."""
    made = Keys(Ed25519PrivateKey.generate(), secrets.token_bytes(LENGTH))
    text = json.dumps(
        {
            "signing": base64.b64encode(made.signing.private_bytes_raw()).decode(),
            "listing": base64.b64encode(made.listing).decode(),
        }
    )
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())
    return made


def read_keys(path: Path) -> Keys:
    """Return the keys of a file. Raises KeyFileUnusable."""
    try:
        if path.stat().st_mode & 0o077:
            raise KeyFileUnusable(f"Others may read {path}: chmod 600 it.")
        told = json.loads(path.read_text())
        listing = base64.b64decode(told["listing"], validate=True)
        if len(listing) != LENGTH:
            raise ValueError("another length")
        signing = Ed25519PrivateKey.from_private_bytes(base64.b64decode(told["signing"], validate=True))
        return Keys(signing, listing)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise KeyFileUnusable(f"{path} can't be used as a key file: {type(error).__name__}.") from None
