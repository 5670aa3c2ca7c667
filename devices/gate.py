"""The gate of intake: for every device of a batch, may its reports be taken, and if not, why (P3.3, P1.5, P1.7).

Two statements count, for the whole batch, whether everything is in order; only when a count is not what it should be,
two more name what stands in the way. The second of each asks three apps' tables at once, because a question of each
by itself would cost more than the answer.
"""

from collections.abc import Collection
from datetime import date, datetime
from typing import Any, NamedTuple

from devices.callers import Caller
from privacy.lib import prepared
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
IN_ORDER = """
SELECT count(*) FROM devices_device WHERE id = ANY (%s::uuid[]) AND gateway_id = %s AND service_ended_on IS NULL
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
    every, owner = _array(devices), gateway.gateway_id
    found: dict[str, Obstacle] = {}
    if prepared.fetch("personal", IN_ORDER, [every, owner]) != [(len(devices),)]:
        for device, ended_on, unknown in prepared.fetch("personal", UNKNOWN_OR_ENDED, [owner, every]):
            if unknown or ended_on is not None:
                found[device] = Obstacle("unknown-device" if unknown else "", {}, ended_on)
    asked = [every, at, _array(reporting), _array(logging), every, every, at]
    for device, what, *details in prepared.fetch("default", IN_THE_WAY, asked):
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


def _array(ids: Collection[str]) -> str:
    """Return ids as PostgreSQL reads an array."""
    return f"{{{','.join(ids)}}}"
