"""A short text that the browser saves as a file without asking the server again: what is shown only once."""

from collections.abc import Iterable
from urllib.parse import quote


def as_data_url(lines: Iterable[str]) -> str:
    """Return lines as the address of a text file, for a link with ``download``."""
    return f"data:text/plain;charset=utf-8,{quote(''.join(f'{line}{chr(10)}' for line in lines))}"
