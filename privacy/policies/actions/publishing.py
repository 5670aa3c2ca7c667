"""From draft to publication: submitted, judged by a second person, published ahead, superseded (P0.2, P0.3)."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor, require
from privacy.lib import clock
from privacy.lib.refusals import Refusal
from privacy.policies import completeness, difference, document, drift, seals
from privacy.policies.actions import notices
from privacy.policies.actions.drafting import EDIT, NotADraft
from privacy.policies.events import Event
from privacy.policies.models import Notice, PolicyVersion, Review

REVIEW = "policies.review_version"
PUBLISH = "policies.publish_version"


class Incomplete(Refusal):
    """The version lacks something the law wants; ``problems`` lists it."""

    code = "incomplete"

    def __init__(self, problems: list[completeness.Problem]) -> None:
        self.problems = problems
        first = ngettext(
            "The version is not complete, %(count)d thing is missing:",
            "The version is not complete, %(count)d things are missing:",
            len(problems),
        ) % {"count": len(problems)}
        super().__init__(" ".join([first, *(problem.message for problem in problems)]))


class NotUnderReview(Refusal):
    code = "not-under-review"


class NotReviewed(Refusal):
    code = "not-reviewed"


class OwnWork(Refusal):
    code = "own-work"


class NoteMissing(Refusal):
    code = "note-missing"


def submit(version: PolicyVersion, *, actor: Actor, at: datetime) -> PolicyVersion:
    """Hand a complete draft to a second person. Raises ``NotPermitted``, ``NotADraft`` and ``Incomplete``."""
    require(actor, EDIT, about=version)
    with transaction.atomic():
        held = PolicyVersion.objects.select_for_update().get(pk=version.pk)
        if held.state != PolicyVersion.State.DRAFT:
            raise NotADraft(_("Version %(version)s is not a draft.") % {"version": held.number})
        _must_be_complete(held, clock.kst_date(at))
        held.state = PolicyVersion.State.REVIEW
        held.submitted_at, held.submitted_by = at, actor.ref
        held.save(update_fields=["state", "submitted_at", "submitted_by"])
        ledger.record(Event.SUBMITTED, actor=actor, at=at, about=held)
    return held


def approve(version: PolicyVersion, *, note: str = "", actor: Actor, at: datetime) -> Review:
    """Approve exactly the content that is there now. The reviewer is not the one who submitted it.

    Raises ``NotPermitted``, ``NotUnderReview`` and ``OwnWork``.
    """
    require(actor, REVIEW, about=version)
    with transaction.atomic():
        held = _under_review(version)
        if actor.ref == held.submitted_by:
            raise OwnWork(_("You submitted this version yourself: another person has to review it."))
        review = _judge(held, Review.Verdict.APPROVED, note, actor, at)
        ledger.record(Event.APPROVED, actor=actor, at=at, about=held, facts={"digest": review.digest})
    return review


def return_to_draft(version: PolicyVersion, *, note: str, actor: Actor, at: datetime) -> Review:
    """Give a version back to be changed, with what should change.

    Raises ``NotPermitted``, ``NotUnderReview`` and ``NoteMissing``.
    """
    require(actor, REVIEW, about=version)
    if not note.strip():
        raise NoteMissing(_("Say what has to change."))
    with transaction.atomic():
        held = _under_review(version)
        review = _judge(held, Review.Verdict.RETURNED, note, actor, at)
        held.state = PolicyVersion.State.DRAFT
        held.save(update_fields=["state"])
        ledger.record(Event.RETURNED, actor=actor, at=at, about=held)
    return review


def publish(version: PolicyVersion, *, effective_on: date | None = None, actor: Actor, at: datetime) -> PolicyVersion:
    """Publish a reviewed version: its text is sealed for ever and the revision is announced ahead of its day.

    Without ``effective_on`` the date named in the draft counts. Raises ``NotPermitted``, ``NotUnderReview``,
    ``NotReviewed`` when nobody approved this very content, and ``Incomplete``.
    """
    require(actor, PUBLISH, about=version)
    with transaction.atomic():
        held = _under_review(version)
        today = clock.kst_date(at)
        held.effective_on = effective_on or held.effective_on
        _must_be_complete(held, today)
        assert held.effective_on is not None  # an incomplete version has none
        held.number = held.effective_on.isoformat()
        composed = document.compose(held, today)
        _must_be_approved(held, document.content_digest(composed))
        held.document = composed
        held.seal = document.seal(composed)
        held.state = PolicyVersion.State.PUBLISHED
        held.published_at, held.published_by = at, actor.ref
        held.save(update_fields=["effective_on", "number", "document", "seal", "state", "published_at", "published_by"])
        facts = {"number": held.number, "effective_on": held.number, "seal": held.seal, "adverse": held.adverse}
        ledger.record(Event.PUBLISHED, actor=actor, at=at, about=held, facts=facts)
        _announce(held, actor=actor, at=at)
    return held


def adopt(*, actor: Actor, at: datetime) -> int:
    """Put the seals of versions that came with the installation on record; return how many. Safe to repeat."""
    adopted = 0
    with transaction.atomic():
        for version in PolicyVersion.objects.select_for_update().public():
            if seals.recorded_seal(version) is None:
                facts = {"number": version.number, "seal": version.seal}
                ledger.record(Event.ADOPTED, actor=actor, at=at, about=version, facts=facts)
                adopted += 1
    return adopted


def report_drift(found: Sequence[drift.Drift], *, actor: Actor, at: datetime) -> None:
    """Put on record where a published text no longer says what the portal does (V-08)."""
    facts = {"codes": sorted({one.code for one in found}), "altered": any(not one.is_due for one in found)}
    ledger.record(Event.DRIFT_FOUND, actor=actor, at=at, facts=facts)


def take_effect(*, actor: Actor, at: datetime) -> int:
    """Mark versions as superseded once a later one is in force; return how many. Safe to repeat."""
    with transaction.atomic():
        current = PolicyVersion.objects.in_force(clock.kst_date(at))
        if current is None:
            return 0
        earlier = list(
            PolicyVersion.objects.select_for_update().filter(
                state=PolicyVersion.State.PUBLISHED, effective_on__lt=current.effective_on
            )
        )
        for version in earlier:
            version.state = PolicyVersion.State.SUPERSEDED
            version.save(update_fields=["state"])
            ledger.record(Event.SUPERSEDED, actor=actor, at=at, about=version, facts={"by": current.number})
    return len(earlier)


def _under_review(version: PolicyVersion) -> PolicyVersion:
    held = PolicyVersion.objects.select_for_update().get(pk=version.pk)
    if held.state != PolicyVersion.State.REVIEW:
        raise NotUnderReview(
            _("Version %(version)s is not under review: %(state)s.")
            % {"version": held.number, "state": held.get_state_display()}
        )
    return held


def _judge(held: PolicyVersion, verdict: Review.Verdict, note: str, actor: Actor, at: datetime) -> Review:
    digest = document.content_digest(document.compose(held, clock.kst_date(at)))
    return Review.objects.create(
        version=held, verdict=verdict, note=note, digest=digest, reviewed_at=at, reviewed_by=actor.ref
    )


def _must_be_complete(held: PolicyVersion, on: date) -> None:
    missing = [problem for problem in completeness.problems(held, on) if not problem.is_warning]
    if missing:
        raise Incomplete(missing)


def _must_be_approved(held: PolicyVersion, digest: str) -> None:
    latest = held.reviews.order_by("-reviewed_at").first()
    if latest is None or latest.verdict != Review.Verdict.APPROVED:
        raise NotReviewed(_("Another person has to approve the version before it is published."))
    if latest.digest != digest:
        raise NotReviewed(_("What was approved is no longer what would be published: let it be reviewed again."))


def _announce(held: PolicyVersion, *, actor: Actor, at: datetime) -> None:
    texts: dict[str, str] = {}
    for language in ("ko", "en"):
        with override(language):
            texts[f"title_{language}"] = _("The privacy policy changes on %(day)s") % {"day": held.number}
            texts[f"body_{language}"] = "\n\n".join(_body(held, language))
    assert held.effective_on is not None
    notices.write(
        kind=Notice.Kind.REVISION,
        version=held,
        posted_on=clock.kst_date(at),
        # Kept on the board for as long ahead as after its day.
        posted_until=held.effective_on + timedelta(365),
        actor=actor,
        at=at,
        **texts,
    )


def _body(held: PolicyVersion, language: str) -> list[str]:
    parts = [held.reason_en if language == "en" else held.reason_ko]
    base = held.based_on
    if base is not None and base.document is not None and held.document is not None:
        changes = difference.rules(base.document, held.document, language)
        if changes:
            parts.append(_("What changes in the handling of personal information:"))
            parts.append("\n".join(f"- {change.sentence}" for change in changes))
        else:
            parts.append(_("What is collected, why, and how long it is kept stays the same."))
    return parts
