"""Finding a device by what somebody holds in hand: whole identifiers through the blind index, never parts (law S-28).

A search by identifier tells who has which device, so it is on record before it answers (law S-01).
"""

import re
from datetime import datetime

from django.db.models import QuerySet

from devices.models import Device, Licence
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.vault import actions as vault
from privacy.vault.purposes import Purpose

REFERENCE = re.compile(r"D-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}")
IDENTIFIERS = ("imei", "serial_number", "adb_number")


def devices(term: str, *, actor: Actor, at: datetime) -> QuerySet[Device]:
    """Return the devices that a reference or a whole IMEI, serial or ADB number names."""
    text = term.strip()
    if REFERENCE.fullmatch(text.upper()):
        return Device.objects.filter(reference=text.upper())
    indexes = {}
    for item in IDENTIFIERS:
        try:
            indexes[item] = vault.blind_index(item, text)
        except vault.BadIdentifier:
            continue
    found = Device.objects.identified_by(**indexes)
    subjects = list(found.order_by("id").values_list("subject_id", flat=True)[:200])
    ledger.record_read(
        actor=actor,
        at=at,
        subjects=subjects,
        count=len(subjects),
        task="devices.device.searched",
        purpose=Purpose.REGISTRATION.value,
        facts={"by": sorted(indexes)},
    )
    return Device.objects.filter(id__in=subjects)


def licences(term: str, *, actor: Actor, at: datetime) -> QuerySet[Licence]:
    """Return the licences that a device's reference or a whole licence key names."""
    text = term.strip()
    if REFERENCE.fullmatch(text.upper()):
        return Licence.objects.filter(device__reference=text.upper())
    try:
        index = vault.blind_index("licence_key", text)
    except vault.BadIdentifier:
        return Licence.objects.none()
    found = Licence.objects.filter(key_index=index)
    subjects = list(found.order_by("id").values_list("device_id", flat=True)[:200])
    ledger.record_read(
        actor=actor,
        at=at,
        subjects=subjects,
        count=len(subjects),
        task="devices.licence.searched",
        purpose=Purpose.REGISTRATION.value,
    )
    return found
