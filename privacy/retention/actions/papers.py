"""Paper and other media, and the officer's confirmation of the register (P7.2, law D-06, D-08)."""

from datetime import date, datetime

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor, require
from privacy.lib import canonical, clock
from privacy.lib.refusals import Refusal
from privacy.policies.models import Officer
from privacy.retention.actions.evidence import Evidence, keep_evidence
from privacy.retention.actions.proving import enter
from privacy.retention.events import Event
from privacy.retention.models import PaperDestruction, RegisterEntry
from privacy.retention.refusals import BadMethod, SamePerson


def record_paper(
    *,
    medium: str,
    contents: str,
    amount: int,
    amount_unit: str,
    method: str,
    place: str,
    destroyed_on: date,
    reason: str,
    executor: str,
    witness: str,
    created_from: date | None = None,
    created_until: date | None = None,
    evidence: Evidence | None = None,
    actor: Actor,
    at: datetime,
) -> PaperDestruction:
    """Register that paper or a medium was destroyed, before a witness. It enters the destruction register.

    Raises NotPermitted; BadMethod for a method that doesn't destroy this medium, or a witness who did it himself;
    Refusal for what is incomplete or in the future; BadDocument for evidence that is no PDF, JPEG or PNG.
    """
    require(actor, "retention.record_paper")
    if method not in PaperDestruction.METHODS.get(medium, ()):
        raise BadMethod(_("This method doesn't destroy this medium: paper is shredded or incinerated."))
    if not witness.strip() or witness.strip() == executor.strip():
        raise BadMethod(_("The witness is somebody other than the one who destroyed it."))
    if not all(text.strip() for text in (contents, place, reason, executor, amount_unit)) or amount < 1:
        raise Refusal(_("Say what was destroyed, how much, where, by whom and why."), code="incomplete")
    if destroyed_on > clock.kst_date(at):
        raise Refusal(_("The destruction can't lie in the future."), code="clock")
    paper = PaperDestruction(
        medium=medium,
        contents=contents.strip(),
        created_from=created_from,
        created_until=created_until,
        amount=amount,
        amount_unit=amount_unit.strip(),
        method=method,
        place=place.strip(),
        destroyed_on=destroyed_on,
        reason=reason.strip(),
        executor=executor.strip(),
        witness=witness.strip(),
        recorded_by=actor.ref,
        recorded_at=at,
    )
    if evidence is not None:
        # First what is sealed elsewhere: a row of the register is never changed, so it can't wait for its evidence.
        paper.evidence_id, paper.evidence_digest = keep_evidence(
            paper.id, evidence, case=paper.reference, actor=actor, at=at
        )
    with transaction.atomic():
        paper.save(force_insert=True)
        entry = enter(_columns(paper, at=at), paper=paper)
        facts = {"register": entry.number, "medium": medium, "method": method, "amount": amount}
        ledger.record(Event.PAPER_RECORDED, actor=actor, at=at, about=paper, facts=facts)
    return paper


def _columns(paper: PaperDestruction, *, at: datetime) -> dict[str, object]:
    officer = Officer.objects.on(paper.destroyed_on)
    with translation.override("ko"):
        return {
            "file_name": paper.contents,
            "record_kinds": str(paper.get_medium_display()),
            "created_from": paper.created_from,
            "created_until": paper.created_until,
            "destroyed_on": paper.destroyed_on,
            "reason": paper.reason,
            "handler": paper.executor,
            "department_head": officer.name if officer else "",
            "method": str(paper.get_method_display()),
            "records": paper.amount,
            "systems": f"{paper.amount} {paper.amount_unit}",
            "backups": "-",
            "witness": paper.witness,
            "evidence": paper.evidence_digest or canonical.digest({"paper": paper.reference, "by": paper.recorded_by}),
            "requested_on": clock.kst_date(at),
            "requested_by": paper.recorded_by,
            "main_work": _("Exafe MDM service"),
            "approved_by": "",
            "place": paper.place,
            "verified_by": _("witness"),
            "media_destroyed": paper.method != PaperDestruction.Method.MASK,
        }


@transaction.atomic
def confirm_result(entry: RegisterEntry, *, actor: Actor, at: datetime) -> RegisterEntry:
    """Confirm, as the officer, that a destruction was carried out and its result was right (law D-08).

    Raises NotPermitted; SamePerson for who recorded or carried it out; Refusal when it was confirmed before.
    """
    require(actor, "retention.confirm_destruction", about=entry)
    row = RegisterEntry.objects.select_for_update().get(pk=entry.pk)
    if row.confirmed_at is not None:
        raise Refusal(_("This entry was confirmed before."), code="confirmed")
    if actor.ref in (row.requested_by, row.handler):
        raise SamePerson(_("Who carried it out or recorded it can't confirm it."))
    row.confirmed_by, row.confirmed_at = actor.ref, at
    row.save(update_fields=["confirmed_by", "confirmed_at"])
    ledger.record(Event.CONFIRMED, actor=actor, at=at, about=row, facts={"register": row.number})
    return row
