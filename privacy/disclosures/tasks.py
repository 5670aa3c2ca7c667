"""What runs later: delivering notices. Called by the worker, safe to run twice."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from privacy.disclosures import actions as disclosures
from privacy.disclosures import notice_texts, proof_texts, webhooks
from privacy.disclosures.models import CorrectionProof, Notice, ThirdParty
from privacy.disclosures.outgoing import AGAIN, DELIVERY, FOLLOW_UP, REMINDER, way_of
from privacy.jobs import outbox
from privacy.ledger.actors import SystemActor
from privacy.lib.dates import clock
from privacy.lib.integrations import mail
from privacy.vault.refusals import Frozen

WORKER = SystemActor("notices")
FROZEN_WAIT_SECONDS = 6 * 3600


def discard_orphaned_scans() -> int:
    """Remove documents that were sealed and never attached. Rings every hour."""
    return disclosures.discard_orphaned_scans(actor=SystemActor("disclosures"), at=clock.now())


def park_notice(ids: Mapping[str, str], *, why: str, at: datetime) -> None:
    """Show the officer a notice that three days of trying did not deliver."""
    notice = Notice.objects.get(id=ids["notice"])
    disclosures.mark_parked(notice, why=notice.trouble or why, actor=WORKER, at=at)


@outbox.deliverer(DELIVERY, destination=outbox.MAIL, parked=park_notice)
def deliver_notice(ids: Mapping[str, str], *, event: UUID, starts: int, at: datetime) -> None:
    """Deliver one notice by e-mail or webhook, with the same Message-ID or Idempotency-Key at every try.

    What fails is tried again with growing back-off for three days, and parked for the officer then.
    """
    notice = Notice.objects.select_related("third_party").get(id=ids["notice"])
    if notice.state in {Notice.State.SENT, Notice.State.ACKNOWLEDGED}:
        return
    if notice.channel == ThirdParty.Channel.LETTER:
        return
    try:
        if notice.kind == Notice.Kind.CORRECTED:
            disclosures.set_day(notice, at=at)
        _send(notice, at=at)
    except Frozen as frozen:
        # A new correction is open for the same item: telling it now would provide frozen data (P1.5).
        disclosures.record_delivery_error(notice, why=frozen.code)
        raise outbox.RetryLater(FROZEN_WAIT_SECONDS, frozen.code) from frozen
    except Exception as error:
        why = str(error) if isinstance(error, webhooks.WebhookFailed) else type(error).__name__
        disclosures.record_delivery_error(notice, why=why)
        raise
    disclosures.mark_sent(notice, actor=WORKER, at=at)


def park_follow_up(ids: Mapping[str, str], *, why: str, at: datetime) -> None:
    """Show the officer a recipient whom three days of trying did not reach."""
    disclosures.follow_up_failed(Notice.objects.get(id=ids["notice"]), actor=WORKER, at=at)


@outbox.deliverer(FOLLOW_UP, destination=outbox.MAIL, parked=park_follow_up)
def deliver_follow_up(ids: Mapping[str, str], *, event: UUID, starts: int, at: datetime) -> None:
    """Remind a recipient of its proof, or ask it again, where that is still due; the same message at every try."""
    notice = Notice.objects.select_related("third_party").get(id=ids["notice"])
    proof = disclosures.follow_up_of(notice, ids)
    if proof is None or way_of(notice) == ThirdParty.Channel.LETTER:
        return
    if notice.state not in {Notice.State.SENT, Notice.State.ACKNOWLEDGED}:
        return
    if ids["why"] == REMINDER and (wait := disclosures.reminder_at(proof) - at).total_seconds() > 0:
        raise outbox.RetryLater(wait.total_seconds(), "not-due-yet")
    if ids["why"] == AGAIN:
        disclosures.set_day(notice, at=at)
        proof.refresh_from_db(fields=["due_on"])
    try:
        _send_follow_up(notice, proof, ids["why"], at=at)
    except Frozen as frozen:
        raise outbox.RetryLater(FROZEN_WAIT_SECONDS, frozen.code) from frozen
    disclosures.mark_followed_up(proof, why=ids["why"], actor=WORKER, at=at)


def escalate_overdue() -> int:
    """Give the office the recipients that have proven nothing in time. Rings every morning."""
    return disclosures.escalate_overdue(actor=WORKER, at=clock.now())


def _send_follow_up(notice: Notice, proof: CorrectionProof, why: str, *, at: datetime) -> None:
    disclosures.refresh_link(notice)
    if way_of(notice) == ThirdParty.Channel.WEBHOOK:
        values = disclosures.read_corrected(notice, actor=WORKER, at=at)
        key = proof_texts.follow_up_key(proof, why)
        webhooks.post(notice, notice_texts.webhook_body(notice, values), at=at, key=key)
        return
    mail.send(
        to=notice.third_party.mailbox,
        subject=proof_texts.follow_up_subject(proof, why),
        template="correction_proof",
        context={**notice_texts.mail_context(notice), "what": proof_texts.follow_up_text(proof, why)},
        language=notice.third_party.language,
        message_id=proof_texts.follow_up_message_id(proof, why),
    )


def _send(notice: Notice, *, at: datetime) -> None:
    disclosures.refresh_link(notice)
    if notice.channel == ThirdParty.Channel.WEBHOOK:
        values = disclosures.read_corrected(notice, actor=WORKER, at=at) if notice.kind == Notice.Kind.CORRECTED else []
        webhooks.post(notice, notice_texts.webhook_body(notice, values), at=at)
        return
    mail.send(
        to=notice.third_party.mailbox,
        subject=notice_texts.mail_subject(notice),
        template="correction_notice",
        context=notice_texts.mail_context(notice),
        language=notice.third_party.language,
        message_id=notice.message_id,
    )
