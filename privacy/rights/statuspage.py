"""What the status page shows of a case: where it stands, what we need, what was decided, what can be fetched."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.crypto import salted_hmac
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from devices import actions as devices
from devices.actions.challenges import LIFETIME
from devices.models import Challenge
from privacy.ledger.actors import Actor
from privacy.lib import clock
from privacy.lib.ids import ALPHABET
from privacy.rights import answers, letters
from privacy.rights.actions import documents
from privacy.rights.events import Event
from privacy.rights.models import Letter, Package, Particulars, Request, Right, Step
from privacy.rights.people import Requester
from privacy.rights.refusals import NotConfirmed
from privacy.vault import actions as vault
from privacy.vault.purposes import Purpose

# The steps a requester sees, in the office's plain words; all others are inner work.
STORY = {
    Event.RECEIVED: _("Your request was received"),
    Event.FROZEN: _("The item is no longer used, until this is decided or the term for proving who you are is over"),
    Event.EVIDENCE_ASKED: _("We asked you for a document"),
    Event.EVIDENCE_RECEIVED: _("You sent a document"),
    Event.CHALLENGED: _("You asked to confirm on the device"),
    Event.VERIFIED: _("Your identity was confirmed"),
    Event.IDENTITY_REJECTED: _("Your identity could not be confirmed"),
    Event.GRANTED: _("Granted"),
    Event.PARTLY_GRANTED: _("Partly granted"),
    Event.REFUSED: _("Refused"),
    Event.POSTPONED: _("Access was put off"),
    Event.POSTPONEMENT_ENDED: _("The reason for putting access off has ended"),
    Event.CORRECTED: _("Corrected"),
    Event.ERASED: _("Deleted"),
    Event.SUSPENDED: _("Processing is suspended"),
    Event.RESUMED: _("Processing was resumed"),
    Event.CONSENT_WITHDRAWN: _("Your withdrawal was recorded"),
    Event.PACKAGE_BUILT: _("Your data was put together"),
    Event.PACKAGE_DOWNLOADED: _("You downloaded your data"),
    Event.CARRIED_OUT: _("Everything that was granted is carried out"),
    Event.ANSWERED: _("We answered you"),
    Event.OBJECTED: _("You objected"),
    Event.OBJECTION_DECIDED: _("Your objection was decided"),
    Event.DEADLINE_MOVED: _("The day of our answer moved, because a public holiday was added or withdrawn"),
    Event.WITHDRAWN: _("You took the request back"),
    Event.CLOSED: _("The case was closed"),
}
BAD = {Event.IDENTITY_REJECTED, Event.REFUSED}


def context(case: Request, *, at: datetime) -> dict[str, Any]:
    """Return what the page shows of a case at a moment."""
    today = clock.kst_date(at)
    rights = list(case.rights.all())
    reviews = dict(case.letters.filter(kind=Letter.Kind.OBJECTION).values_list("about_id", "id"))
    explanations = _explanations(case, [*(right.event_id for right in rights), *reviews.values()], at=at)
    package = Package.objects.filter(right__request=case).order_by("-built_at").first()
    return {
        "case": case,
        "settled": case.state not in Request.UNANSWERED,
        "story": [_told(step) for step in case.steps.filter(word__in=[str(word) for word in STORY])],
        "rights": [
            {
                "right": right,
                "name": letters.right_name(right, on=case.received_on),
                "decision": letters.decision_text(right, on=today).split("\n"),
                "explanation": explanations.get(right.event_id, ""),
                "objections": [
                    (objection, explanations.get(reviews.get(objection.id), ""))
                    for objection in right.objections.order_by("received_at")
                ],
                "can_object": right.decision in {Right.Decision.REFUSED, Right.Decision.PARTLY_GRANTED}
                and not right.objections.filter(outcome="pending").exists(),
            }
            for right in rights
        ],
        "needs_identity": case.state in Request.BEFORE_IDENTITY,
        "document_asked": case.evidence_asked_at is not None,
        "documents_sent": documents(case).count(),
        "shown_code": shown_code(case, at=at),
        "can_withdraw": case.state in {*Request.BEFORE_IDENTITY, Request.State.VERIFIED, Request.State.IN_REVIEW}
        and not any(right.is_decided for right in rights),
        "letters": list(case.letters.order_by("queued_at")),
        "package": package if package is not None and package.can_be_downloaded(at=at) else None,
        "download_confirmed": confirmed_for_download(case, at=at),
        "download_code": shown_code(case, at=at, name=download_case(case)),
    }


def shown_code(case: Request, *, at: datetime, name: str = "") -> str:
    """Return the code to compare with the device's, while it is asked for; a made-up one where no device matches.

    That the device said no is not told here: it would tell that there is a device.
    """
    asked = Challenge.objects.filter(case=name or case.reference, expires_at__gt=at).order_by("-asked_at").first()
    if asked is not None:
        return "" if asked.state == Challenge.State.CONFIRMED else asked.shown
    if name or case.matched_record_id is not None:
        return ""
    step = case.steps.filter(word=Event.CHALLENGED, at__gt=at - LIFETIME).order_by("-at").first()
    return _made_up(case, step) if step is not None and case.state in Request.BEFORE_IDENTITY else ""


def download_case(case: Request) -> str:
    """Return the name under which a device confirms a download, apart from the identity."""
    return f"{case.reference}/download"


def challenge_for_download(case: Request, *, actor: Actor, at: datetime) -> Challenge:
    """Ask the device for a fresh confirmation before a download. Raises NotConfirmed where there is no device."""
    if not case.is_verified or case.matched_record_id is None:
        raise NotConfirmed(gettext("There is no device to confirm with. Ask us for a pick-up code."))
    return devices.challenge(device_id=case.matched_record_id, case=download_case(case), actor=actor, at=at)


def confirmed_for_download(case: Request, *, at: datetime) -> bool:
    """Whether the device confirmed a download in the last half hour."""
    device = case.matched_record_id
    confirmed = Challenge.objects.filter(
        case=download_case(case), state=Challenge.State.CONFIRMED, answered_at__gt=at - LIFETIME
    )
    return device is not None and confirmed.filter(device_id=device).exists()


def letter_pdf(letter: Letter, *, language: str, actor: Actor, at: datetime) -> bytes:
    """Return an answer of the case as a PDF; its opening is on record."""
    answer = answers.open_answer(letter, task="rights.letter.shown", actor=actor, at=at)
    return letters.document(letter, language=language, at=at, to=answer.name, explanations=answer.explanations)


def _told(step: Step) -> dict[str, Any]:
    word = Event(step.word)
    kind = "bad" if word in BAD else "cold" if word in {Event.FROZEN, Event.SUSPENDED} else ""
    return {"what": STORY[word], "at": step.at, "position": step.position, "kind": kind}


def _explanations(case: Request, places: list[UUID], *, at: datetime) -> dict[UUID | None, str]:
    """Open the deciders' words for the requester, where there are any, by their place."""
    written = list(Particulars.objects.filter(about=Particulars.About.ANSWER, about_id__in=places))
    if not written:
        return {}
    with vault.opened(
        purpose=Purpose.RIGHTS, task="rights.case.shown", actor=Requester(case.reference), at=at,
        reason=f"request {case.number}",
    ) as door:  # fmt: skip
        return {one.about_id: text for one, text in door.reveal_many(written, "explanation")}


def _made_up(case: Request, step: Step) -> str:
    digest = salted_hmac("privacy.rights.challenge", f"{case.id}:{step.id}", algorithm="sha256").digest()
    return "".join(ALPHABET[byte % len(ALPHABET)] for byte in digest[:6])
