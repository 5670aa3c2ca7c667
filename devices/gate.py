"""The gate of intake: for every device of a batch, may its reports be taken, and if not, why (P3.3, P1.5, P1.7).

A process remembers the devices that it found in order until it hears that one was closed, and asks who was closed for
every batch (``lib/closings.py``): of the general database with the token, of the personal one with the claim of the
batch. For the devices that it does not remember two statements, one for each database and both under way at once, ask
whether all is in order; only where it is not, two more name what stands in the way. They ask the tables of several apps
at once, because a question of each by itself would cost more than the answer.
"""

from collections.abc import Collection, Hashable
from datetime import date, datetime
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connections

from devices.callers import Caller
from privacy.lib import closings, wires
from privacy.subjects.models import Subject
from privacy.vault.keys import CLOSINGS

# Which category a kind belongs to, and the policy's item it is.
CATEGORY_OF_KIND = {
    "status": "service-analytics",
    "activation": "service-analytics",
    "access-count": "service-analytics",
    "access": "service-analytics",
    "app-status": "service-analytics",
    "configuration": "service-analytics",
    "app-log": "app-log",
}
ITEM_OF_KIND = {kind: kind.replace("-", "_") for kind in CATEGORY_OF_KIND}
KINDS_OF_CATEGORY = {
    category: [kind for kind, of in CATEGORY_OF_KIND.items() if of == category]
    for category in CATEGORY_OF_KIND.values()
}
# The table that tells of devices whose service ended, or that another gateway speaks for (``lib/closings.py``).
CLOSINGS_OF_DEVICES = "devices_closing"
# Whether there is nothing to tell of these devices.
OWNED = """
SELECT count(*) = cardinality($1::uuid[]) FROM devices_device
WHERE id = ANY ($1::uuid[]) AND gateway_id = $2 AND service_ended_on IS NULL
"""
OPEN = """
SELECT (SELECT count(DISTINCT subject_id) FROM consents_standing
        WHERE subject_id = ANY ($2::uuid[]) AND agreement_id = ANY (ARRAY(SELECT id FROM consents_agreement
                WHERE kind = 'collection' AND categories ? 'service-analytics'))
            AND choice = 'agree' AND decided_at <= $1) = cardinality($2::uuid[])
    AND (SELECT count(DISTINCT subject_id) FROM consents_standing
        WHERE subject_id = ANY ($3::uuid[]) AND agreement_id = ANY (ARRAY(SELECT id FROM consents_agreement
                WHERE kind = 'collection' AND categories ? 'app-log'))
            AND choice = 'agree' AND decided_at <= $1) = cardinality($3::uuid[])
    AND NOT EXISTS (SELECT FROM subjects_subject WHERE id = ANY ($4::uuid[]) AND state <> 'active')
    AND NOT EXISTS (SELECT FROM vault_freeze WHERE subject_id = ANY ($4::uuid[]) AND lifted_at IS NULL
            AND (until IS NULL OR until > $1))
"""
UNKNOWN_OR_ENDED = """
SELECT asked.id::text, device.service_ended_on, device.id IS NULL OR device.gateway_id <> %s
FROM unnest(%s::uuid[]) AS asked (id) LEFT JOIN devices_device AS device ON device.id = asked.id
"""
IN_THE_WAY = """
WITH agreed AS MATERIALIZED (
    SELECT subject_id,
        bool_or(agreement_id = ANY (ARRAY(SELECT id FROM consents_agreement
            WHERE kind = 'collection' AND categories ? 'service-analytics'))) AS reporting,
        bool_or(agreement_id = ANY (ARRAY(SELECT id FROM consents_agreement
            WHERE kind = 'collection' AND categories ? 'app-log'))) AS logging
    FROM consents_standing
    WHERE subject_id = ANY (%s::uuid[]) AND choice = 'agree' AND decided_at <= %s
    GROUP BY subject_id
)
SELECT asked.id::text, 'consent', 'service-analytics', '', ''
FROM unnest(%s::uuid[]) AS asked (id) LEFT JOIN agreed ON agreed.subject_id = asked.id
WHERE agreed.reporting IS NOT TRUE
UNION ALL
SELECT asked.id::text, 'consent', 'app-log', '', ''
FROM unnest(%s::uuid[]) AS asked (id) LEFT JOIN agreed ON agreed.subject_id = asked.id
WHERE agreed.logging IS NOT TRUE
UNION ALL
SELECT subject.id::text, 'state', subject.state, '', ''
FROM subjects_subject AS subject WHERE subject.id = ANY (%s::uuid[]) AND subject.state <> 'active'
UNION ALL
SELECT frost.subject_id::text, 'freeze', frost.category, frost.item, frost.cause
FROM vault_freeze AS frost
WHERE frost.subject_id = ANY (%s::uuid[]) AND frost.lifted_at IS NULL AND (frost.until IS NULL OR frost.until > %s)
"""
_CODE_OF_STATE = {
    Subject.State.WITHDRAWN.value: "withdrawn",
    Subject.State.FALSE_IDENTITY.value: "withdrawn",
    Subject.State.DESTROYED.value: "destroyed",
}


TRUE = b"\1"
# Devices that a process remembers, of each database: about twenty megabytes.
REMEMBERED = 200_000
REPORTING, LOGGING, UNHINDERED = "reporting", "logging", "unhindered"


class Obstacle(NamedTuple):
    """What stands in the way of one device: a code that shuts it out, kinds that are shut, the end of its service."""

    code: str
    refused_kinds: dict[str, str]
    ended_on: date | None


class Passage(NamedTuple):
    """What the gate says of a batch: obstacles by device (who is missing may send), and whom it did not ask about."""

    obstacles: dict[str, Obstacle]
    trusted: set[str]


class Closed(Exception):
    """Of the devices that the gate did not ask about, one was closed meanwhile: ask again."""


class Known:
    """The devices that a process knows to be in order, for each database it talked to."""

    def __init__(self) -> None:
        self._open: dict[closings.Watch, closings.Open] = {}

    def by(self, watch: closings.Watch) -> closings.Open:
        """Return what is remembered by a watch."""
        found = self._open.get(watch)
        if found is None:
            size = getattr(settings, "GATE_REMEMBERED", REMEMBERED)
            found = self._open.setdefault(watch, closings.Open(size, watch))
        return found


known = Known()


def ours() -> closings.Open:
    """Return the devices known to have agreed and to be free, by the general database."""
    return known.by(closings.watches.of("default", CLOSINGS))


def theirs() -> closings.Open:
    """Return the devices known to belong to a gateway and to be in service, by the personal database."""
    return known.by(closings.watches.of("personal", CLOSINGS_OF_DEVICES))


def hear() -> closings.Heard:
    """Ask who was closed, for a call that brings no token."""
    watch = ours().watch
    look = watch.look()
    [row] = wires.fetch("default", f"SELECT {closings.news(CLOSINGS, '$1')}", [look.since])
    return watch.heed(look, *row)


def passage(
    reporting: Collection[str], logging: Collection[str], *, gateway: Caller, heard: closings.Heard, at: datetime
) -> Passage:
    """Return what stands in the way of devices, by their ids.

    ``reporting`` have sent service reports, ``logging`` app logs. ``heard`` is what this call has heard of closings.
    """
    reporting, logging = set(map(str.lower, reporting)), set(map(str.lower, logging))
    devices = reporting | logging
    own, served = ours(), theirs()
    look = served.watch.look()
    foreign = served.strangers(gateway.gateway_id, devices)
    groups: dict[Hashable, set[str]] = {
        group: own.strangers(group, asked)
        for group, asked in ((REPORTING, reporting), (LOGGING, logging), (UNHINDERED, devices))
    }
    strangers = foreign.union(*groups.values())
    if not strangers:
        return Passage({}, devices)
    owned = wires.ask("personal", OWNED, [wires.array(foreign), str(gateway.gateway_id).encode()])
    try:
        asked = [at.isoformat().encode(), *map(wires.array, groups.values())]
        [(is_open,)] = wires.fetch("default", OPEN, asked)
    finally:
        [(are_owned,)] = owned.rows()
    if not is_open == are_owned == TRUE:
        return Passage(_named(reporting, logging, devices, gateway=gateway, at=at), set())
    # In a transaction of the caller's, what is found open may be its own work and vanish with it.
    if not connections["default"].in_atomic_block:
        own.add(heard.ticket, groups)
    if not connections["personal"].in_atomic_block and look.since is not None:
        served.add(look.revision, {gateway.gateway_id: foreign})
    return Passage({}, devices - foreign)


def _named(
    reporting: Collection[str], logging: Collection[str], devices: Collection[str], *, gateway: Caller, at: datetime
) -> dict[str, Obstacle]:
    """Say of each device what stands in its way."""
    found: dict[str, Obstacle] = {}
    with connections["personal"].cursor() as cursor:
        cursor.execute(UNKNOWN_OR_ENDED, [gateway.gateway_id, list(devices)])
        for device, ended_on, unknown in cursor.fetchall():
            if unknown or ended_on is not None:
                found[device] = Obstacle("unknown-device" if unknown else "", {}, ended_on)
    with connections["default"].cursor() as cursor:
        every = list(devices)
        cursor.execute(IN_THE_WAY, [every, at, list(reporting), list(logging), every, every, at])
        for device, what, *details in cursor.fetchall():
            found[device] = _with(found.get(device, Obstacle("", {}, None)), what, *details)
    return found


def _with(obstacle: Obstacle, what: str, first: Any, item: str, cause: str) -> Obstacle:
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
