"""Sealed records for tests: files of a case, sealed for real under keys of their own."""

from datetime import datetime
from uuid import UUID

from privacy.ledger.actors import SystemActor
from privacy.lib.identifiers.ids import new_id
from privacy.vault import actions as vault
from privacy.vault.models import EncryptedFile, Freeze
from tests.factories.accounts import NOON

__all__ = ["judge_files", "make_freeze", "make_sealed_file"]


TESTS = SystemActor("tests")


def judge_files(*, at: datetime = NOON) -> int:
    """Let the worker examine what was sent; return how many files it judged."""
    return vault.scan_files(actor=TESTS, at=at)


def make_sealed_file(
    *,
    subject_id: UUID | None = None,
    category: str = "device-registration",
    case: str = "K7-TEST-CASE",
    name: str = "증빙.pdf",
    content: bytes = b"%PDF-1.7 evidence",
    at: datetime = NOON,
) -> EncryptedFile:
    """A stored sealed file; a new subject unless one is given."""
    return vault.store_file(
        subject_id=subject_id or new_id(),
        category=category,
        case=case,
        name=name,
        content=content,
        media_type="application/pdf",
        actor=TESTS,
        at=at,
    )


def make_freeze(
    subject_id: UUID,
    *,
    category: str = "",
    item: str = "",
    cause: str = "correction",
    case: str = "K7-TEST-CASE",
    at: datetime = NOON,
    until: datetime | None = None,
    record_id: UUID | None = None,
) -> Freeze:
    """A freeze of the whole subject, or of a category, of an item, or of a single record."""
    return vault.freeze(
        subject_id=subject_id, category=category, item=item, cause=cause, case=case, actor=TESTS, at=at, until=until,
        record_id=record_id,
    )  # fmt: skip
