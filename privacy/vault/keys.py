"""Keys at work: read wrapped from the database, opened by the key service, content keys kept for a moment.

One query tells both which keys are destroyed and what the cache lacks, so a destruction committed by any process
holds from the next call on in all of them, whatever their caches hold.
"""

import time
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from datetime import date
from functools import partial
from typing import Any, NamedTuple
from uuid import UUID

from django.conf import settings
from django.core.signals import request_finished
from django.db import connection, transaction
from django.utils.translation import gettext as _

from privacy.ledger.entries.payloads import MAX_SUBJECTS
from privacy.lib.postgres import invalidation
from privacy.vault.keyservice import client, messages
from privacy.vault.keyservice.parts import in_parts
from privacy.vault.refusals import WrongKey
from privacy.vault.tombstones import DESTROYED, month_columns, subject_columns

type SubjectAndCategory = tuple[UUID, str]
type CategoryAndMonth = tuple[str, date]
type KeyName = tuple[str, SubjectAndCategory | CategoryAndMonth]
type WrappedKey = messages.SubjectKey | messages.MonthKey
# Whose content key, of which category and month.
type ContentName = tuple[UUID, str, date]

# Content keys open one month of one person's category, and are let go when that person is closed anywhere (``watch``).
CONTENT_SECONDS = 300.0
# The table that tells of freezes, destroyed keys, withdrawn consents and people who left (``invalidation.py``).
INVALIDATION_TABLE = "vault_invalidation"


class KeyCache:
    """Content keys for a few seconds: bounded, per database, emptied by a shred or a freeze.

    It holds keys, not ciphers: a million ciphers would take gigabytes.
    """

    def __init__(
        self,
        seconds: float,
        size: int,
        *,
        content_seconds: float = CONTENT_SECONDS,
        watch: invalidation.InvalidationFeed | None = None,
    ) -> None:
        self.seconds = seconds
        self.content_seconds = content_seconds
        self.size = size
        self._keys: dict[Hashable, tuple[float, Any]] = {}
        # Content keys, derived, for each category and month by the bytes of the subject's id: what intake seals with.
        self._contents: dict[CategoryAndMonth, dict[bytes, tuple[float, bytes]]] = {}
        self.watch = watch or invalidation.InvalidationFeed()
        self.watch.attend(self._forget)
        self._lock = self.watch.lock

    def __len__(self) -> int:
        return len(self._keys)

    def get[Name: Hashable](self, names: Iterable[Name]) -> dict[Name, Any]:
        """Return those of ``names`` that are held and fresh."""
        keys, oldest = self._keys, time.monotonic() - self.seconds
        found = {}
        for name in names:
            entry = keys.get(name)
            if entry is not None and entry[0] >= oldest:
                found[name] = entry[1]
        return found

    def put(self, keys: Mapping[Any, Any]) -> None:
        """Hold ``keys``; the oldest make room, and what is stale leaves."""
        moment = time.monotonic()
        with self._lock:
            for name, raw in keys.items():
                self._keys.pop(name, None)
                self._keys[name] = (moment, raw)
            excess, stale = len(self._keys) - self.size, moment - self.seconds
            leaving = []
            for position, (name, (held, _raw)) in enumerate(self._keys.items()):
                if position >= excess and held >= stale:
                    break
                leaving.append(name)
            for name in leaving:
                del self._keys[name]

    def contents(self, category: str, month: date, subjects: Sequence[bytes]) -> list[bytes | None]:
        """Return the content keys of ``subjects``, each where it is held and fresh."""
        held, oldest = self._contents.get((category, month)), time.monotonic() - self.content_seconds
        if not held:
            return [None] * len(subjects)
        entries = map(held.get, subjects)
        return [entry[1] if entry is not None and entry[0] >= oldest else None for entry in entries]

    def put_content_keys(self, category: str, month: date, keys: dict[bytes, bytes], *, ticket: int | None) -> None:
        """Hold content keys of one category and month; the oldest of them make room, and what is stale leaves.

        ``ticket`` is what ``watch`` gave; with one that has run out, nothing is held.
        """
        moment = time.monotonic()
        with self._lock:
            if not self.watch.is_current(ticket):
                return
            held = self._contents.setdefault((category, month), {})
            for subject, key in keys.items():
                held.pop(subject, None)
                held[subject] = (moment, key)
            self._make_room(moment - self.content_seconds)

    def _make_room(self, stale: float) -> None:
        """Let what is stale go, and the oldest, in whichever month they are: none of them may starve another."""
        for epoch in [epoch for epoch, held in self._contents.items() if not held]:
            del self._contents[epoch]
        excess = sum(map(len, self._contents.values())) - self.size
        while self._contents:
            # Within a month they stand by age; the month whose first is the oldest gives way up to the next one's.
            ages = sorted((next(iter(held.values()))[0], epoch) for epoch, held in self._contents.items())
            oldest, epoch = ages[0]
            if excess <= 0 and oldest >= stale:
                return
            held, until = self._contents[epoch], ages[1][0] if len(ages) > 1 else float("inf")
            leaving: list[bytes] = []
            for subject, (since, _key) in held.items():
                if since > until or (len(leaving) >= excess and since >= stale):
                    break
                leaving.append(subject)
            for subject in leaving:
                del held[subject]
            excess -= len(leaving)
            if not held:
                del self._contents[epoch]

    def let_go(self) -> None:
        """Let what is stale leave memory; it is used no more in any case."""
        if self._keys or self._contents:
            self.put({})
            with self._lock:
                self._make_room(time.monotonic() - self.content_seconds)

    def clear(self) -> None:
        """Forget all."""
        self.watch.forget_everybody()

    def _forget(self, subjects: Collection[str] | None) -> None:
        self._keys = {}
        if subjects is None:
            self._contents = {}
            return
        for subject in [bytes.fromhex(subject.replace("-", "")) for subject in subjects]:
            for held in self._contents.values():
                held.pop(subject, None)


class KeyCaches:
    """One cache for each database this process talked to; tests and benchmarks talk to several."""

    def __init__(self) -> None:
        self._caches: dict[str, KeyCache] = {}

    def here(self) -> KeyCache:
        """Return the cache of the database that ``default`` is now."""
        name = str(connection.settings_dict["NAME"])
        if name not in self._caches:
            self._caches[name] = KeyCache(
                settings.VAULT_CACHE_SECONDS,
                settings.VAULT_CACHE_KEYS,
                watch=invalidation.feeds.of("default", INVALIDATION_TABLE),
            )
        return self._caches[name]

    def let_go(self, **_signal: Any) -> None:
        """Let what is stale leave memory, after each request of this process: a look at its health is one."""
        for cache in list(self._caches.values()):
            cache.let_go()


caches = KeyCaches()
request_finished.connect(caches.let_go, dispatch_uid="vault-stale-keys")


def clear_cache_on_commit() -> None:
    """Empty the cache when the caller's transaction commits: after a shred or a freeze."""
    transaction.on_commit(caches.here().clear)


class FoundKeys(NamedTuple):
    """What the key tables say about the keys somebody needs."""

    wrapped: dict[KeyName, WrappedKey]
    missing: list[KeyName]
    destroyed: set[KeyName]


class AccessRecord:
    """An access record on its way to the key service: its number on the trail, and whom it names.

    Whom it names by a digest is told once, when it is first shown.
    """

    def __init__(self, number: int, people: Collection[UUID]) -> None:
        self.number = number
        self._people = [person.bytes for person in people] if len(people) > MAX_SUBJECTS else []

    @property
    def people(self) -> list[bytes]:
        """Whom the record names by their digest, until it was shown."""
        return self._people

    def shown(self) -> None:
        """Remember that the key service knows whom the record names."""
        self._people = []


# After ``DESTROYED``, with its columns.
WRAPPED = """
UNION ALL
SELECT key.subject_id, key.category, NULL::date, key.generation, key.wrapped
FROM unnest(%s::uuid[], %s::text[]) AS asked (subject_id, category) JOIN vault_subjectkey AS key
  ON key.subject_id = asked.subject_id AND key.category = asked.category
UNION ALL
SELECT NULL::uuid, key.category, key.month, key.generation, key.wrapped
FROM unnest(%s::text[], %s::date[]) AS asked (category, month) JOIN vault_monthkey AS key
  ON key.category = asked.category AND key.month = asked.month
"""


def find(pairs: Collection[SubjectAndCategory], epochs: Collection[CategoryAndMonth]) -> FoundKeys:
    """Return the wrapped keys of ``pairs`` and ``epochs``, and which of them don't exist or were destroyed."""
    names: list[KeyName] = [("subject", pair) for pair in pairs]
    names += [("epoch", epoch) for epoch in epochs]
    gone, wrapped = _ask(pairs, epochs, names)
    return FoundKeys(wrapped, [name for name in names if name not in wrapped and name not in gone], gone)


def content_keys(wanted: Collection[ContentName], *, record: AccessRecord) -> dict[ContentName, bytes]:
    """Return the content keys for reading what ``record`` names, without those of which a half was destroyed.

    Raises KeysRefused, CeilingReached, KeyServiceUnavailable, WrongKey.
    """
    cache = caches.here()
    found = cache.get(wanted)
    pairs = {(subject, category) for subject, category, _month in wanted}
    epochs = {(category, month) for _subject, category, month in wanted}
    lacking = [name for name in wanted if name not in found]
    names = {half for name in lacking for half in _halves(name)}
    gone, wrapped = _ask(pairs, epochs, names)
    if gone:
        found = {name: key for name, key in found.items() if not _halves(name) & gone}
        lacking = [name for name in lacking if not _halves(name) & gone]
    if lacking:
        if any(half not in wrapped for name in lacking for half in _halves(name)):
            raise WrongKey(
                _("A key that was never destroyed is missing from the database. Restore the whole database.")
            )
        fresh: dict[ContentName, bytes] = {}
        for part in in_parts(lacking):
            keys, places = pack_for(part, wrapped)
            asked = messages.ReadKeys(record.number, record.people, keys, [pair_of(name, places) for name in part])
            fresh.update(zip(part, client.ask(asked), strict=True))
            record.shown()
        # In a transaction the keys may be its own and vanish with it: keep them once it has committed.
        transaction.on_commit(partial(cache.put, fresh))
        found.update(fresh)
    return found


def _halves(name: ContentName) -> set[KeyName]:
    subject, category, month = name
    return {("subject", (subject, category)), ("epoch", (category, month))}


def pack(wrapped: Mapping[KeyName, WrappedKey]) -> tuple[messages.WrappedKeys, dict[KeyName, int]]:
    """Return wrapped keys as a request has them, and the place of each in its list."""
    subjects: list[messages.SubjectKey] = []
    months: list[messages.MonthKey] = []
    places: dict[KeyName, int] = {}
    for name, key in wrapped.items():
        if isinstance(key, messages.SubjectKey):
            places[name] = len(subjects)
            subjects.append(key)
        else:
            places[name] = len(months)
            months.append(key)
    return messages.WrappedKeys(subjects, months), places


def pack_for(
    names: Iterable[ContentName], wrapped: Mapping[KeyName, WrappedKey]
) -> tuple[messages.WrappedKeys, dict[KeyName, int]]:
    """Pack those of the wrapped keys that make these content keys."""
    halves = dict.fromkeys(half for name in names for half in _halves(name))
    return pack({half: wrapped[half] for half in halves})


def pair_of(name: ContentName, places: Mapping[KeyName, int]) -> messages.Pair:
    """Return the places of the two keys that make a content key."""
    subject, category, month = name
    return places["subject", (subject, category)], places["epoch", (category, month)]


def destroyed_keys(pairs: Collection[SubjectAndCategory], epochs: Collection[CategoryAndMonth]) -> set[KeyName]:
    """Return those of the keys that were destroyed: asked of the database each time, never of the cache."""
    gone, _wrapped = _ask(pairs, epochs, [])
    return gone


def _ask(
    pairs: Collection[SubjectAndCategory], epochs: Collection[CategoryAndMonth], wanted: Collection[Any]
) -> tuple[set[KeyName], dict[KeyName, WrappedKey]]:
    """Ask, in one query, which keys are destroyed, and for the wrapped keys of ``wanted``."""
    gone: set[KeyName] = set()
    wrapped: dict[KeyName, WrappedKey] = {}
    query, values = DESTROYED, [*subject_columns(pairs), *month_columns(epochs)]
    if wanted:
        wanted_pairs, wanted_epochs = split_names(wanted)
        query, values = DESTROYED + WRAPPED, [*values, *subject_columns(wanted_pairs), *month_columns(wanted_epochs)]
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        for subject, category, month, generation, ciphertext in cursor.fetchall():
            name: KeyName = ("epoch", (category, month)) if subject is None else ("subject", (subject, category))
            if generation is None:
                gone.add(name)
            elif subject is None:
                wrapped[name] = messages.MonthKey(category, month, generation, bytes(ciphertext))
            else:
                wrapped[name] = messages.SubjectKey(subject.bytes, category, generation, bytes(ciphertext))
    return gone, wrapped


def split_names(names: Iterable[KeyName]) -> tuple[list[Any], list[Any]]:
    """Return the pairs and the epochs among ``names``."""
    pairs: list[Any] = []
    epochs: list[Any] = []
    for kind, key in names:
        (pairs if kind == "subject" else epochs).append(key)
    return pairs, epochs
