"""From draft to publication: submitted, judged by a second person, published ahead, superseded (P0.2, P0.3)."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from privacy.accounts.second_person import require_second_person
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.lib.crypto import canonical_json
from privacy.lib.dates import clock
from privacy.lib.errors.refusals import Refusal
from privacy.policies import (
    advance_notice,
    assessed_changes,
    completeness,
    drift,
    integrity,
    policy_document,
    rulebook,
    shipped_text,
    text_changes,
)
from privacy.policies.actions import notices
from privacy.policies.actions.drafts import EDIT, NotADraft
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
            "The version is incomplete. %(count)d thing is missing:",
            "The version is incomplete. %(count)d things are missing:",
            len(problems),
        ) % {"count": len(problems)}
        super().__init__(" ".join([first, *(problem.message for problem in problems)]))


class NotUnderReview(Refusal):
    code = "not-under-review"


class NotReviewed(Refusal):
    code = "not-reviewed"


class OwnDraft(Refusal):
    code = "own-work"


class ReviewNoteMissing(Refusal):
    code = "note-missing"


class NotAssessed(Refusal):
    """The version brings what nobody has assessed, and nobody said why it needs no assessment."""

    code = "not-assessed"


class OwnReason(Refusal):
    """On the word of whoever approves, and nobody else's, a change goes on without an assessment."""

    code = "own-reason"


class ChangedSinceRead(Refusal):
    """The version is no longer what the reviewer read: what is approved is what somebody read."""

    code = "changed-text"


def submit(version: PolicyVersion, *, actor: Actor, at: datetime) -> PolicyVersion:
    """Hand a complete draft to a second person. Raises ``NotPermitted``, ``NotADraft`` and ``Incomplete``."""
    require_permission(actor, EDIT, about=version)
    with transaction.atomic():
        held = PolicyVersion.objects.select_for_update().get(pk=version.pk)
        if held.state != PolicyVersion.State.DRAFT:
            raise NotADraft(_("Version %(version)s is not a draft.") % {"version": held.number})
        _must_be_complete(held, clock.kst_date(at))
        held.adverse = advance_notice.is_adverse(held, clock.kst_date(at))
        held.state = PolicyVersion.State.REVIEW
        held.submitted_at, held.submitted_by = at, actor.ref
        held.save(update_fields=["adverse", "state", "submitted_at", "submitted_by"])
        ledger.record(Event.SUBMITTED, actor=actor, at=at, about=held)
    return held


def approve(version: PolicyVersion, *, note: str = "", read: str = "", actor: Actor, at: datetime) -> Review:
    """Approve exactly the content that is there now. The reviewer is not the one who submitted it.

    ``read`` is the digest of what the reviewer read (``digest_under_review``). Raises ``NotPermitted``,
    ``NotUnderReview``, ``OwnDraft``, ``NotAssessed``, ``OwnReason`` and ``ChangedSinceRead``.
    """
    require_permission(actor, REVIEW, about=version)
    with transaction.atomic():
        held = _under_review(version)
        own = OwnDraft(_("You submitted this version: someone else must review it."))
        reviewer = require_second_person(actor, asked_by=held.submitted_by, about=held, same=own, at=at)
        if missing := assessed_changes.unassessed(held, clock.kst_date(at)):
            said = "; ".join(change.sentence for change in missing)
            raise NotAssessed(
                _("Assess these changes first, or state why they need no assessment (on the preview): %(changes)s")
                % {"changes": said}
            )
        reviewer = _after_reasons(held, reviewer, actor, at)
        if read and read != digest_under_review(held, clock.kst_date(at)):
            raise ChangedSinceRead(_("The version has changed since you opened this page. Read it again."))
        review = _create_review(held, Review.Verdict.APPROVED, note, reviewer, at)
        ledger.record(Event.APPROVED, actor=actor, at=at, about=held, facts={"digest": review.digest})
    return review


def return_to_draft(version: PolicyVersion, *, note: str, actor: Actor, at: datetime) -> Review:
    """Give a version back to be changed, with what should change.

    Raises ``NotPermitted``, ``NotUnderReview`` and ``ReviewNoteMissing``.
    """
    require_permission(actor, REVIEW, about=version)
    if not note.strip():
        raise ReviewNoteMissing(_("State what must change."))
    with transaction.atomic():
        held = _under_review(version)
        review = _create_review(held, Review.Verdict.RETURNED, note, actor.ref, at)
        held.state = PolicyVersion.State.DRAFT
        held.save(update_fields=["state"])
        ledger.record(Event.RETURNED, actor=actor, at=at, about=held)
    return review


def publish(version: PolicyVersion, *, effective_on: date | None = None, actor: Actor, at: datetime) -> PolicyVersion:
    """Publish a reviewed version: its text is sealed for ever and the revision is announced ahead of its day.

    Without ``effective_on`` the date named in the draft counts. Raises ``NotPermitted``, ``NotUnderReview``,
    ``NotReviewed`` when nobody approved this very content, and ``Incomplete``.
    """
    require_permission(actor, PUBLISH, about=version)
    with transaction.atomic():
        # Whoever publishes waits here for another publication, and then sees it (a later day, another base).
        list(PolicyVersion.objects.public().select_for_update().order_by("pk"))
        held = _under_review(version)
        today = clock.kst_date(at)
        held.effective_on = effective_on or held.effective_on
        _must_be_complete(held, today)
        assert held.effective_on is not None  # an incomplete version has none
        held.number = held.effective_on.isoformat()
        composed = policy_document.compose(held, today)
        _must_be_approved(held, review_digest(held, composed, assessed_changes.settled(held, today)))
        held.adverse = advance_notice.is_adverse(held, today)
        held.document = composed
        held.seal = policy_document.document_digest(composed)
        held.state = PolicyVersion.State.PUBLISHED
        held.published_at, held.published_by = at, actor.ref
        fields = ["effective_on", "number", "adverse", "document", "seal", "state", "published_at", "published_by"]
        held.save(update_fields=fields)
        facts = {"number": held.number, "effective_on": held.number, "seal": held.seal, "adverse": held.adverse}
        ledger.record(Event.PUBLISHED, actor=actor, at=at, about=held, facts=facts)
        _announce(held, actor=actor, at=at)
    return held


def record_shipped_seals(*, actor: Actor, at: datetime) -> int:
    """Put the seals of versions that came with the installation on record; return how many. Safe to repeat."""
    adopted = 0
    with transaction.atomic():
        for version in PolicyVersion.objects.select_for_update().public():
            if shipped_text.came_with_installation(version) and integrity.recorded_seal(version) is None:
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


def _create_review(held: PolicyVersion, verdict: Review.Verdict, note: str, reviewer: str, at: datetime) -> Review:
    digest = digest_under_review(held, clock.kst_date(at))
    return Review.objects.create(
        version=held, verdict=verdict, note=note, digest=digest, reviewed_at=at, reviewed_by=reviewer
    )


def digest_under_review(version: PolicyVersion, on: date) -> str:
    """Return the digest of a version as a reviewer finds it on a day."""
    return review_digest(version, policy_document.compose(version, on), assessed_changes.settled(version, on))


def review_digest(version: PolicyVersion, composed: policy_document.Document, settled: Sequence[Any] = ()) -> str:
    """Return the digest of all that a reviewer judges: the text, its reason, and rules that no reader of it sees.

    So too the assessments on which its changes rest, and the reasons why some have none (``settled``).
    """
    book = rulebook.read(version)
    return canonical_json.digest(
        {
            "content": policy_document.content_digest(composed),
            "reason": {"ko": version.reason_ko, "en": version.reason_en},
            "adverse": version.adverse,
            "rules": {
                code: {
                    "approval": term.retention is None or term.retention.approval_required,
                    "wait": term.retention.wait_hours if term.retention else 0,
                    "identifiers": sorted(item.code for item in term.items.values() if item.identifier),
                    "purposes": sorted(term.purposes),
                }
                for code, term in book.categories.items()
            },
            **({"assessments": list(settled)} if settled else {}),
        }
    )


def _after_reasons(held: PolicyVersion, reviewer: str, actor: Actor, at: datetime) -> str:
    """Return under which name the actor approves what goes on for others' reasons. Raises OwnReason."""
    own = OwnReason(
        _(
            "You stated why a change of this version needs no assessment, so another person must approve the version "
            "or state the reason."
        )
    )
    names = [
        require_second_person(actor, asked_by=one, about=held, same=own, at=at)
        for one in assessed_changes.stated_by(held, clock.kst_date(at))
    ]
    return next((name for name in names if name != actor.ref), reviewer)


def _must_be_complete(held: PolicyVersion, on: date) -> None:
    missing = [problem for problem in completeness.problems(held, on) if not problem.is_warning]
    if missing:
        raise Incomplete(missing)


def _must_be_approved(held: PolicyVersion, digest: str) -> None:
    latest = held.reviews.order_by("-reviewed_at").first()
    if latest is None or latest.verdict != Review.Verdict.APPROVED:
        raise NotReviewed(_("Another person must approve the version before it is published."))
    if latest.digest != digest:
        raise NotReviewed(_("The version has changed since it was approved. Have it reviewed again."))


def _announce(held: PolicyVersion, *, actor: Actor, at: datetime) -> None:
    texts: dict[str, str] = {}
    for language in ("ko", "en"):
        with override(language):
            texts[f"title_{language}"] = _("The privacy policy changes on %(day)s") % {"day": held.number}
            texts[f"body_{language}"] = "\n\n".join(_body(held, language))
    assert held.effective_on is not None
    notices.create_notice(
        kind=Notice.Kind.REVISION,
        version=held,
        posted_on=clock.kst_date(at),
        # It stays on the board for a year after its day.
        posted_until=held.effective_on + timedelta(365),
        actor=actor,
        at=at,
        **texts,
    )


def _body(held: PolicyVersion, language: str) -> list[str]:
    parts = [held.reason_en if language == "en" else held.reason_ko]
    base = held.based_on
    if base is not None and base.document is not None and held.document is not None:
        changes = text_changes.compare_rules(base.document, held.document, language)
        if changes:
            parts.append(_("What changes in the handling of personal information:"))
            parts.append("\n".join(f"- {change.sentence}" for change in changes))
        else:
            parts.append(_("What we collect, why, and how long we keep it stay the same."))
    return parts
