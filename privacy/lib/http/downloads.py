"""Handing a file over so that no browser runs or guesses it: an attachment, of its own type, never kept (SEC-44)."""

from django.http import HttpResponse

# The default stands for neither of the last two.
POLICY = "sandbox; default-src 'none'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'"


def attachment(content: bytes, *, media_type: str, name: str) -> HttpResponse:
    """Return a file as a download; ``name`` is ours, never the sender's."""
    response = HttpResponse(content, content_type=media_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "no-store"
    return response
