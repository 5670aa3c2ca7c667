"""Names of people as they are compared with what somebody typed or pasted."""

from unicodedata import normalize


def folded(name: str) -> str:
    """Return a name composed, in small letters and with single spaces: one name however a keyboard puts it together."""
    return " ".join(normalize("NFKC", name).casefold().split())
