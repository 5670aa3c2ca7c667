"""The gate of intake: for every device of a batch, may its reports be taken, and if not, why (P3.3, P1.5, P1.7).

Two statements, one for each database and both under way at once, ask whether everything is in order with the whole
batch; only where it is not, two more name what stands in the way. They ask the tables of several apps at once, because
a question of each by itself would cost more than the answer.
"""

from collections.abc import Collection
from datetime import date, datetime
from typing import Any, NamedTuple

from django.db import connections

from devices.callers import Caller
from privacy.lib import wires
from privacy.subjects.models import Subject

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


class Obstacle(NamedTuple):
    """What stands in the way of one device: a code that shuts it out, kinds that are shut, the end of its service."""

    code: str
    refused_kinds: dict[str, str]
    ended_on: date | None


def obstacles(
    reporting: Collection[str], logging: Collection[str], *, gateway: Caller, at: datetime
) -> dict[str, Obstacle]:
    """Return what stands in the way of devices, by their ids; a device that is missing here may send.

    ``reporting`` have sent service reports, ``logging`` app logs.
    """
    devices = {*reporting, *logging}
    every = wires.array(devices)
    owned = wires.ask("personal", OWNED, [every, str(gateway.gateway_id).encode()])
    try:
        asked = [at.isoformat().encode(), wires.array(reporting), wires.array(logging), every]
        [(is_open,)] = wires.fetch("default", OPEN, asked)
    finally:
        [(are_owned,)] = owned.rows()
    if is_open == are_owned == TRUE:
        return {}
    return _named(reporting, logging, devices, gateway=gateway, at=at)


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
