"""The gate of intake: for every device of a batch, may its reports be taken, and if not, why (P3.3, P1.5, P1.7).

A process remembers the devices that it found in order until it hears that one was closed, and asks who was closed for
every batch (``lib/postgres/invalidation.py``): of the general database with the token, of the personal one with the
claim of the batch. For the devices that it does not remember two statements, one for each database and both under way
at once, ask whether all is in order; only where it is not, two more name what stands in the way. They ask the tables of
several apps at once, because a question of each by itself would cost more than the answer.
"""

from collections.abc import Collection, Hashable
from datetime import date, datetime
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connections

from devices import items
from devices.actors import GatewayActor
from privacy.lib.dates import clock
from privacy.lib.postgres import invalidation, pipelined_connection
from privacy.policies import rulebook
from privacy.policies.categories import APP_LOG, SERVICE_ANALYTICS
from privacy.subjects.models import Subject
from privacy.vault.keys import INVALIDATION_TABLE

# Which category a kind belongs to, and the policy's item it is.
CATEGORY_OF_KIND = {item.kind: item.category for item in items.REPORTS}
ITEM_OF_KIND = {item.kind: item.code for item in items.REPORTS}
KINDS_OF_CATEGORY = {
    category: [kind for kind, of in CATEGORY_OF_KIND.items() if of == category]
    for category in CATEGORY_OF_KIND.values()
}
# The table that tells of devices whose service ended, or that another gateway speaks for.
DEVICE_INVALIDATIONS = "devices_invalidation"
# Whether there is nothing to tell of these devices.
OWNED_SQL = """
SELECT count(*) = cardinality($1::uuid[]) FROM devices_device
WHERE id = ANY ($1::uuid[]) AND gateway_id = $2 AND service_ended_on IS NULL
"""
UNBLOCKED_SQL = f"""
SELECT (SELECT count(DISTINCT subject_id) FROM consents_currentconsent
        WHERE subject_id = ANY ($2::uuid[]) AND agreement_id = ANY (ARRAY(SELECT id FROM consents_agreement
                WHERE kind = 'collection' AND categories ? '{SERVICE_ANALYTICS}'))
            AND choice = 'agree' AND decided_at <= $1) = cardinality($2::uuid[])
    AND (SELECT count(DISTINCT subject_id) FROM consents_currentconsent
        WHERE subject_id = ANY ($3::uuid[]) AND agreement_id = ANY (ARRAY(SELECT id FROM consents_agreement
                WHERE kind = 'collection' AND categories ? '{APP_LOG}'))
            AND choice = 'agree' AND decided_at <= $1) = cardinality($3::uuid[])
    AND NOT EXISTS (SELECT FROM subjects_subject WHERE id = ANY ($4::uuid[]) AND state <> 'active')
    AND NOT EXISTS (SELECT FROM vault_freeze WHERE subject_id = ANY ($4::uuid[]) AND lifted_at IS NULL
            AND record_id IS NULL AND (until IS NULL OR until > $1))
"""  # noqa: S608 - the codes are ours
UNKNOWN_OR_ENDED_SQL = """
SELECT asked.id::text, device.service_ended_on, device.id IS NULL OR device.gateway_id <> %s
FROM unnest(%s::uuid[]) AS asked (id) LEFT JOIN devices_device AS device ON device.id = asked.id
"""
BLOCKERS_SQL = f"""
WITH agreed AS MATERIALIZED (
    SELECT subject_id,
        bool_or(agreement_id = ANY (ARRAY(SELECT id FROM consents_agreement
            WHERE kind = 'collection' AND categories ? '{SERVICE_ANALYTICS}'))) AS reporting,
        bool_or(agreement_id = ANY (ARRAY(SELECT id FROM consents_agreement
            WHERE kind = 'collection' AND categories ? '{APP_LOG}'))) AS logging
    FROM consents_currentconsent
    WHERE subject_id = ANY (%s::uuid[]) AND choice = 'agree' AND decided_at <= %s
    GROUP BY subject_id
)
SELECT asked.id::text, 'consent', '{SERVICE_ANALYTICS}', '', ''
FROM unnest(%s::uuid[]) AS asked (id) LEFT JOIN agreed ON agreed.subject_id = asked.id
WHERE agreed.reporting IS NOT TRUE
UNION ALL
SELECT asked.id::text, 'consent', '{APP_LOG}', '', ''
FROM unnest(%s::uuid[]) AS asked (id) LEFT JOIN agreed ON agreed.subject_id = asked.id
WHERE agreed.logging IS NOT TRUE
UNION ALL
SELECT subject.id::text, 'state', subject.state, '', ''
FROM subjects_subject AS subject WHERE subject.id = ANY (%s::uuid[]) AND subject.state <> 'active'
UNION ALL
SELECT frost.subject_id::text, 'freeze', frost.category, frost.item, frost.cause
FROM vault_freeze AS frost
WHERE frost.subject_id = ANY (%s::uuid[]) AND frost.lifted_at IS NULL AND (frost.until IS NULL OR frost.until > %s)
    AND frost.record_id IS NULL
"""  # noqa: S608 - the codes are ours
_CODE_OF_STATE = {
    Subject.State.WITHDRAWN.value: "withdrawn",
    Subject.State.FALSE_IDENTITY.value: "withdrawn",
    Subject.State.DESTROYED.value: "destroyed",
}


BINARY_TRUE = b"\1"
REPORTING, LOGGING, UNRESTRICTED = "reporting", "logging", "unhindered"


class Blocker(NamedTuple):
    """What stands in the way of one device: a code that shuts it out, kinds that are shut, the end of its service."""

    code: str
    refused_kinds: dict[str, str]
    ended_on: date | None


class Eligibility(NamedTuple):
    """What the gate says of a batch: obstacles by device (who is missing may send), and whom it did not ask about."""

    obstacles: dict[str, Blocker]
    trusted: set[str]


class StaleCache(Exception):
    """Of the devices that the gate did not ask about, one was closed meanwhile: ask again."""


class Caches:
    """The devices that a process knows to be in order, for each database it talked to."""

    def __init__(self) -> None:
        self._open: dict[invalidation.InvalidationFeed, invalidation.SubjectCache] = {}

    def by(self, watch: invalidation.InvalidationFeed) -> invalidation.SubjectCache:
        """Return what is remembered by a watch."""
        found = self._open.get(watch)
        if found is None:
            found = self._open.setdefault(watch, invalidation.SubjectCache(settings.GATE_REMEMBERED, watch))
        return found


caches = Caches()


def consent_cache() -> invalidation.SubjectCache:
    """Return the devices known to have agreed and to be free, by the general database."""
    return caches.by(invalidation.feeds.of("default", INVALIDATION_TABLE))


def owner_cache() -> invalidation.SubjectCache:
    """Return the devices known to belong to a gateway and to be in service, by the personal database."""
    return caches.by(invalidation.feeds.of("personal", DEVICE_INVALIDATIONS))


def read_invalidations() -> invalidation.Invalidations:
    """Ask who was closed, for a call that brings no token."""
    watch = consent_cache().watch
    look = watch.look()
    [row] = pipelined_connection.fetch(
        "default", f"SELECT {invalidation.invalidated_since(INVALIDATION_TABLE, '$1')}", [look.since]
    )
    return watch.apply(look, *row)


def check_eligibility(
    reporting: Collection[str],
    logging: Collection[str],
    *,
    gateway: GatewayActor,
    heard: invalidation.Invalidations,
    at: datetime,
) -> Eligibility:
    """Return what stands in the way of devices, by their ids.

    ``reporting`` have sent service reports, ``logging`` app logs. ``heard`` is what this call has heard of closings.
    """
    reporting, logging = set(map(str.lower, reporting)), set(map(str.lower, logging))
    devices = reporting | logging
    own, served = consent_cache(), owner_cache()
    look = served.watch.look()
    foreign = served.misses(gateway.gateway_id, devices)
    groups: dict[Hashable, set[str]] = {
        group: own.misses(group, asked)
        for group, asked in ((REPORTING, reporting), (LOGGING, logging), (UNRESTRICTED, devices))
    }
    strangers = foreign.union(*groups.values())
    if not strangers:
        return Eligibility({}, devices)
    owned = pipelined_connection.send_query(
        "personal", OWNED_SQL, [pipelined_connection.array_literal(foreign), str(gateway.gateway_id).encode()]
    )
    try:
        asked = [at.isoformat().encode(), *map(pipelined_connection.array_literal, groups.values())]
        [(is_open,)] = pipelined_connection.fetch("default", UNBLOCKED_SQL, asked)
    finally:
        [(are_owned,)] = owned.rows()
    if not is_open == are_owned == BINARY_TRUE:
        return Eligibility(_find_blockers(reporting, logging, devices, gateway=gateway, at=at), set())
    # In a transaction of the caller's, what is found open may be its own work and vanish with it.
    if not connections["default"].in_atomic_block:
        own.add(heard.ticket, groups)
    if not connections["personal"].in_atomic_block and look.since is not None:
        served.add(look.revision, {gateway.gateway_id: foreign})
    return Eligibility({}, devices - foreign)


def _find_blockers(
    reporting: Collection[str],
    logging: Collection[str],
    devices: Collection[str],
    *,
    gateway: GatewayActor,
    at: datetime,
) -> dict[str, Blocker]:
    """Say of each device what stands in its way.

    Where service reports rest on another basis than consent, none is needed for them (C-06). The policy is asked here
    alone: who agreed passes before, and no process remembers a device that did not.
    """
    found: dict[str, Blocker] = {}
    with connections["personal"].cursor() as cursor:
        cursor.execute(UNKNOWN_OR_ENDED_SQL, [gateway.gateway_id, list(devices)])
        for device, ended_on, unknown in cursor.fetchall():
            if unknown or ended_on is not None:
                found[device] = Blocker("unknown-device" if unknown else "", {}, ended_on)
    if rulebook.needs_no_consent(SERVICE_ANALYTICS, clock.kst_date(at)):
        reporting = ()
    with connections["default"].cursor() as cursor:
        every = list(devices)
        cursor.execute(BLOCKERS_SQL, [every, at, list(reporting), list(logging), every, every, at])
        for device, what, *details in cursor.fetchall():
            found[device] = _add_finding(found.get(device, Blocker("", {}, None)), what, *details)
    return found


def _add_finding(obstacle: Blocker, what: str, first: Any, item: str, cause: str) -> Blocker:
    """Add one finding to what is known; unknown stays unknown, and the gravest code is told."""
    if what == "state":
        return obstacle if obstacle.code == "unknown-device" else obstacle._replace(code=_CODE_OF_STATE[first])
    if what == "freeze" and not first:
        return obstacle._replace(code=obstacle.code or "suspended")
    kinds = obstacle.refused_kinds
    for kind in KINDS_OF_CATEGORY.get(first, ()):
        if what == "consent":
            kinds = {**kinds, kind: "no-consent"}
        elif item in {"", ITEM_OF_KIND[kind]} and kind not in kinds:
            kinds = {**kinds, kind: "suspended" if cause == "suspension" else "frozen"}
    return obstacle._replace(refused_kinds=kinds)
