"""What development gets for free and production must bring: a secret of its own, made once and kept."""

import contextlib
import os
import secrets
from pathlib import Path


def load_or_create_secret(path: Path) -> str:
    """Return the secret in ``path``, making a random one (mode 0600) the first time."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.parent.chmod(0o700)
        # Whole or not at all, and the first process's: another one, or one that is killed, must not leave half of it.
        made = path.with_name(f".{path.name}.{os.getpid()}")
        made.touch(mode=0o600)
        made.write_text(secrets.token_urlsafe(48))
        with contextlib.suppress(FileExistsError):
            os.link(made, path)
        made.unlink()
    return path.read_text().strip()
