"""What development gets for free and production must bring: a secret of its own, made once and kept."""

import secrets
from pathlib import Path


def secret(path: Path) -> str:
    """Return the secret in ``path``, making a random one (mode 0600) the first time."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.parent.chmod(0o700)
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(48))
    return path.read_text().strip()
