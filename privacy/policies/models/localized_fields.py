"""Korean and English stand beside each other in the rows; the reader gets one of them."""

from django.utils.translation import get_language


def in_language(row: object, name: str, language: str | None = None) -> str:
    """Return the ``_ko`` or ``_en`` field of ``row`` for the language of the reader."""
    suffix = "en" if (language or get_language() or "ko").startswith("en") else "ko"
    return str(getattr(row, f"{name}_{suffix}"))
