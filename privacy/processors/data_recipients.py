"""Whom the policy names as processors and as recipients abroad, from the registers (law V-01, V-08, P-14, P-15)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import override

from privacy.policies.data_recipients import DataRecipient
from privacy.processors.models import Consignment, OverseasTransfer, Subprocessor


@dataclass(frozen=True, slots=True)
class Transfer(DataRecipient):
    """A recipient abroad: beside what every recipient has, the basis and the rest of PIPA art. 28-8(2)."""

    contact: str = ""
    more: tuple[tuple[str, str, str], ...] = ()

    def row(self) -> dict[str, Any]:
        told = {name: {"ko": in_korean, "en": in_english} for name, in_korean, in_english in self.more}
        # The zero-argument form of super() knows another class where there are slots.
        return {**DataRecipient.row(self), "contact": self.contact, **told}


def processors(on: date) -> list[DataRecipient]:
    """Return who processes for the company on a day, whom they engage included (PIPA art. 26(2))."""
    return [*_consignments(on), *_subprocessors(on)]


def _consignments(on: date) -> Iterator[DataRecipient]:
    for row in Consignment.objects.on(on):
        yield DataRecipient(
            code=row.code,
            name_ko=row.name_ko,
            name_en=row.name_en,
            purpose_ko=row.work_ko,
            purpose_en=row.work_en,
            items=tuple(row.items),
            **_until(row.ended_on or row.term_ends_on),
        )


def _subprocessors(on: date) -> Iterator[DataRecipient]:
    for row in Subprocessor.objects.on(on).select_related("consignment"):
        parent = row.consignment
        yield DataRecipient(
            code=f"{parent.code}.{row.pk.hex}",
            name_ko=f"{row.name_ko} ({parent.name_ko}의 재수탁자)",
            name_en=f"{row.name_en} (sub-processor of {parent.name_en})",
            purpose_ko=row.work_ko,
            purpose_en=row.work_en,
            items=tuple(parent.items),
            **_until(row.ended_on or parent.ended_on or parent.term_ends_on),
        )


def transfers(on: date) -> list[DataRecipient]:
    """Return who receives personal information abroad on a day, with basis, country, way and refusal."""
    return [
        Transfer(
            code=row.code,
            name_ko=row.recipient_ko,
            name_en=row.recipient_en,
            purpose_ko=row.purpose_ko,
            purpose_en=row.purpose_en,
            items=tuple(row.items),
            until_ko=row.kept_ko,
            until_en=row.kept_en,
            contact=row.contact,
            more=(
                ("basis", *_in_both_languages(row.get_basis_display)),
                ("country", row.country_ko, row.country_en),
                ("way", row.way_ko, row.way_en),
                ("refusal", row.refusal_ko, row.refusal_en),
            ),
        )
        for row in OverseasTransfer.objects.on(on)
    ]


def _until(last: date | None) -> dict[str, str]:
    if last is not None:
        return dict.fromkeys(("until_ko", "until_en"), last.isoformat())
    return {"until_ko": "위탁계약 종료 시까지", "until_en": "until the contract ends"}


def _in_both_languages(word: Callable[[], object]) -> tuple[str, str]:
    with override("ko"):
        in_korean = str(word())
    with override("en"):
        return in_korean, str(word())
