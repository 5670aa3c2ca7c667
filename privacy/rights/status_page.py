"""What the status page shows of a case: where it stands, what we need, what was decided, what can be fetched."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from devices import actions as devices
from devices.actions.challenges import LIFETIME
from devices.models import Challenge
from privacy.ledger.actors import Actor
from privacy.lib.dates import clock
from privacy.policies import rulebook
from privacy.rights import (
    identity_evidence,
    letters,
    matching,
    opened_letters,
    recipient_states,
    representation,
    system_states,
)
from privacy.rights.access_package import freshness
from privacy.rights.actions import (
    deletions,
    documents_since_asked,
    evidence_of,
    files_left_out,
    read_messages,
    waits_for_proof,
)
from privacy.rights.actions.messages import files_of
from privacy.rights.actors import Requester
from privacy.rights.events import Event
from privacy.rights.models import Letter, Package, Particulars, Request, Right, Step
from privacy.rights.refusals import NotConfirmed
from privacy.vault import actions as vault
from privacy.vault.models import EncryptedFileQuerySet
from privacy.vault.purposes import Purpose

# The steps a requester sees, in the office's plain words; all others are inner work.
STEP_LABELS = {
    Event.RECEIVED: _("Your request was received"),
    Event.FROZEN: _(
        "We don't use the item until this is decided or the time to prove your identity runs out. After several "
        "unconfirmed requests, this starts once your identity is confirmed"
    ),
    Event.EVIDENCE_ASKED: _("We asked you for a document"),
    Event.EVIDENCE_RECEIVED: _("You sent a document"),
    Event.CHALLENGED: _("You chose to confirm on your device"),
    Event.VERIFIED: _("Your identity was confirmed"),
    Event.IDENTITY_REJECTED: _("Your identity could not be confirmed"),
    Event.GRANTED: _("Granted"),
    Event.PARTLY_GRANTED: _("Partly granted"),
    Event.REFUSED: _("Refused"),
    Event.POSTPONED: _("Access was postponed"),
    Event.POSTPONEMENT_ENDED: _("The reason for the postponement has ended"),
    Event.PASSED_ON: _("We told the organisation that gave us your data"),
    Event.CONTROLLER_ANSWERED: _("The organisation that gave us your data answered"),
    Event.CONTROLLER_SILENT: _("The organisation that gave us your data did not answer"),
    Event.DESTRUCTION_ANNOUNCED: _("Your data is blocked and will be deleted. Until then we can stop the deletion"),
    Event.DESTRUCTION_HELD: _(
        "Your data is blocked. Because of litigation or an investigation, we can't delete it "
        "yet. We will tell you the date before we do"
    ),
    Event.DESTRUCTION_STOPPED: _("The deletion was stopped. We will decide again"),
    Event.CORRECTED: _("Corrected"),
    Event.OVERTAKEN: _("Nothing to correct: we had already destroyed the information"),
    Event.ERASED: _("Deleted"),
    Event.SUSPENDED: _("Processing is suspended"),
    Event.RESUMED: _("Processing was resumed"),
    Event.CONSENT_WITHDRAWN: _("Your withdrawal was recorded"),
    Event.DECISION_ANSWERED: _("A person answered about the automated decision"),
    Event.TERM_EXTENDED: _("We need more time for our answer"),
    Event.SOURCES_TOLD: _("We told you where your data comes from"),
    Event.TRANSMITTED: _("We told you by which copy your data is transmitted"),
    Event.PACKAGE_BUILT: _("Your data was prepared"),
    Event.PACKAGE_OUTDATED: _("Our records changed, so we are making a new copy"),
    Event.PACKAGE_DOWNLOADED: _("You downloaded your data"),
    Event.CARRIED_OUT: _("We have carried out everything that we granted"),
    Event.ANSWERED: _("We answered you"),
    Event.PART_ANSWERED: _("We answered part of your request"),
    Event.LETTER_BOUNCED: _("Our answer could not be delivered. You can read it on this page"),
    Event.OBJECTED: _("You objected"),
    Event.OBJECTION_DECIDED: _("Your objection was decided"),
    Event.DEADLINE_MOVED: _("The due date of our answer moved because a public holiday was added or withdrawn"),
    Event.MESSAGE_RECEIVED: _("You wrote to us"),
    Event.MESSAGE_WRITTEN: _("We wrote to you. You can read the message on this page"),
    Event.JOINED: _("A duplicate request was joined"),
    Event.PARTED: _("Your request is answered separately again"),
    Event.WITHDRAWN: _("You withdrew the request"),
    Event.CLOSED: _("The case was closed"),
}
ADVERSE_EVENTS = {Event.IDENTITY_REJECTED, Event.REFUSED, Event.LETTER_BOUNCED}


def context(case: Request, *, at: datetime) -> dict[str, Any]:
    """Return what the page shows of a case at a moment."""
    today = clock.kst_date(at)
    sent = documents_since_asked(case, at=at)
    rights = list(case.rights.all())
    reviews = dict(case.letters.filter(kind=Letter.Kind.OBJECTION).values_list("about_id", "id"))
    explanations = _explanations(case, [*(right.event_id for right in rights), *reviews.values()], at=at)
    package = Package.objects.filter(right__request=case).select_related("right").order_by("-built_at").first()
    can_be_fetched = package is not None and package.can_be_downloaded(at=at)
    outdated = can_be_fetched and package is not None and freshness.is_outdated(package, at=at)
    if outdated and package is not None and not package.is_of_decision_in_force:
        # It is not made anew: the decision on it was opened again, and a new one makes a copy of its own.
        can_be_fetched = outdated = False
    return {
        "case": case,
        "settled": case.state not in Request.UNANSWERED,
        "story": [_timeline_row(step) for step in case.steps.filter(word__in=[str(word) for word in STEP_LABELS])],
        "rights": [
            {
                "right": right,
                "name": letters.right_name(right, on=case.received_on),
                "decision": letters.decision_text(right, on=today).split("\n"),
                "explanation": explanations.get(right.event_id, ""),
                "objections": [
                    (objection, explanations.get(reviews.get(objection.id), ""), _refused(evidence_of(objection)))
                    for objection in right.objections.order_by("received_at")
                ],
                "can_stop": right.can_be_stopped,
                "waits": right.is_waiting(at=at) and not deletions.is_held(right, at=at),
                "can_object": right.decision in {Right.Decision.REFUSED, Right.Decision.PARTLY_GRANTED}
                and not right.objections.filter(outcome="pending").exists(),
            }
            for right in rights
        ],
        "can_see_openings": case.is_verified and representation.is_represented(case, Right.Kind.ACCESS, at=at),
        "joined_to": case.joined_to if case.is_verified else None,
        "records": case.people.count(),
        "needs_identity": case.state in Request.BEFORE_IDENTITY,
        "acts_for_another": case.requester != Request.Requester.SELF,
        "by_device": case.target_kind not in matching.CONTACTS,
        "enough_evidence": identity_evidence.at_most(case),
        "document_asked": case.evidence_asked_at is not None,
        "needs_proof": waits_for_proof(case),
        "needs_mandate": representation.what_is_missing(case, at=at),
        "documents_sent": sent.usable().count(),
        "documents_refused": _refused(sent),
        "shown_code": shown_code(case, at=at),
        "can_withdraw": case.state in {*Request.BEFORE_IDENTITY, Request.State.VERIFIED, Request.State.IN_REVIEW}
        and not any(right.is_decided for right in rights),
        "letters": list(case.letters.exclude(state=Letter.State.WITHDRAWN).order_by("queued_at")),
        "recipients": recipient_states.states_of(case, on=today),
        "other_systems": system_states.states_of(case, on=today),
        "messages_of_case": _messages(case, at=at),
        "files_left_out": files_left_out(case),
        "can_write": case.is_open,
        "package": package if can_be_fetched else None,
        "package_outdated": outdated,
        "package_hours": rulebook.parameter("rights.package.hours", today)
        if can_be_fetched and package is not None and package.answer_is_unsent
        else None,
        "download_confirmed": confirmed_for_download(case, at=at),
        "download_code": shown_code(case, at=at, name=download_case(case)),
    }


def shown_code(case: Request, *, at: datetime, name: str = "") -> str:
    """Return the code to type on the device, while it is asked for.

    That the device said no is not told here: it would tell that there is a device.
    """
    asked = Challenge.objects.filter(case=name or case.reference, expires_at__gt=at).order_by("-asked_at").first()
    return "" if asked is None or asked.state == Challenge.State.CONFIRMED else asked.shown


def download_case(case: Request) -> str:
    """Return the name under which a device confirms a download, apart from the identity."""
    return f"{case.reference}/download"


def challenge_for_download(case: Request, *, actor: Actor, at: datetime) -> Challenge:
    """Ask the device for a fresh confirmation before a download. Raises NotConfirmed where there is no device."""
    if not case.is_verified or case.matched_record_id is None:
        raise NotConfirmed(gettext("You have no device to confirm with. Ask us for a pick-up code."))
    return devices.issue_challenge(device_id=case.matched_record_id, case=download_case(case), actor=actor, at=at)


def confirmed_for_download(case: Request, *, at: datetime) -> bool:
    """Whether the device confirmed a download in the last half hour."""
    device = case.matched_record_id
    confirmed = Challenge.objects.filter(
        case=download_case(case), state=Challenge.State.CONFIRMED, answered_at__gt=at - LIFETIME
    )
    return device is not None and confirmed.filter(device_id=device).exists()


def letter_pdf(letter: Letter, *, language: str, actor: Actor, at: datetime) -> bytes:
    """Return an answer of the case as a PDF; its opening is on record."""
    answer = opened_letters.open_letter(letter, task="rights.letter.shown", actor=actor, at=at)
    return letters.render_pdf(
        letter, language=language, at=at, to=answer.name, explanations=answer.explanations, actor=actor
    )


def _messages(case: Request, *, at: datetime) -> list[dict[str, Any]]:
    """What both sides wrote, and which attached documents can't be used."""
    opened = read_messages(case, task="rights.case.shown", actor=Requester(case.reference), at=at)
    return [{"opened": one, "refused": _refused(files_of(one.message))} for one in opened]


def _refused(sent: EncryptedFileQuerySet) -> list[str]:
    """Return why documents that were sent can't be used."""
    return [vault.explain_finding(file.finding) for file in sent.quarantined()]


def _timeline_row(step: Step) -> dict[str, Any]:
    word = Event(step.word)
    kind = "bad" if word in ADVERSE_EVENTS else "cold" if word in {Event.FROZEN, Event.SUSPENDED} else ""
    # Carried out where nothing is held, a right changed nothing.
    said = _("We hold no records about you.") if step.facts.get("nothing_held") else STEP_LABELS[word]
    return {"what": said, "at": step.at, "position": step.position, "kind": kind}


def _explanations(case: Request, places: list[UUID], *, at: datetime) -> dict[UUID | None, str]:
    """Open the deciders' words for the requester, where there are any, by their place."""
    written = list(Particulars.objects.filter(about=Particulars.About.ANSWER, about_id__in=places))
    if not written:
        return {}
    try:
        with vault.opened(
            purpose=Purpose.RIGHTS, task="rights.case.shown", actor=Requester(case.reference), at=at,
            reason=f"request {case.number}",
        ) as vault_session:  # fmt: skip
            return {one.about_id: text for one, text in vault_session.decrypt_many(written, "explanation")}
    except vault.Destroyed:
        # Their term is over; the decision itself stands without the words that explained it.
        return {}
