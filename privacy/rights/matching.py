"""Finding the record that a claim is about, through the register of holdings and blind indexes; only reads.

The same single question is asked for every claim, so that nobody learns from the time it takes who is known (SEC-16).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.core.exceptions import FieldDoesNotExist

from devices import lookup
from devices.models import Device, Gateway
from privacy.rights.models import Request
from privacy.subjects import holdings
from privacy.subjects.holdings import Holding
from privacy.subjects.models import Subject

# More records with one number than any device or person has: the handler names the one that is meant.
MAX_MATCHES = 50
CONTACTS = frozenset({"email", "phone"})


@dataclass(frozen=True)
class Match:
    """A record whose identifier is the one claimed; ``record_id`` is the device, where a device is known by it."""

    subject_id: UUID
    record_id: UUID | None


def find_records(kind: str, index: bytes, *, most: int | None = MAX_MATCHES) -> list[Match]:
    """Return the records whose item ``kind`` has this blind index, the newest first: a device may have several.

    At most ``most`` of each holding, so that one number costs no more than another at the public door; ``None`` is all.
    """
    found: dict[UUID, Match] = {}
    for holding, field in _indexed(kind):
        rows = holding.rows().filter(**{f"{field}_index": index})
        if holding.item_from:
            rows = rows.filter(**{holding.item_from: kind})
        rows = rows.order_by(f"-{holding.recorded or 'pk'}", "pk")
        for subject_id in rows.values_list(holding.subject, flat=True)[:most]:
            # A contact names a person, not the device in somebody's hand: nothing is confirmed there.
            found.setdefault(subject_id, Match(subject_id, None if kind in CONTACTS else subject_id))
    return list(found.values())


def records_of_device(match: Match) -> list[Match]:
    """Return the records of the same device as this one, itself first: those with its IMEI."""
    imei = _imeis([match]).get(match.subject_id)
    twins = find_records("imei", imei, most=None) if imei is not None else []
    return [match, *(twin for twin in twins if twin.subject_id != match.subject_id)]


def answering_record(matches: Sequence[Match]) -> Match | None:
    """Return the record whose device is asked who it is: of those in use, the one registered first."""
    by_subject = {match.subject_id: match for match in matches}
    devices = [match.subject_id for match in matches if match.record_id] or [lookup.NOBODY]
    device = lookup.answering_device(Device.objects.of_subjects(devices))
    return by_subject[device.subject_id] if device else next(iter(matches), None)


def of_same_gateway(matches: Iterable[Match], record_id: UUID | None) -> list[Match]:
    """Return those of these records that were registered by the gateway that speaks for this one."""
    found = list(matches)
    gateways = dict(
        Device.objects.of_subjects([*(match.subject_id for match in found), *([record_id] if record_id else [])])
        .values_list("subject_id", "gateway_id")
    )  # fmt: skip
    if record_id not in gateways:
        return found
    return [match for match in found if gateways.get(match.subject_id) == gateways[record_id]]


def group_by_device(matches: Sequence[Match]) -> list[list[Match]]:
    """Return records grouped by device: two IMEIs are two devices, though they share a serial number or licence.

    A record without an IMEI belongs to the one device there is, or is one of its own.
    """
    imeis = _imeis(matches)
    if len(set(imeis.values())) <= 1:
        return [list(matches)] if matches else []
    groups: dict[bytes, list[Match]] = {}
    for match in matches:
        groups.setdefault(imeis.get(match.subject_id, match.subject_id.bytes), []).append(match)
    return list(groups.values())


def _imeis(matches: Iterable[Match]) -> dict[UUID, bytes]:
    devices = Device.objects.filter(subject_id__in=[match.subject_id for match in matches if match.record_id])
    found = devices.filter(imei_index__isnull=False).values_list("subject_id", "imei_index")
    return {subject_id: bytes(index) for subject_id, index in found if index is not None}


def is_held(subject_id: UUID) -> bool:
    """Whether anything of this person may still be held."""
    return Subject.objects.not_destroyed().filter(id=subject_id).exists()


def references_of(matches: Iterable[Match]) -> list[str]:
    """Return what people call these records: the device's reference, or the person's where there is no device."""
    people = [match.subject_id for match in matches]
    devices = dict(Device.objects.filter(subject_id__in=people).values_list("subject_id", "reference"))
    persons = dict(Subject.objects.filter(id__in=people).values_list("id", "reference"))
    return [devices.get(person) or persons.get(person, "") for person in people]


def with_gateways(matches: Iterable[Match]) -> list[str]:
    """Return what people call these records, each with the title of the gateway that registered it."""
    found = list(matches)
    gateways = dict(Device.objects.of_subjects(one.subject_id for one in found).values_list("subject_id", "gateway_id"))
    titles = dict(Gateway.objects.filter(id__in=gateways.values()).values_list("id", "title"))
    named = zip(found, references_of(found), strict=True)
    return [
        f"{reference} ({titles[gateways[one.subject_id]]})" if gateways.get(one.subject_id) in titles else reference
        for one, reference in named
    ]


def records_not_covered(case: Request) -> list[Match]:
    """Return the records with the number of a verified case that the case is not about: the office looks into them."""
    covered = set(case.people.values_list("subject_id", flat=True))
    found = find_records(case.target_kind, bytes(case.target_index), most=None) if covered else []
    return [one for one in found if one.subject_id not in covered and one.record_id is not None]


def by_reference(reference: str) -> Match | None:
    """Return the record that people call ``D-7F3K-92QX``; for a handler who names it."""
    for holding in holdings.all_holdings():
        try:
            holding.model._meta.get_field("reference")
        except FieldDoesNotExist:
            continue
        rows = holding.rows().filter(reference=reference.strip().upper())
        subject_id = rows.values_list(holding.subject, flat=True).first()
        if subject_id is not None:
            return Match(subject_id, subject_id)
    return None


def correctable() -> dict[str, list[str]]:
    """Return the items that can be corrected, by category: values of a record, not reports of what happened."""
    found: dict[str, list[str]] = {}
    for holding in holdings.all_holdings():
        if holding.correct is not None and not holding.kind:
            found.setdefault(holding.category, []).extend(holding.items)
    return found


def correctable_records() -> dict[str, list[str]]:
    """Return the items of which single records can be corrected, by category: reports, told apart by their kind."""
    found: dict[str, list[str]] = {}
    for holding in holdings.all_holdings():
        if holding.correct is not None and not holding.duty and holding.kind:
            found.setdefault(holding.category, []).extend(holding.items)
    return found


def holders_of_record(category: str, item: str, record_id: UUID) -> set[UUID]:
    """Return whose record has this number among those of an item: nobody's, where there is no such record."""
    found: set[UUID] = set()
    for holding in holdings.for_category(category):
        if item in holding.items and holding.kind:
            found.update(holding.rows().filter(pk=record_id).values_list(holding.subject, flat=True))
    return found


def validate_value(category: str, item: str, value: str) -> None:
    """Ask the holding of an item whether a value can be right at all. Raises what the holding refuses."""
    for holding in holdings.for_category(category):
        if holding.check is not None and item in holding.items:
            holding.check(item, value)


def _indexed(kind: str) -> list[tuple[Holding, str]]:
    pairs = []
    for holding in holdings.all_holdings():
        field = holding.items.get(kind)
        if field is None or (holding.duty and kind not in CONTACTS):
            continue
        try:
            holding.model._meta.get_field(f"{field}_index")
        except FieldDoesNotExist:
            continue
        pairs.append((holding, field))
    return pairs
