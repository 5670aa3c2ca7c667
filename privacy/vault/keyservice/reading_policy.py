"""What an access record lets be read: the key service reads the record and the tables itself, and asks no caller.

A record is shown first within seconds of its commit, on one connection; it then holds there for as long as the door may
stay open. Tombstones and freezes are asked again at every call.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import takewhile
from threading import Lock
from typing import Any, NamedTuple
from uuid import UUID

from django.utils.translation import gettext as _

from privacy.ledger.entries.payloads import MAX_SUBJECTS, subjects_digest
from privacy.vault.keyservice.messages import WrappedKeys
from privacy.vault.keyservice.refusals import KeysRefused
from privacy.vault.purposes import EXEMPT_FROM_FREEZE, Purpose
from privacy.vault.refusals import Destroyed
from privacy.vault.tombstones import DESTROYED, month_columns, uuid_array

type Query = Callable[[str, Sequence[Any]], list[tuple[Any, ...]]]

FIRST_SHOWN_SECONDS = 10.0
MOST_RECORDS = 64
# All that the general database has to say of one reading, in one answer: the record (where it is shown first), whether
# a key was destroyed, whether somebody is frozen. Only young partitions of the trail can hold a record just written.
STANDING = f"""
SELECT entry.kind, entry.payload, entry.own, entry.age, gone.found, frozen.found
FROM (SELECT EXISTS ({DESTROYED}) AS found) AS gone
CROSS JOIN (
    SELECT EXISTS (SELECT FROM vault_freeze
    WHERE subject_id = ANY(%s::uuid[]) AND category = ANY(%s::text[]) AND item = '' AND record_id IS NULL
      AND lifted_at IS NULL AND (until IS NULL OR until > now())) AS found
) AS frozen
LEFT JOIN LATERAL (
    SELECT kind, payload, pg_has_role(writer, %s, 'MEMBER') AS own,
      extract(epoch FROM clock_timestamp() - time)::float8 AS age
    FROM ledger.entry WHERE id = %s AND time > now() - interval '5 minutes'
) AS entry ON true
"""  # noqa: S608 - constants
GRANTED = """
SELECT access.category FROM accounts_accessgrant AS access JOIN accounts_user AS account ON account.id = access.user_id
WHERE account.reference = %s AND account.is_active AND access.purpose = %s AND access.revoked_at IS NULL
  AND {today} BETWEEN access.valid_from AND access.valid_until
"""
# Whether some of these keys are on no destruction list that is being carried out: by person, or by month.
UNLISTED_PEOPLE = """
SELECT EXISTS (SELECT FROM unnest(%s::uuid[], %s::text[]) AS asked (subject_id, category) WHERE NOT EXISTS (
SELECT FROM retention_destructionlist AS list JOIN retention_destructionline AS line ON line.list_id = list.id
WHERE list.state IN ('executing', 'residue') AND list.category = asked.category AND line.subject_id = asked.subject_id
  AND line.state IN ('planned', 'keyed', 'counted', 'removed')))
"""
UNLISTED_MONTHS = """
SELECT EXISTS (SELECT FROM unnest(%s::text[], %s::date[]) AS asked (category, month) WHERE NOT EXISTS (
SELECT FROM retention_destructionlist AS list WHERE list.state IN ('executing', 'residue') AND (
  (list.unit = 'month' AND list.category = asked.category AND list.month = asked.month)
  OR (list.unit = 'archive' AND list.epochs @>
    jsonb_build_array(jsonb_build_array(asked.category, to_char(asked.month, 'YYYY-MM-DD')))))))
"""
# As whom each process writes its records (decision 0176); the database knows who wrote one, whatever it says.
ROLES = {"pages": "portal_app", "intake": "portal_intake", "worker": "portal_worker"}
# The database's own day; ordinary tests have days of their own, and take the period as kept.
TODAY, ANY_DAY = "(now() AT TIME ZONE 'Asia/Seoul')::date", "access.valid_from"
# People without an account read their own case for their right; a recipient is sent what a notice says.
PURPOSES_WITHOUT_ACCOUNT = {"subject": {Purpose.RIGHTS}, "recipient": {Purpose.DISCLOSURE}}


@dataclass(frozen=True)
class Record:
    """An access record as the trail has it: who reads, whose, of which categories, for which purpose.

    ``digest`` is the SHA-256 of its payload.
    """

    actor: str
    by: str
    purpose: str
    categories: frozenset[str]
    people: frozenset[bytes]
    digest: str


class Standing(NamedTuple):
    """What the general database says of one reading: its record, where there is one, and the state of what is read."""

    kind: str | None
    payload: str
    own: bool
    age: float
    destroyed: bool
    frozen: bool


@dataclass
class Lease:
    """A record that one connection shows, until ``ends`` (seconds of a monotonic clock)."""

    record: Record
    ends: float
    # Whether it is attested that it gave keys: not yet where all that was asked with it was refused.
    attested: bool = False


@dataclass
class Connection:
    """One connection to the service: which process is behind it, and the records that it shows."""

    process: str
    leases: dict[int, Lease] = field(default_factory=dict)


class ReadingPolicy:
    """Decides about reading for all connections; a record is shown on one of them alone."""

    def __init__(
        self, query: Query, *, lease_seconds: float, monotonic: Callable[[], float], today: str = TODAY
    ) -> None:
        self.query = query
        self.granted = GRANTED.format(today=today)
        self.lease_seconds = lease_seconds
        self.monotonic = monotonic
        self._shown: dict[int, float] = {}
        self._lock = Lock()

    def authorise(
        self, number: int, named: Sequence[bytes], keys: WrappedKeys, connection: Connection
    ) -> tuple[Record, set[bytes]]:
        """Return the record and whose keys these are, if the record names them and nothing of theirs is closed.

        Raises KeysRefused, Destroyed.
        """
        people = {key.subject for key in keys.subjects}
        categories = {key.category for key in keys.subjects} | {key.category for key in keys.months}
        standing = self._standing(number, keys, people, categories, connection)
        record = self._record(number, named, connection, standing)
        if not (people <= record.people and categories <= record.categories):
            raise KeysRefused(_("The access record does not name what was to be read."))
        self.refuse_closed(standing, record.purpose)
        return record, people

    def _standing(
        self, number: int, keys: WrappedKeys, people: set[bytes], categories: set[str], connection: Connection
    ) -> Standing:
        shown = None if number in connection.leases else number
        (found,) = self.query(
            STANDING,
            [*columns_of(keys), _ids(people), ["", *categories], ROLES.get(connection.process), shown],
        )
        return Standing(*found)

    def refuse_closed(self, standing: Standing, purpose: str) -> None:
        """Raise Destroyed where a key was; KeysRefused while a person, or one of these categories of theirs, is frozen
        and the purpose is not exempt. A freeze of an item or of one report is kept by whoever reads: a key opens a
        category.
        """
        if standing.destroyed:
            raise Destroyed
        if standing.frozen and purpose not in EXEMPT_FROM_FREEZE:
            raise KeysRefused(
                _("This information is being corrected or suspended. It can't be used or provided."), code="frozen"
            )

    def _record(self, number: int, named: Sequence[bytes], connection: Connection, standing: Standing) -> Record:
        """Return the record, if this connection may show it. Raises KeysRefused."""
        now = self.monotonic()
        lease = connection.leases.get(number)
        if lease is not None:
            if now > lease.ends:
                raise KeysRefused(_("What was opened is closed after a while. Open it again."))
            # A grant may have been revoked since.
            self._refuse_without_grant(lease.record)
            return lease.record
        record = self._read(standing, named, connection.process)
        with self._lock:
            # They stand in the order in which they were shown; an older record is refused for its age.
            for old in list(takewhile(lambda shown: self._shown[shown] < now, self._shown)):
                del self._shown[old]
            if number in self._shown:
                raise KeysRefused(_("This access record was used before. Open the data again."))
            self._shown[number] = now + 2 * FIRST_SHOWN_SECONDS
        for old in list(connection.leases)[: max(0, len(connection.leases) - MOST_RECORDS + 1)]:
            del connection.leases[old]
        connection.leases[number] = Lease(record, now + self.lease_seconds)
        return record

    def _read(self, standing: Standing, named: Sequence[bytes], process: str) -> Record:
        # One that another process wrote says nothing of this one's reading.
        if standing.kind is None or (process in ROLES and not standing.own):
            raise KeysRefused(_("There is no access record of this reading."))
        said = json.loads(standing.payload)
        if standing.kind != "read" or said.get("result") or said.get("purpose") not in Purpose.values:
            raise KeysRefused(_("There is no access record of this reading."))
        if not 0 <= standing.age <= FIRST_SHOWN_SECONDS:
            raise KeysRefused(_("The access record of this reading is too old. Open the data again."))
        record = Record(
            actor=said["actor"],
            by=said.get("by", ""),
            purpose=said["purpose"],
            categories=frozenset(said.get("facts", {}).get("categories", ())),
            people=_people(said, named),
            digest=sha256(standing.payload.encode()).hexdigest(),
        )
        self._refuse_without_grant(record)
        return record

    def _refuse_without_grant(self, record: Record) -> None:
        if record.by == "system":
            return
        if record.by == "user":
            granted = self.query(self.granted, [record.actor, record.purpose])
            if record.categories <= {category for (category,) in granted}:
                return
        elif record.purpose in PURPOSES_WITHOUT_ACCOUNT.get(record.by, ()):
            return
        raise KeysRefused(_("The account has no access to this information for this purpose."))

    def refuse_unlisted(self, keys: WrappedKeys) -> None:
        """Raise KeysRefused unless a destruction that is being carried out covers these people, or these months."""
        whose, categories, *months = columns_of(keys)
        ((people_unlisted,),) = self.query(UNLISTED_PEOPLE, [whose, categories])
        if not people_unlisted:
            return
        ((months_unlisted,),) = self.query(UNLISTED_MONTHS, months)
        if months_unlisted or not keys.months:
            raise KeysRefused(_("No destruction under way covers what was to be read."))


def _people(said: dict[str, Any], people: Sequence[bytes]) -> frozenset[bytes]:
    """Return whom a record names; ``people`` are taken where it holds their digest and they are those."""
    if "digest" not in said:
        names = said.get("subjects")
        return frozenset(filter(None, map(_id, names))) if isinstance(names, list) else frozenset()
    named = set(map(_reference, people))
    # Whom an entry can name one by one, it has to.
    if not MAX_SUBJECTS < len(named) == len(people) or subjects_digest(named) != said["digest"]:
        raise KeysRefused(_("There is no access record of this reading."))
    return frozenset(people)


def _reference(person: bytes) -> str:
    # A UUID's text, for half a million people within the time that is waited for.
    if len(person) != 16:
        raise KeysRefused(_("There is no access record of this reading."))
    text = person.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def _id(reference: object) -> bytes | None:
    """Return whom a name is of, if it is written as the trail is searched: else nobody would find the entry."""
    try:
        found = UUID(str(reference))
    except ValueError:
        return None
    return found.bytes if str(found) == reference else None


def is_destroyed(query: Query, keys: WrappedKeys) -> bool:
    """Whether one of these keys was destroyed: asked of the database at every call."""
    return bool(query(DESTROYED, columns_of(keys)))


def columns_of(keys: WrappedKeys) -> list[Any]:
    """Return whose keys these are and of which months, as ``DESTROYED`` reads them."""
    months = month_columns([(key.category, key.month) for key in keys.months])
    return [_ids(key.subject for key in keys.subjects), [key.category for key in keys.subjects], *months]


def _ids(people: Iterable[bytes]) -> str:
    return uuid_array(map(_digits, people))


def _digits(person: bytes) -> str:
    # Of another length it would be no id, and none that the tables know.
    if len(person) != 16:
        raise KeysRefused(_("The access record does not name what was to be read."))
    return person.hex()
