"""The address under which people find the portal's pages in their language: Korean has no prefix."""

from django.conf import settings

from privacy.lib.display.reader_language import reader_language


def people_url(language: str = "") -> str:
    """Return the portal's address, without a slash at its end, in a language, or in the one that is active."""
    said = language or reader_language()
    return str(settings.PORTAL_URL) if said == "ko" else f"{settings.PORTAL_URL}/{said}"
