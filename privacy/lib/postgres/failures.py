"""What an error of a database means for who asked: that it can't answer now, or that we asked wrongly."""

from django.db import InterfaceError, InternalError, OperationalError
from psycopg.errors import DataCorrupted, IndexCorrupted


def is_unavailable(error: BaseException | None) -> bool:
    """Whether a database is away, full, too busy, or damaged where it was read (FLT-28)."""
    if isinstance(error, InternalError):
        return isinstance(error.__cause__, DataCorrupted | IndexCorrupted)
    return isinstance(error, OperationalError | InterfaceError)
