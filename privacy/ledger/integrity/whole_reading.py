"""Reading the trail whole, or saying that it can't be."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from privacy.ledger.integrity.verification_report import VerificationReport
from privacy.ledger.merkle import log_reader
from privacy.ledger.verify import ALTERED


@contextmanager
def whole_trail(connection: psycopg.Connection[Any], report: VerificationReport) -> Iterator[None]:
    """Read everything as of one moment; a table that hides rows from this reader ends it with a finding."""
    try:
        with log_reader.read_only_snapshot(connection):
            yield
    except psycopg.errors.InsufficientPrivilege as error:
        report.add(ALTERED, f"the trail can't be read whole: {str(error).splitlines()[0]}")
