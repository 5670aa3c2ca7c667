"""The language that the reader gets, of the two in which the portal writes."""

from django.utils.translation import get_language


def reader_language() -> str:
    """Return ``ko`` or ``en``, the language of the page; Korean where none is active."""
    return "en" if (get_language() or "ko").startswith("en") else "ko"
