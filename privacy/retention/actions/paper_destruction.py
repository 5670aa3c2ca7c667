"""Paper and other media that were destroyed, and the sealed evidence of it, until its term is over (P7.2, law D-06)."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import date, datetime
from itertools import batched
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from privacy.accounts.display_names import display_names_by_reference
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.lib.crypto import canonical_json
from privacy.lib.dates import clock, periods
from privacy.lib.documents.upload_validation import InvalidUpload
from privacy.lib.errors.refusals import Refusal
from privacy.lib.http import form_submissions
from privacy.policies import rulebook
from privacy.policies.categories import DESTRUCTION_EVIDENCE
from privacy.policies.models import Officer
from privacy.policies.rulebook import RetentionPeriod
from privacy.retention.actions.register import add_register_entry, names_of
from privacy.retention.certificates import statement_texts
from privacy.retention.events import Event
from privacy.retention.models import PaperDestruction
from privacy.retention.refusals import BadMethod
from privacy.retention.schedule import retention_rules
from privacy.vault import actions as vault
from privacy.vault.models import EncryptedFile
from privacy.vault.purposes import Purpose

BATCH_SIZE = 1_000


@dataclass(frozen=True)
class Part:
    """What is said where only a part is destroyed: of which, what is kept, why, and how restoring is prevented."""

    part: str = ""
    rest: str = ""
    partial_reason: str = ""
    supervision: str = ""
    supervisor: str = ""


WHOLE = Part()


@dataclass(frozen=True)
class Evidence:
    """A scan or photo that shows a destruction: a PDF, JPEG or PNG."""

    name: str
    content: bytes


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
    due_since: date | None = None,
    of_part: Part = WHOLE,
    evidence: Evidence | None = None,
    submission: str = "",
    actor: Actor,
    at: datetime,
) -> PaperDestruction:
    """Register that paper or a medium was destroyed, before a witness. It enters the destruction register.

    ``due_since`` is the day on which the reason to destroy it arose: its term counts from it (law D-02).
    A form sent twice with its ``submission`` and content registers one destruction, which comes back.
    Raises NotPermitted; BadMethod for a method that doesn't destroy this medium, or a witness who did it himself, and
    for a part without what is said of one (law D-07), or a whole with it;
    Refusal for what is incomplete or in the future; InvalidUpload for evidence that is no PDF, JPEG or PNG.
    """
    require_permission(actor, "retention.record_paper")
    if method not in PaperDestruction.METHODS.get(medium, ()):
        raise BadMethod(_("This method doesn't destroy this medium: paper is shredded or incinerated."))
    if not witness.strip() or witness.strip().casefold() == executor.strip().casefold():
        raise BadMethod(_("The witness must be someone other than the person who destroyed it."))
    if not all(text.strip() for text in (contents, place, reason, executor, amount_unit)) or amount < 1:
        raise Refusal(_("State what was destroyed, how much, where, who did it and why."), code="incomplete")
    executor, witness = _participant(executor, "executor"), _participant(witness, "witness")
    if names_of(executor) & names_of(witness):
        raise BadMethod(_("The witness must be someone other than the person who destroyed it."), pointer="/witness")
    if destroyed_on > clock.kst_date(at):
        raise Refusal(_("The destruction can't be in the future."), code="clock")
    said: dict[str, Any] = {
        "medium": medium,
        "contents": contents.strip(),
        "created_from": created_from,
        "created_until": created_until,
        "due_since": due_since,
        "amount": amount,
        "amount_unit": amount_unit.strip(),
        "method": method,
        "place": place.strip(),
        "destroyed_on": destroyed_on,
        "reason": reason.strip(),
        "executor": executor,
        "witness": witness,
        **_said_of_part(of_part, method, executor=executor),
        "recorded_by": actor.ref,
    }
    paper, known = PaperDestruction(**said, recorded_at=at), None
    if submission:
        paper.id = _id_of(submission, said, evidence)
        if (known := PaperDestruction.objects.filter(pk=paper.id).first()) is not None:
            return known
    if evidence is not None:
        # First what is sealed elsewhere: a row of the register is never changed, so it can't wait for its evidence.
        paper.evidence_id, paper.evidence_digest = _seal_evidence(
            paper.id, evidence, case=paper.reference, actor=actor, at=at
        )
    with transaction.atomic():
        if submission:
            form_submissions.lock_submission(str(paper.id))
            known = PaperDestruction.objects.filter(pk=paper.id).first()
        if known is None:
            _register(paper, actor=actor, at=at)
    if known is not None:
        for file in EncryptedFile.objects.filter(id=paper.evidence_id) if paper.evidence_id else []:
            # The first sending has sealed the same evidence.
            with suppress(vault.UnderHold):
                vault.delete_file(file, actor=actor, at=at)
    return known or paper


def _said_of_part(of_part: Part, method: str, *, executor: str) -> dict[str, str]:
    """Return the columns of a partial destruction, or empty ones. Raises BadMethod."""
    said = {name: text.strip() for name, text in asdict(of_part).items()}
    if method not in PaperDestruction.PARTIAL:
        if any(said.values()):
            raise BadMethod(_("This method destroys the whole. Leave the fields on a part empty."), pointer="/part")
        return said
    needed = ["part", "rest", "partial_reason"]
    if method == PaperDestruction.Method.ERASE:
        needed += ["supervision", "supervisor"]
    for name in needed:
        if not said[name]:
            raise BadMethod(
                _(
                    "State which part was destroyed, what is kept and why not the whole; of an erasure also how and by "
                    "whom restoring is prevented."
                ),
                pointer=f"/{name}",
            )
    if said["supervisor"]:
        said["supervisor"] = _participant(said["supervisor"], "supervisor")
        if names_of(said["supervisor"]) & names_of(executor):
            told = _("Someone other than the person who carried it out supervises that nothing is restored.")
            raise BadMethod(told, pointer="/supervisor")
    return said


def _participant(named: str, field: str) -> str:
    """Return the reference of an account, or a name as it was stated. Raises Refusal for a reference of nobody."""
    reference = named.strip().upper()
    if not reference.startswith(statement_texts.ACCOUNT):
        return named.strip()
    if not display_names_by_reference([reference]):
        told = _("There is no account %(reference)s.") % {"reference": reference}
        raise Refusal(told, code="unknown-account", pointer=f"/{field}")
    return reference


def _register(paper: PaperDestruction, *, actor: Actor, at: datetime) -> None:
    paper.save(force_insert=True)
    entry = add_register_entry(_columns(paper, at=at), paper=paper)
    facts = {"register": entry.number, "medium": paper.medium, "method": paper.method, "amount": paper.amount}
    ledger.record(Event.PAPER_RECORDED, actor=actor, at=at, about=paper, facts=facts)


def _id_of(submission: str, said: Mapping[str, Any], evidence: Evidence | None) -> UUID:
    """Return the id of what this form with this content registers: the same again is the same row."""
    shown = hashlib.sha256(evidence.content).hexdigest() if evidence else ""
    return UUID(form_submissions.bind_nonce("retention.paper", submission, [said, shown])[:32], version=4)


def _columns(paper: PaperDestruction, *, at: datetime) -> dict[str, object]:
    officer = Officer.objects.on(paper.destroyed_on)
    with translation.override("ko"):
        return {
            "file_name": paper.contents,
            "record_kinds": str(paper.get_medium_display()),
            "created_from": paper.created_from,
            "created_until": paper.created_until,
            "destroyed_on": paper.destroyed_on,
            "trigger_on": paper.due_since,
            "target_on": _target_of(paper),
            "reason": paper.reason,
            "handler": paper.executor,
            "department_head": officer.name if officer else "",
            "method": str(paper.get_method_display()),
            "records": paper.amount,
            "systems": f"{paper.amount} {paper.amount_unit}",
            "backups": "-",
            "witness": paper.witness,
            "evidence": paper.evidence_digest
            or canonical_json.digest({"paper": paper.reference, "by": paper.recorded_by}),
            "requested_on": clock.kst_date(at),
            "requested_by": paper.recorded_by,
            "main_work": _("Exafe MDM service"),
            "approved_by": "",
            "place": paper.place,
            "verified_by": _("witness"),
            "media_destroyed": not paper.is_partial,
            "notes": paper.describe_part(),
        }


def _target_of(paper: PaperDestruction) -> date | None:
    """Return by when it had to be destroyed: "without delay" from the day on which the reason arose (law D-02)."""
    if paper.due_since is None:
        return None
    within = rulebook.parameter("destruction.within.days", paper.due_since)
    return periods.answer_due_unrolled(paper.due_since, days=within)


def _seal_evidence(paper_id: UUID, evidence: Evidence, *, case: str, actor: Actor, at: datetime) -> tuple[UUID, str]:
    """Seal the evidence under the destruction that it shows; return its id and SHA-256. Raises InvalidUpload."""
    stored = vault.receive_file(
        subject_id=paper_id,
        category=DESTRUCTION_EVIDENCE,
        case=case,
        name=evidence.name,
        content=evidence.content,
        actor=actor,
        at=at,
    )
    return stored.id, hashlib.sha256(evidence.content).hexdigest()


def open_evidence(paper: PaperDestruction, *, actor: Actor, at: datetime) -> tuple[bytes, str]:
    """Open the evidence for who checks the register; return content and media type. Raises InvalidUpload."""
    require_permission(actor, "retention.view_paperdestruction", about=paper)
    file = EncryptedFile.objects.filter(id=paper.evidence_id).first() if paper.evidence_id else None
    if file is None:
        raise InvalidUpload(_("No evidence is attached to this destruction, or its retention period is over."))
    with vault.opened(
        purpose=Purpose.LEGAL_DUTY,
        task="retention.evidence.shown",
        actor=actor,
        at=at,
        reason=f"destruction {paper.reference}",
    ) as vault_session:
        content: bytes = vault_session.decrypt(file, "content")
    return content, file.media_type


def destroy_evidence(paper_ids: Sequence[UUID], *, certificate: str, actor: Actor, at: datetime) -> int:
    """Remove the evidence of these destructions when its term is over; safe to repeat. Returns the rows removed."""
    with transaction.atomic(using="personal"):
        rows = EncryptedFile.objects.filter(subject_id__in=paper_ids, category=DESTRUCTION_EVIDENCE)
        count = rows.count()
        if count:
            with transaction.atomic():
                facts = {"certificate": certificate, "rows": count}
                ledger.record(Event.EVIDENCE_REMOVED, actor=actor, at=at, subjects=paper_ids, facts=facts)
            rows.delete()
    return count


def evidence_due(on: date, term: RetentionPeriod) -> Iterator[list[UUID]]:
    """Yield the destructions whose evidence was kept for its years; ``term`` says nothing more.

    What people attach of other systems stands under an id of its own and counts from the day on which it came, and so
    does what a crash left of a paper.
    """
    years = retention_rules.evidence_years(on)
    shown = PaperDestruction.objects.filter(evidence_id__isnull=False, destroyed_on__lte=on).order_by("destroyed_on")
    for part in batched(shown.values_list("id", "destroyed_on").iterator(chunk_size=BATCH_SIZE), BATCH_SIZE):
        over = [paper for paper, day in part if periods.period_end(day, years=years) < on]
        left = set(EncryptedFile.objects.filter(subject_id__in=over).values_list("subject_id", flat=True))
        if left:
            yield [paper for paper in over if paper in left]
    others = EncryptedFile.objects.filter(category=DESTRUCTION_EVIDENCE, stored_at__lt=clock.midnight(on))
    stored = others.order_by("stored_at", "id").values_list("subject_id", "stored_at")
    for part in batched(stored.iterator(chunk_size=BATCH_SIZE), BATCH_SIZE):
        old = [one for one, at in part if periods.period_end(clock.kst_date(at), years=years) < on]
        of_papers = set(PaperDestruction.objects.filter(id__in=old).values_list("id", flat=True))
        if apart := [one for one in old if one not in of_papers]:
            yield apart
