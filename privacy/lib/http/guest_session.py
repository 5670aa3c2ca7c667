"""Pages of one's own without an account: once proven, they stay open in this browser for half an hour (SEC-21)."""

from datetime import datetime, timedelta
from uuid import UUID

from django.http import HttpRequest

SESSION_LIFETIME = timedelta(minutes=30)


def begin(request: HttpRequest, page: str, about: UUID, *, at: datetime) -> None:
    """Let this browser see the pages of ``page`` about one record from now on; its session gets a new key."""
    request.session.cycle_key()
    request.session[page] = {"id": str(about), "until": (at + SESSION_LIFETIME).isoformat()}


def record_id(request: HttpRequest, page: str, *, at: datetime) -> UUID | None:
    """Return which record this browser may see, or nothing where it has proven none or the time is over."""
    kept = request.session.get(page)
    if not kept or datetime.fromisoformat(kept["until"]) <= at:
        return None
    return UUID(kept["id"])


def is_open(request: HttpRequest, *, at: datetime) -> bool:
    """Whether any page of one's own is open in this browser."""
    held = [kept for kept in request.session.values() if isinstance(kept, dict) and {"id", "until"} <= kept.keys()]
    return any(datetime.fromisoformat(kept["until"]) > at for kept in held)


def end(request: HttpRequest, page: str) -> None:
    """Close the pages in this browser."""
    request.session.pop(page, None)
