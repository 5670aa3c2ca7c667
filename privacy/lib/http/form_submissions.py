"""Public forms that are sent again: the same sending comes back to its record, other content never does."""

import json
from collections.abc import Sequence
from typing import Any

from django.utils.crypto import salted_hmac

from privacy.lib.postgres import advisory_locks


def bind_nonce(door: str, submission: str, content: Sequence[Any]) -> str:
    """Return a form's mark bound to what was sent with it: the same form with other content has another mark.

    So number and code of a record come back only to who sends the very same thing again.
    """
    said = json.dumps(content, ensure_ascii=False, sort_keys=True, default=str)
    return salted_hmac(f"privacy.{door}.submission", f"{submission}\0{said}", algorithm="sha256").hexdigest()


def lock_submission(digest: str) -> None:
    """Let the second of two sendings with this mark wait until the first one's transaction has ended."""
    advisory_locks.lock_in_transaction(f"submission {digest}")
