"""A device's registration and licence: recorded, changed, corrected, ended (P3.1, P6.1).

The general database commits first (the person, the ledger's entry), then the personal one; every step may be repeated,
so an interrupted call is mended by calling again.
"""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from devices.actors import GatewayActor
from devices.events import Event
from devices.items import CODES, INDEXED, NAMES_DEVICE, undeclared
from devices.models import Device, Licence
from devices.refusals import (
    MESSAGES,
    ContradictoryDates,
    FrozenItems,
    LicenceTaken,
    Malformed,
    Problem,
    Suspended,
    UnknownDevice,
    Withdrawn,
)
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.lib.dates import clock
from privacy.policies.categories import DEVICE_REGISTRATION
from privacy.subjects import actions as subjects
from privacy.subjects.models import Subject
from privacy.subjects.replaced_values import index_of, remember, was_replaced
from privacy.vault import actions as vault


class LicenceTerms(NamedTuple):
    """A licence as a gateway names it."""

    key: str
    starts_on: date
    ends_on: date


class RegistrationResult(NamedTuple):
    """A device, whether this call made it, and the items of which it repeated what a correction has replaced."""

    device: Device
    made: bool
    corrected: Collection[str] = ()


def register(
    *, device_id: UUID, registration: Mapping[str, Any], gateway: GatewayActor, at: datetime
) -> RegistrationResult:
    """Record a device with its items and licence (``licence``: LicenceTerms), or replace what a repeated call sends.

    An item that is left out of a repeated call stays as it is, and so does an identifier of which it repeats the value
    that a correction has replaced. The data is sealed at once; until the person has
    agreed, nothing else is taken, and without an agreement it is destroyed within days (``holdings.py``).
    Raises Malformed, UnknownDevice (another gateway's), FrozenItems, Suspended, Withdrawn, ContradictoryDates,
    SubjectDestroyed.
    """
    items = _sent_items(registration, at=at)
    terms: LicenceTerms | None = registration.get("licence")
    _check_terms(terms)
    held = Device.objects.filter(pk=device_id).first()
    _check_owner(held, gateway)
    if held is None:
        # Before anything is kept: what is refused leaves not even a pseudonym.
        _check_has_identifier(items)
    subject = subjects.register(subject_id=device_id, actor=gateway, at=at)
    return _record(subject, items, terms, gateway=gateway, at=at, create=True)


def update(*, device_id: UUID, changes: Mapping[str, Any], gateway: GatewayActor, at: datetime) -> RegistrationResult:
    """Change some items of a device, or its licence. Raises like ``register``."""
    items = _sent_items(changes, at=at)
    terms: LicenceTerms | None = changes.get("licence")
    _check_terms(terms)
    device = owned_device(device_id, gateway)
    subject = Subject.objects.get(pk=device.subject_id)
    return _record(subject, items, terms, gateway=gateway, at=at, create=False)


def end_service(*, device_id: UUID, ended_on: date, gateway: GatewayActor, at: datetime) -> Device:
    """Note the day on which the service of a device ended: the clock of P6.2 starts. Repeating it changes nothing.

    Raises UnknownDevice, ContradictoryDates, SubjectDestroyed.
    """
    owned_device(device_id, gateway)
    subject = Subject.objects.get(pk=device_id)
    with transaction.atomic(using="personal"):
        device = Device.objects.select_for_update().get(pk=device_id)
        try:
            subject = subjects.end_service(subject, ended_on=ended_on, actor=gateway, at=at)
        except subjects.ContradictoryDates as refusal:
            raise ContradictoryDates(str(refusal), pointer="/ended_on") from None
        if device.service_ended_on != subject.service_ended_on:
            device.service_ended_on = subject.service_ended_on
            device.updated_at = at
            device.save(update_fields=["service_ended_on", "updated_at"])
    return device


def owned_device(device_id: UUID, gateway: GatewayActor) -> Device:
    """Return a device of this gateway; anything else is unknown to it."""
    device = Device.objects.filter(pk=device_id).first()
    if device is None:
        raise UnknownDevice(MESSAGES["unknown-device"])
    _check_owner(device, gateway)
    return device


def correct_registration(
    subject_id: UUID, item: str, value: Any, *, event: UUID, actor: Actor, at: datetime, record_id: UUID | None
) -> None:
    """Put the right value of an item in place, in the caller's transaction on ``personal`` (P1.4, law R-14).

    ``licence_key`` lies on a licence: the one that ``record_id`` names, else the one that ends last. Everything else
    lies on the device. Sealing the same value again changes nothing readable, so a repeated ``event`` is harmless.
    Raises InvalidIdentifier, and LicenceTaken for a key that another licence of the device has.
    """
    facts = {"item": item, "event": str(event)}
    if item == "licence_key":
        rows = list(Licence.objects.select_for_update().filter(device_id=subject_id).latest_first())
        wanted = [one for one in rows if record_id is None or one.id == record_id][:1]
        held = Licence.objects.filter(device_id=subject_id, key_index=vault.blind_index("licence_key", value))
        if held.exclude(id__in=[one.id for one in wanted]).exists():
            raise LicenceTaken(_("Another licence of this device already has this key."), pointer="/value")
        for licence in wanted:
            was = index_of(licence, "key")
            vault.encrypt(licence, {"key": value}, at=at)
            licence.replaced = remember(licence.replaced, item, was=was, now=index_of(licence, "key"))
            licence.updated_at = at
            licence.save(update_fields=["key", "key_index", "replaced", "updated_at"])
            _record_event(Event.CORRECTED, subject_id, about=licence, facts=facts, actor=actor, at=at)
        return
    if item not in CODES:
        raise Malformed([Problem("/item", "unknown-item", str(MESSAGES["unknown-item"]))])
    for device in Device.objects.select_for_update().filter(subject_id=subject_id):
        was = index_of(device, item)
        vault.encrypt(device, {item: value}, at=at)
        device.replaced = remember(device.replaced, item, was=was, now=index_of(device, item))
        device.updated_at = at
        device.save(update_fields=[*_columns([item]), "replaced", "updated_at"])
        _record_event(Event.CORRECTED, subject_id, about=device, facts=facts, actor=actor, at=at)


def _record(
    subject: Subject,
    items: dict[str, Any],
    terms: LicenceTerms | None,
    *,
    gateway: GatewayActor,
    at: datetime,
    create: bool,
) -> RegistrationResult:
    if not subject.is_active:
        raise Withdrawn(MESSAGES["withdrawn"])
    with transaction.atomic(using="personal"):
        device = Device.objects.select_for_update().filter(pk=subject.id).first()
        made, corrected = device is None, list[str]()
        if device is None:
            if not create:
                raise UnknownDevice(MESSAGES["unknown-device"])
            device = Device(
                id=subject.id, subject_id=subject.id, gateway_id=gateway.gateway_id, registered_at=at, updated_at=at
            )
        else:
            _check_owner(device, gateway)
            items, corrected = _changed_items(device, items)
        if made:
            _check_has_identifier(items)
        with transaction.atomic():
            _refuse_frozen(subject.id, items, terms, at=at)
            if items:
                vault.encrypt(device, items, at=at)
            licence, word, has_old_key = _licence(device, terms, made=made, at=at)
            corrected += ["licence_key"] if has_old_key else []
            if corrected:
                repeated = {"items": sorted(corrected), "device": device.reference}
                ledger.record(
                    Event.REPETITION_IGNORED, actor=gateway, at=at, about=device, subjects=[subject.reference],
                    facts=repeated,
                )  # fmt: skip
            if made or items or word:
                facts = {
                    "items": sorted(items),
                    "device": device.reference,
                    "licence": str(licence.id) if licence else "",
                }
                entry = Event.REGISTERED if made else Event.UPDATED if items else word
                assert entry is not None
                ledger.record(entry, actor=gateway, at=at, about=device, subjects=[subject.reference], facts=facts)
            renewed = terms is not None and terms.ends_on >= clock.kst_date(at) and word is not None
            if renewed and subject.service_ended_on is not None:
                subjects.resume_service(subject, actor=gateway, at=at)
            if renewed:
                # Also where an earlier call resumed the person's service and died before it came to the device.
                device.service_ended_on = None
        if made:
            device.save(force_insert=True)
        elif items or renewed:
            device.updated_at = at if items else device.updated_at
            device.save(update_fields=[*_columns(items), "updated_at", "service_ended_on"])
        if licence is not None and word is not None:
            licence.device = device
            licence.save(update_fields=None if licence._state.adding else ["starts_on", "ends_on", "updated_at"])
    return RegistrationResult(device, made, sorted(corrected))


def _licence(
    device: Device, terms: LicenceTerms | None, *, made: bool, at: datetime
) -> tuple[Licence | None, Event | None, bool]:
    """Return the licence that these terms name, sealed and unsaved, the word for what changed, and if by an old key.

    The key that a correction has replaced names the licence with the right one.
    """
    if terms is None:
        return None, None, False
    index = vault.blind_index("licence_key", terms.key)
    held = None if made else device.licences.select_for_update().filter(key_index=index).first()
    has_old_key = False
    if held is None and not made:
        of_device = device.licences.select_for_update().exclude(replaced={}).latest_first()
        held = next((one for one in of_device if was_replaced(one.replaced, "licence_key", index)), None)
        has_old_key = held is not None
    if held is None:
        licence = Licence(
            device_id=device.id, starts_on=terms.starts_on, ends_on=terms.ends_on, recorded_at=at, updated_at=at
        )
        vault.encrypt(licence, {"key": terms.key}, at=at)
        return licence, Event.LICENCE_RECORDED, False
    if (held.starts_on, held.ends_on) == (terms.starts_on, terms.ends_on):
        return held, None, has_old_key
    held.starts_on, held.ends_on, held.updated_at = terms.starts_on, terms.ends_on, at
    return held, Event.LICENCE_RENEWED, has_old_key


def _changed_items(device: Device, items: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Leave out identifiers that are held already, or that a correction has replaced; return the latter's names too.

    A gateway that repeats itself changes nothing.
    """
    changed, corrected = dict(items), []
    for item in [one for one in items if one in INDEXED]:
        index = vault.blind_index(item, items[item])
        if index == index_of(device, item):
            del changed[item]
        elif was_replaced(device.replaced, item, index):
            del changed[item]
            corrected.append(item)
    return changed, corrected


def _refuse_frozen(subject_id: UUID, items: Collection[str], terms: LicenceTerms | None, *, at: datetime) -> None:
    wanted = [*items, *(["licence_key"] if terms else [])]
    if not wanted:
        return
    freezes = vault.active_freezes(subject_id, DEVICE_REGISTRATION, wanted, at=at)
    if any(freeze.cause == "suspension" for freeze in freezes):
        raise Suspended(MESSAGES["suspended"])
    if freezes:
        named = {freeze.item for freeze in freezes}
        frozen = wanted if "" in named else [item for item in wanted if item in named]
        raise FrozenItems(frozen, ["/licence/key" if item == "licence_key" else f"/{item}" for item in frozen])


def _sent_items(sent: Mapping[str, Any], *, at: datetime) -> dict[str, Any]:
    """Return the items that were sent. Raises Malformed for what no policy in force declares yet, or can't be right."""
    items = {item: sent[item] for item in CODES if sent.get(item) is not None}
    if unknown := undeclared(items, clock.kst_date(at)):
        raise Malformed([Problem(f"/{item}", "unknown-item", str(MESSAGES["unknown-item"])) for item in unknown])
    _check_identifiers(items)
    return items


def _check_identifiers(items: Mapping[str, Any]) -> None:
    problems = []
    for item in INDEXED:
        if item in items:
            try:
                vault.check_identifier(item, items[item])
            except vault.InvalidIdentifier as refusal:
                problems.append(Problem(f"/{item}", "bad-identifier", str(refusal)))
    if problems:
        raise Malformed(problems)


def _check_has_identifier(items: Mapping[str, Any]) -> None:
    if not any(items.get(item) for item in NAMES_DEVICE):
        message = _("Send at least one of imei, serial_number and adb_number.")
        raise Malformed([Problem("/imei", "malformed", message)])


def _check_terms(terms: LicenceTerms | None) -> None:
    if terms is None:
        return
    if terms.ends_on < terms.starts_on:
        raise ContradictoryDates(_("A licence must end on or after the day it starts."), pointer="/licence/ends_on")
    try:
        vault.check_identifier("licence_key", terms.key)
    except vault.InvalidIdentifier as refusal:
        raise Malformed([Problem("/licence/key", "bad-identifier", str(refusal))]) from None


def _check_owner(device: Device | None, gateway: GatewayActor) -> None:
    if device is not None and device.gateway_id != gateway.gateway_id:
        raise UnknownDevice(MESSAGES["unknown-device"])


def _columns(items: Collection[str]) -> list[str]:
    return [*items, *(f"{item}_index" for item in items if item in INDEXED)]


def _record_event(
    word: Event, subject_id: UUID, *, about: Device | Licence, facts: dict[str, Any], actor: Actor, at: datetime
) -> None:
    # The general database commits its entry before the personal one commits the change (docs/ledger.md, Omission).
    with transaction.atomic():
        ledger.record(word, actor=actor, at=at, about=about, subjects=[str(subject_id)], facts=facts)
