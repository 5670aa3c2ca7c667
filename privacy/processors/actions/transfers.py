"""Transfers abroad: registered with their basis and the five items of the Act, and ended (P-15)."""

from collections.abc import Sequence
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from consents.models import AgreementVersion
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.lib.dates import clock
from privacy.processors.actions.consignments import KEEP, check_country, check_items
from privacy.processors.events import Event
from privacy.processors.models import Consignment, OverseasTransfer, Subprocessor
from privacy.processors.models.consignments import HOME
from privacy.safeguards.refusals import DuplicateCode, Incomplete, WrongState

BY_CONTRACT = (OverseasTransfer.Basis.PUBLISHED, OverseasTransfer.Basis.TOLD)


def register_transfer(
    *,
    code: str,
    recipient_ko: str,
    recipient_en: str,
    contact: str,
    country: str,
    country_ko: str,
    country_en: str,
    items: Sequence[str],
    basis: str,
    basis_detail: str,
    consignment: Consignment | None,
    subprocessor: Subprocessor | None = None,
    purpose_ko: str,
    purpose_en: str,
    kept_ko: str,
    kept_en: str,
    way_ko: str,
    way_en: str,
    refusal_ko: str,
    refusal_en: str,
    safety: str,
    disputes: str,
    starts_on: date,
    actor: Actor,
    at: datetime,
) -> OverseasTransfer:
    """Put a transfer abroad into the register, from which the policy tells it.

    A transfer by consent names an agreement with a published text; one for the contract names its consignment, and the
    sub-processor where that is the recipient. Raises Incomplete, DuplicateCode.
    """
    require_permission(actor, KEEP)
    check_country(country)
    if country == HOME:
        raise Incomplete(_("This is not a transfer abroad."), pointer="/country")
    check_items(items, on=clock.kst_date(at))
    told = {
        "basis_detail": basis_detail, "purpose_ko": purpose_ko, "purpose_en": purpose_en, "kept_ko": kept_ko,
        "kept_en": kept_en, "way_ko": way_ko, "way_en": way_en, "refusal_ko": refusal_ko, "refusal_en": refusal_en,
        "safety": safety, "disputes": disputes, "contact": contact, "recipient_ko": recipient_ko,
        "recipient_en": recipient_en, "country_ko": country_ko, "country_en": country_en,
    }  # fmt: skip
    said = {name: text.strip() for name, text in told.items()}
    if empty := next((name for name, text in said.items() if not text), ""):
        raise Incomplete(_("The law asks for each of these items. Fill in this one too."), pointer=f"/{empty}")
    if basis == OverseasTransfer.Basis.CONSENT and not _is_published(said["basis_detail"]):
        raise Incomplete(
            _("Enter the code of the agreement by which people consent to this transfer. Its text must be published."),
            pointer="/basis_detail",
        )
    if subprocessor is not None:
        consignment = consignment or subprocessor.consignment
        if (subprocessor.consignment_id, subprocessor.country) != (consignment.pk, country):
            raise Incomplete(
                _("This sub-processor is registered for another consignment or in another country."),
                pointer="/subprocessor",
            )
    if basis in BY_CONTRACT and consignment is None:
        raise Incomplete(
            _("On this basis only consigned processing or storage goes abroad. Select the consignment."),
            pointer="/consignment",
        )
    with transaction.atomic():
        if OverseasTransfer.objects.filter(code=code).exists():
            raise DuplicateCode(
                _("A transfer with the code %(code)s already exists.") % {"code": code}, pointer="/code"
            )
        row = OverseasTransfer.objects.create(
            code=code,
            country=country,
            items=sorted(items),
            basis=basis,
            consignment=consignment,
            subprocessor=subprocessor,
            starts_on=starts_on,
            registered_by=actor.ref,
            registered_at=at,
            **said,
        )
        facts = {"code": code, "basis": basis, "country": country, "items": row.items}
        ledger.record(Event.TRANSFER_REGISTERED, actor=actor, at=at, about=row, facts=facts)
    return row


def end_transfer(
    transfer: OverseasTransfer, *, ended_on: date, reason: str, actor: Actor, at: datetime
) -> OverseasTransfer:
    """Record the last day of a transfer. Raises WrongState, Incomplete."""
    require_permission(actor, KEEP, about=transfer)
    if not reason.strip():
        raise Incomplete(_("Enter the reason."), pointer="/reason")
    with transaction.atomic():
        row = OverseasTransfer.objects.select_for_update().get(pk=transfer.pk)
        if row.ended_on is not None:
            raise WrongState(_("Its end is already recorded."))
        if not row.starts_on <= ended_on <= clock.kst_date(at):
            raise Incomplete(_("Enter a last day between the beginning and today."), pointer="/ended_on")
        row.ended_on, row.end_reason, row.ended_by = ended_on, reason.strip(), actor.ref
        row.save(update_fields=["ended_on", "end_reason", "ended_by"])
        ledger.record(Event.TRANSFER_ENDED, actor=actor, at=at, about=row, facts={"until": ended_on.isoformat()})
    return row


def _is_published(agreement: str) -> bool:
    return AgreementVersion.objects.published().filter(agreement__code=agreement).exists()
