"""Finding a device by what somebody holds in hand: whole identifiers through the blind index, never parts (law S-28).

A search by identifier tells who has which device, so it is on record before it answers (law S-01).
"""

import re
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from devices import items
from devices.models import Device, Licence
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.subjects.models import Subject
from privacy.vault import actions as vault
from privacy.vault.purposes import Purpose

# So many are put on record, and so many are shown.
MAX_FOUND = 200
NOBODY = UUID(int=0)
REFERENCE = re.compile(r"D-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}")


def find_devices(term: str, *, actor: Actor, at: datetime) -> QuerySet[Device]:
    """Return the devices that a reference or a whole identifier names."""
    text = term.strip()
    if REFERENCE.fullmatch(text.upper()):
        return Device.objects.filter(reference=text.upper())
    indexes = {}
    for item in items.INDEXED:
        try:
            indexes[item] = vault.blind_index(item, text)
        except vault.InvalidIdentifier:
            continue
    found = Device.objects.identified_by(**indexes)
    subjects = list(found.order_by("id").values_list("subject_id", flat=True)[:MAX_FOUND])
    ledger.record_read(
        actor=actor,
        at=at,
        subjects=subjects,
        count=len(subjects),
        task="devices.device.searched",
        purpose=Purpose.REGISTRATION.value,
        facts={"by": sorted(indexes)},
    )
    # Asked for nobody too: an empty list asks no database, which takes less time (SEC-16).
    return Device.objects.filter(id__in=subjects or [NOBODY])


def answering_device(found: Iterable[Device]) -> Device | None:
    """Return which of the records with one identifier answers for it: of those in use, the one registered first.

    A gateway that registers somebody's number later is never asked in the owner's place.
    """
    devices = list(found)
    # Asked for nobody too, so that known and unknown cost the same (SEC-16).
    people = [one.subject_id for one in devices] or [NOBODY]
    active = set(Subject.objects.active().filter(id__in=people).values_list("id", flat=True))
    return min(devices, key=lambda one: (one.subject_id not in active, one.registered_at, one.id), default=None)


def find_licences(term: str, *, actor: Actor, at: datetime) -> QuerySet[Licence]:
    """Return the licences that a device's reference or a whole licence key names."""
    text = term.strip()
    if REFERENCE.fullmatch(text.upper()):
        return Licence.objects.filter(device__reference=text.upper())
    try:
        index = vault.blind_index("licence_key", text)
    except vault.InvalidIdentifier:
        return Licence.objects.none()
    found = Licence.objects.filter(key_index=index)
    subjects = list(found.order_by("id").values_list("device_id", flat=True)[:MAX_FOUND])
    ledger.record_read(
        actor=actor,
        at=at,
        subjects=subjects,
        count=len(subjects),
        task="devices.licence.searched",
        purpose=Purpose.REGISTRATION.value,
    )
    return found.filter(device_id__in=subjects)
