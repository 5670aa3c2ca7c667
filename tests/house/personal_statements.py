"""Records what the portal sends to the database `personal`: ``pytest -p tests.house.personal_statements``.

What a test asks itself is left out: the nearest of our files below a statement is the portal's.
"""

import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

ROOT = Path(__file__).resolve().parents[2]
# They wrap every statement, as this does.
WRAPPERS = ("tests/own_writes.py", "privacy/ledger/write_capture.py", "privacy/ledger/row_statements.py")
SEEN: dict[str, str] = {}
# A transaction's own statements, and what asks the server about itself.
NOT_OF_ROWS = re.compile(
    r"^(SAVEPOINT|RELEASE|ROLLBACK|RESET|SET |SELECT set_config|SELECT pg_advisory|SELECT txid|SHOW )"
)
# What names whose rows are meant: the person, the device, or one of its rows by the device's number.
KEY = re.compile(r'\b(subject_id|device_id)\b|"devices_device"\."id" (=|IN|>)|\bdevice\.id = asked\.id')


def record(execute: Callable[..., Any], statement: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
    """Note a statement and which file sends it."""
    if sender := _sender():
        SEEN.setdefault(shortened(str(statement)), sender)
    return execute(statement, params, many, context)


def _sender() -> str:
    frame = sys._getframe(2)
    while frame is not None:
        path = frame.f_code.co_filename
        if path.startswith(f"{ROOT}/") and "/.venv/" not in path:
            name = path.removeprefix(f"{ROOT}/")
            if name not in WRAPPERS:
                return "" if name.startswith("tests/") else name
        frame = frame.f_back  # type: ignore[assignment]
    return ""


def shortened(statement: str) -> str:
    """Return a statement without what differs from time to time: values, how many there are, months, columns."""
    short = re.sub(r"--[^\n]*", "", statement)
    short = re.sub(r"\s+", " ", short).strip()
    short = re.sub(r"%s(::\w+)?(, ?%s(::\w+)?)+", "%s", short)
    short = re.sub(r"(\(%s\))(, ?\(%s\))+", r"\1", short)
    short = re.sub(r"'[^']*'", "''", short)
    short = re.sub(r"\b\d+\b", "0", short)
    short = re.sub(r"_\d{6}\b|_\d{4}_\d{2}\b", "_month", short)
    return re.sub(r"SELECT (DISTINCT )?(?:(?!SELECT|FROM|\().)+ FROM", r"SELECT \1… FROM", short)


def is_keyed(statement: str) -> bool:
    """Whether a shortened statement says whose rows it means: what it puts in, else by what it looks for them."""
    if statement.startswith("INSERT"):
        return bool(KEY.search(statement))
    return bool(KEY.search(statement.partition(" WHERE ")[2] + statement.partition(" ON ")[2]))


def pytest_configure() -> None:
    """Listen to each connection from its first statement on."""
    connection_created.connect(_listen, dispatch_uid="personal-statements")


def _listen(*, connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    if connection.alias == "personal" and record not in connection.execute_wrappers:
        connection.execute_wrappers.append(record)


def pytest_unconfigure() -> None:
    """Write what was seen, a statement in a line."""
    lines = sorted(f"{statement}\n" for statement in SEEN if not NOT_OF_ROWS.match(statement))
    Path(os.environ["PERSONAL_STATEMENTS"]).write_text("".join(lines))
