"""Consignments: registered with the articles of their contract, amended, ended, and the data's end proven (P-14)."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.lib.dates import clock, periods
from privacy.policies import rulebook
from privacy.policies.models import NoConsignment
from privacy.processors.events import Event
from privacy.processors.models import Clause, Consignment, Subprocessor
from privacy.safeguards.actions.proofs import keep_proof
from privacy.safeguards.refusals import DuplicateCode, Incomplete, WrongState

KEEP = "processors.keep_processors"


def register_consignment(
    *,
    code: str,
    name_ko: str,
    name_en: str,
    contact: str,
    country: str,
    work_ko: str,
    work_en: str,
    items: Sequence[str],
    contract: str,
    signed_on: date,
    starts_on: date,
    term_ends_on: date | None = None,
    clauses: Mapping[str, str],
    complete_by: date | None = None,
    is_marketing: bool = False,
    told_on: date | None = None,
    told_how: str = "",
    actor: Actor,
    at: datetime,
) -> Consignment:
    """Put a contract into the register, from which the policy names the processor.

    A contract that lacks an article is registered all the same, with a day by which it is amended: the data is
    processed already. Where promotion or sales are consigned, people have been told before (PIPA art. 26(3)).

    Raises Incomplete, DuplicateCode, and WrongState while it is decided that nothing is consigned.
    """
    require_permission(actor, KEEP)
    today = clock.kst_date(at)
    check_items(items, on=today)
    check_country(country)
    if term_ends_on is not None and term_ends_on < starts_on:
        raise Incomplete(_("The term can't end before it begins."), pointer="/term_ends_on")
    _must_be_signed(signed_on, on=today)
    if is_marketing and not (told_on and told_how.strip()):
        raise Incomplete(
            _("Promotion or sales may be consigned only once people have been told. Enter when and how."),
            pointer="/told_on",
        )
    if told_on is not None and told_on > today:
        raise Incomplete(_("Enter the day on which people were told. It can't be in the future."), pointer="/told_on")
    agreed, complete_by = _agreed(clauses, complete_by, on=today)
    with transaction.atomic():
        if Consignment.objects.filter(code=code).exists():
            raise DuplicateCode(
                _("A consignment with the code %(code)s already exists.") % {"code": code}, pointer="/code"
            )
        if NoConsignment.objects.filter(withdrawn_on=None).exists():
            raise WrongState(
                _("The officer decided that nothing is consigned, and the policy says so. Withdraw that first.")
            )
        row = Consignment.objects.create(
            code=code,
            name_ko=name_ko.strip(),
            name_en=name_en.strip(),
            contact=contact.strip(),
            country=country,
            work_ko=work_ko.strip(),
            work_en=work_en.strip(),
            items=sorted(items),
            is_marketing=is_marketing,
            told_on=told_on,
            told_how=told_how.strip(),
            contract=contract.strip(),
            signed_on=signed_on,
            starts_on=starts_on,
            term_ends_on=term_ends_on,
            clauses=agreed,
            complete_by=complete_by,
            registered_by=actor.ref,
            registered_at=at,
        )
        facts = {"code": code, "items": row.items, "missing": [clause.value for clause in row.missing_clauses]}
        ledger.record(Event.CONSIGNMENT_REGISTERED, actor=actor, at=at, about=row, facts=facts)
    return row


def amend_contract(
    consignment: Consignment,
    *,
    contract: str,
    signed_on: date,
    term_ends_on: date | None,
    clauses: Mapping[str, str],
    complete_by: date | None = None,
    actor: Actor,
    at: datetime,
) -> Consignment:
    """Record a renewed or amended contract: its document, its term, its articles. Raises Incomplete, WrongState."""
    require_permission(actor, KEEP, about=consignment)
    today = clock.kst_date(at)
    _must_be_signed(signed_on, on=today)
    agreed, complete_by = _agreed(clauses, complete_by, on=today)
    with transaction.atomic():
        row = _lock(consignment)
        if term_ends_on is not None and term_ends_on < row.starts_on:
            raise Incomplete(_("The term can't end before it begins."), pointer="/term_ends_on")
        row.contract, row.signed_on, row.term_ends_on = contract.strip(), signed_on, term_ends_on
        row.clauses, row.complete_by = agreed, complete_by
        row.save(update_fields=["contract", "signed_on", "term_ends_on", "clauses", "complete_by"])
        facts = {
            "signed_on": signed_on.isoformat(),
            "until": term_ends_on.isoformat() if term_ends_on else "",
            "missing": [clause.value for clause in row.missing_clauses],
        }
        ledger.record(Event.CONTRACT_AMENDED, actor=actor, at=at, about=row, facts=facts)
    return row


def agree_subprocessor(
    consignment: Consignment,
    *,
    name_ko: str,
    name_en: str,
    country: str,
    work_ko: str,
    work_en: str,
    agreed_on: date,
    document: str,
    actor: Actor,
    at: datetime,
) -> Subprocessor:
    """Record the consent to a sub-consignment (PIPA art. 26(6)); the policy then names it. Raises as the others."""
    require_permission(actor, KEEP, about=consignment)
    check_country(country)
    if agreed_on > clock.kst_date(at):
        raise Incomplete(_("Enter the day of the consent. It can't be in the future."), pointer="/agreed_on")
    with transaction.atomic():
        parent = _lock(consignment)
        row = Subprocessor.objects.create(
            consignment=parent,
            name_ko=name_ko.strip(),
            name_en=name_en.strip(),
            country=country,
            work_ko=work_ko.strip(),
            work_en=work_en.strip(),
            agreed_on=agreed_on,
            document=document.strip(),
            recorded_by=actor.ref,
            recorded_at=at,
        )
        facts = {"consignment": parent.reference, "day": agreed_on.isoformat()}
        ledger.record(Event.SUBPROCESSOR_AGREED, actor=actor, at=at, about=row, facts=facts)
    return row


def end_subprocessor(subprocessor: Subprocessor, *, ended_on: date, actor: Actor, at: datetime) -> Subprocessor:
    """Record the last day of a sub-consignment. Raises WrongState, Incomplete."""
    require_permission(actor, KEEP, about=subprocessor)
    with transaction.atomic():
        row = Subprocessor.objects.select_for_update().get(pk=subprocessor.pk)
        if row.ended_on is not None:
            raise WrongState(_("Its end is already recorded."))
        if not row.agreed_on <= ended_on <= clock.kst_date(at):
            raise Incomplete(_("Enter a last day between the beginning and today."), pointer="/ended_on")
        row.ended_on, row.ended_by = ended_on, actor.ref
        row.save(update_fields=["ended_on", "ended_by"])
        ledger.record(Event.SUBPROCESSOR_ENDED, actor=actor, at=at, about=row, facts={"until": ended_on.isoformat()})
    return row


def end_consignment(
    consignment: Consignment, *, ended_on: date, reason: str, actor: Actor, at: datetime
) -> Consignment:
    """Record the last day of processing. From then on it is due to prove what became of the data (PIPA art. 21).

    Raises WrongState, Incomplete.
    """
    require_permission(actor, KEEP, about=consignment)
    if not reason.strip():
        raise Incomplete(_("Enter the reason."), pointer="/reason")
    with transaction.atomic():
        row = _lock(consignment)
        today = clock.kst_date(at)
        if not row.starts_on <= ended_on <= today:
            raise Incomplete(_("Enter a last day between the beginning and today."), pointer="/ended_on")
        row.ended_on, row.end_reason, row.ended_by, row.ended_at = ended_on, reason.strip(), actor.ref, at
        # Without delay is five days (D-02): a term of destruction, which rolls over no rest day (T-10).
        within = rulebook.parameter("destruction.within.days", ended_on)
        row.dispose_by = periods.answer_due_unrolled(ended_on, days=within)
        row.save(update_fields=["ended_on", "end_reason", "ended_by", "ended_at", "dispose_by"])
        facts = {"until": ended_on.isoformat(), "due_on": row.dispose_by.isoformat()}
        ledger.record(Event.CONSIGNMENT_ENDED, actor=actor, at=at, about=row, facts=facts)
    return row


def prove_disposal(
    consignment: Consignment,
    *,
    disposal: str,
    disposed_on: date,
    detail: str,
    name: str,
    content: bytes,
    actor: Actor,
    at: datetime,
) -> Consignment:
    """Record that the data came back or was destroyed, with the paper that proves it: sealed, and its digest kept.

    Raises WrongState, Incomplete, InvalidUpload.
    """
    require_permission(actor, KEEP, about=consignment)
    if not detail.strip():
        raise Incomplete(_("State how it was done and how it was checked."), pointer="/detail")
    if not content:
        raise Incomplete(_("Attach the certificate or the report that proves it."), pointer="/file")
    _must_await_disposal(Consignment.objects.get(pk=consignment.pk), disposed_on, at)
    with (
        keep_proof(case=consignment.code, name=name, content=content, actor=actor, at=at) as file,
        transaction.atomic(),
    ):
        row = Consignment.objects.select_for_update().get(pk=consignment.pk)
        _must_await_disposal(row, disposed_on, at)
        row.disposal, row.disposed_on, row.disposal_detail = disposal, disposed_on, detail.strip()
        row.disposal_file_id, row.disposal_file_digest = file.id, hashlib.sha256(content).hexdigest()
        row.disposal_by, row.disposal_at = actor.ref, at
        changed = ["file_id", "file_digest", "detail", "by", "at"]
        row.save(update_fields=["disposal", "disposed_on", *(f"disposal_{name}" for name in changed)])
        facts: dict[str, Any] = {
            "method": disposal,
            "day": disposed_on.isoformat(),
            "late": row.dispose_by is not None and disposed_on > row.dispose_by,
            "sha256": row.disposal_file_digest,
        }
        ledger.record(Event.DISPOSAL_PROVEN, actor=actor, at=at, about=row, facts=facts)
    return row


def check_items(items: Sequence[str], *, on: date) -> None:
    """Raise Incomplete unless these are items of the rulebook in force, and some."""
    known = {code for category in rulebook.in_force(on).categories.values() for code in category.items}
    if not items or not set(items) <= known:
        raise Incomplete(_("Select the items of personal information that are processed."), pointer="/items")


def check_country(country: str) -> None:
    """Raise Incomplete unless this is the two-letter code of a country by its form."""
    if not (len(country) == 2 and country.isascii() and country.isalpha() and country.isupper()):
        raise Incomplete(_("Enter the country as two capital letters, such as KR, US or SG."), pointer="/country")


def _must_be_signed(signed_on: date, *, on: date) -> None:
    if signed_on > on:
        raise Incomplete(_("Enter the day on which it was signed. It can't be in the future."), pointer="/signed_on")


def _agreed(clauses: Mapping[str, str], complete_by: date | None, *, on: date) -> tuple[dict[str, str], date | None]:
    agreed = {clause.value: clauses.get(clause.value, "").strip() for clause in Clause}
    agreed = {code: where for code, where in agreed.items() if where}
    missing = [clause for clause in Clause if clause.value not in agreed]
    if not missing:
        return agreed, None
    if complete_by is None or complete_by < on:
        words = {"missing": "; ".join(str(clause.label) for clause in missing)}
        raise Incomplete(
            _("The contract does not agree on: %(missing)s. Enter the day by which it will be amended.") % words,
            pointer="/complete_by",
        )
    return agreed, complete_by


def _lock(consignment: Consignment) -> Consignment:
    row = Consignment.objects.select_for_update().get(pk=consignment.pk)
    if row.ended_on is not None:
        raise WrongState(_("This consignment has ended."))
    return row


def _must_await_disposal(row: Consignment, disposed_on: date, at: datetime) -> None:
    if row.ended_on is None:
        raise WrongState(_("Record the last day of processing first."))
    if row.disposed_on is not None:
        raise WrongState(_("It is already recorded what became of the data."))
    if not row.starts_on <= disposed_on <= clock.kst_date(at):
        raise Incomplete(
            _("Enter the day of the return or destruction. It can't be in the future."), pointer="/disposed_on"
        )
