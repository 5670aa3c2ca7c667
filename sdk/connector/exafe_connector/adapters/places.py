"""Places that name a person, such as ``devices/{reference}/logs/``: names in braces, nothing else of a format."""

import re
from collections.abc import Mapping

NAME = re.compile(r"\{([a-z_][a-z0-9_]*)\}", re.ASCII)


def names_in(place: str) -> list[str]:
    """Return the names in braces, in order."""
    return NAME.findall(place)


def filled(place: str, values: Mapping[str, str]) -> str:
    """Return a place with a value for each name; nothing in a value is read as a name."""
    return NAME.sub(lambda found: values[found[1]], place)
