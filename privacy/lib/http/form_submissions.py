"""Forms that are sent again: the same sending comes back to its record, other content never does."""

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from privacy.lib.postgres import advisory_locks

# The hidden field that holds the mark of one showing of a form.
FIELD = "submission"


def bind_nonce(door: str, submission: str, content: Sequence[Any]) -> str:
    """Return a form's mark bound to what was sent with it: the same form with other content has another mark.

    So number and code of a record come back only to who sends the very same thing again.
    """
    said = json.dumps(content, ensure_ascii=False, sort_keys=True, default=str)
    return salted_hmac(f"privacy.{door}.submission", f"{submission}\0{said}", algorithm="sha256").hexdigest()


def lock_submission(digest: str) -> None:
    """Let the second of two sendings with this mark wait until the first one's transaction has ended."""
    advisory_locks.lock_in_transaction(f"submission {digest}")


def content_of(request: HttpRequest) -> list[Any]:
    """Return what a form says: its fields as they were sent, and the digest of each file."""
    said = {name: values for name, values in request.POST.lists() if name not in (FIELD, "csrfmiddlewaretoken")}
    files = []
    for name, sent in request.FILES.lists():
        for file in sent:
            file.seek(0)  # a form's own check may have read it
            files.append([name, file.name, hashlib.file_digest(file, "sha256").hexdigest()])
            file.seek(0)
    return [said, files]
