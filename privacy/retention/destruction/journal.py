"""The journal of destructions: only added to, outside every database, so that a restored backup is found out.

One line for each slice that is destroyed, on a disk before the keys' transaction commits. It names people by
pseudonymous id only. ``manage.py replay_destructions`` carries it out again after a restore (FLT-20, FLT-21). It is a
file of one host, or with ``JOURNAL_DATABASE_URL`` a table that all hosts reach.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol
from uuid import UUID

from django.conf import settings

from privacy.retention.destruction import journal_file, journal_table


@dataclass(frozen=True)
class JournalLine:
    """One act: which people of a category, or which month of it, under which certificate.

    In the archive: the records of these people whose term ended before ``ends_before``, and the keys of ``epochs``.
    """

    number: int
    at: datetime
    certificate: str
    category: str
    cause: str
    month: date | None
    people: tuple[UUID, ...]
    ends_before: date | None = None
    epochs: tuple[tuple[str, date], ...] = ()
    voids: int = 0


class Store(Protocol):
    """What keeps the lines: a module each."""

    def append(self, said: Mapping[str, object], /) -> int: ...

    def lines(self, after: int, /) -> Iterator[dict[str, Any]]: ...

    def last_number(self) -> int: ...


def _store() -> Store:
    """Return what keeps the lines."""
    return journal_table if settings.JOURNAL_DATABASE_URL else journal_file


def append(
    *,
    at: datetime,
    certificate: str,
    category: str,
    cause: str,
    month: date | None,
    people: Sequence[UUID],
    ends_before: date | None = None,
    epochs: Collection[tuple[str, date]] = (),
) -> int:
    """Write one line and return its number once it is on a disk. Raises JournalUnavailable."""
    said: dict[str, object] = {
        "at": at.isoformat(),
        "certificate": certificate,
        "category": category,
        "cause": cause,
        "month": month.isoformat() if month else "",
        "people": [str(subject_id) for subject_id in people],
    }
    if ends_before is not None:
        said["ends_before"] = ends_before.isoformat()
        said["epochs"] = [[keyring, epoch.isoformat()] for keyring, epoch in epochs]
    return _store().append(said)


def void(number: int, *, at: datetime) -> int:
    """Write that the line ``number`` was never carried out: its transaction did not commit."""
    return _store().append({"at": at.isoformat(), "voids": number})


def voided_numbers() -> frozenset[int]:
    """Return the numbers of the lines that were never carried out."""
    return frozenset(line.voids for line in lines() if line.voids)


def lines(after: int = 0) -> Iterator[JournalLine]:
    """Yield the journal's lines with a number above ``after``, oldest first."""
    return map(_read, _store().lines(after))


def certificates(after: int) -> list[str]:
    """Return under which certificates the lines above ``after`` destroyed something, void ones left out."""
    said = list(_store().lines(after))
    void = {line["voids"] for line in said if line.get("voids")}
    return [line.get("certificate", "") for line in said if not line.get("voids") and line["number"] not in void]


def last_number() -> int:
    """Return the number of the last line; 0 for an empty journal."""
    return _store().last_number()


def _read(said: Mapping[str, Any]) -> JournalLine:
    return JournalLine(
        number=said["number"],
        at=datetime.fromisoformat(said["at"]),
        certificate=said.get("certificate", ""),
        category=said.get("category", ""),
        cause=said.get("cause", ""),
        month=date.fromisoformat(said["month"]) if said.get("month") else None,
        people=tuple(UUID(subject_id) for subject_id in said.get("people", ())),
        ends_before=date.fromisoformat(said["ends_before"]) if said.get("ends_before") else None,
        epochs=tuple((keyring, date.fromisoformat(epoch)) for keyring, epoch in said.get("epochs", ())),
        voids=said.get("voids", 0),
    )
