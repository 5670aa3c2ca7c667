"""What the worker does for campaigns: list people in slices, send each message once. Safe to run twice.

A text message is handed over once; then the provider is asked until it is known what became of it (decision 0398).
"""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from privacy.campaigns import actions as campaigns
from privacy.campaigns import group_sending, recipients
from privacy.campaigns.models import ADDRESS_DISPUTED, NO_REPORT, TEXT_ALTERED, Delivery
from privacy.campaigns.sending import (
    ASK_LAST,
    DISPUTED_SECONDS,
    SHOWN_WITHIN,
    WAY_OF,
    WORKER,
    TextAltered,
    is_open,
    longest,
    mail_to_send,
    not_its_turn,
    not_reported_yet,
    not_shown_yet,
    reason,
    text_keys,
    words,
)
from privacy.jobs import outbox
from privacy.jobs.retry_policy import RetryPolicy
from privacy.lib.dates import clock
from privacy.lib.integrations import mail, text_messages
from privacy.lib.integrations.text_messages import DeliveryReport, Provider, State
from privacy.subjects import contacts
from privacy.subjects.models import Contact
from privacy.vault.refusals import Destroyed

LIST_SECONDS = 3.0


@outbox.deliverer(campaigns.LIST)
def list_people(ids: Mapping[str, str], *, event: UUID, starts: int, at: datetime) -> None:
    """List the next slice of a campaign to everybody, once few wait for their message."""
    if not campaigns.may_list_more(UUID(ids["campaign"]), at=at):
        raise outbox.RetryLater(LIST_SECONDS, "enough people wait for their message")
    campaigns.list_next_slice(UUID(ids["campaign"]), after=ids["after"], actor=WORKER, at=at)


@outbox.deliverer(campaigns.STOP)
def end_stopped(ids: Mapping[str, str], *, event: UUID, starts: int, at: datetime) -> None:
    """Close what a stopped campaign left."""
    campaigns.end_stopped(UUID(ids["campaign"]), actor=WORKER, at=at)


def park_delivery(ids: Mapping[str, str], *, why: str, at: datetime) -> None:
    """Show the office a mail that three days of trying did not deliver."""
    delivery = Delivery.objects.get(pk=ids["delivery"])
    campaigns.mark_parked(delivery, failed=campaigns.MAIL, why=delivery.trouble or why, actor=WORKER, at=at)


@outbox.deliverer(
    campaigns.MAIL, destination=outbox.MAIL, parked=park_delivery,
    together=group_sending.deliver_mails,
)  # fmt: skip
def deliver_mail(ids: Mapping[str, str], *, event: UUID, starts: int, at: datetime) -> None:
    """Tell one person by e-mail, in her language, with the same Message-ID at every try."""
    delivery = Delivery.objects.select_related("campaign").get(pk=ids["delivery"])
    if delivery.state not in Delivery.UNSENT:
        return
    _wait_for_turn(delivery, at=at)
    if not delivery.campaign.is_intact:
        campaigns.record_delivery_error(delivery, why=TEXT_ALTERED)
        raise TextAltered(delivery.campaign.reference)
    if contacts.disputed([delivery.subject_id], Contact.Kind.EMAIL, at=at):
        campaigns.record_delivery_error(delivery, why=ADDRESS_DISPUTED)
        raise outbox.RetryLater(DISPUTED_SECONDS, "the address is disputed")
    address = _address(delivery, at=at)
    if address is None:
        campaigns.mark_without_address(delivery, failed=campaigns.MAIL, actor=WORKER, at=at)
        return
    try:
        letter = mail_to_send(delivery.campaign, delivery.language, at=at)
        mail.send(to=address, message_id=campaigns.message_key(delivery), **letter)
    except Exception as error:
        campaigns.record_delivery_error(delivery, why=type(error).__name__)
        raise
    campaigns.mark_sent(delivery, actor=WORKER, at=at)


def park_text(ids: Mapping[str, str], *, why: str, at: datetime) -> None:
    """Take another way, or show the office, where three days of trying gave nothing."""
    delivery = Delivery.objects.get(pk=ids["delivery"])
    campaigns.mark_parked(delivery, failed=campaigns.TEXT, why=delivery.trouble or why, actor=WORKER, at=at)


@outbox.deliverer(
    campaigns.TEXT, destination=outbox.TEXT_MESSAGES, parked=park_text,
    together=group_sending.deliver_texts,
)  # fmt: skip
def deliver_text(ids: Mapping[str, str], *, event: UUID, starts: int, at: datetime) -> None:
    """Tell one person by text message, in her language; it counts once the provider reports that it arrived."""
    _deliver_to_number(campaigns.TEXT, ids, at=at)


def park_kakao(ids: Mapping[str, str], *, why: str, at: datetime) -> None:
    """Take another way, a text message first, or show the office, where three days of trying gave nothing."""
    delivery = Delivery.objects.get(pk=ids["delivery"])
    campaigns.mark_undelivered(
        delivery, why=delivery.trouble or why, failed=campaigns.KAKAO, actor=WORKER, at=at
    )  # fmt: skip


@outbox.deliverer(
    campaigns.KAKAO, destination=outbox.TEXT_MESSAGES, parked=park_kakao, patience=RetryPolicy(longest=3_600, hours=6),
    together=group_sending.deliver_kakao,
)  # fmt: skip
def deliver_kakao(ids: Mapping[str, str], *, event: UUID, starts: int, at: datetime) -> None:
    """Tell one person by KakaoTalk, in her language; what does not arrive so goes as a text message."""
    _deliver_to_number(campaigns.KAKAO, ids, at=at)


def _deliver_to_number(kind: str, ids: Mapping[str, str], *, at: datetime) -> None:
    delivery = Delivery.objects.select_related("campaign").get(pk=ids["delivery"])
    if not is_open(kind, delivery):
        return
    provider = text_messages.provider()
    if provider is None and not delivery.is_under_way:
        campaigns.mark_without_address(delivery, failed=kind, actor=WORKER, at=at)
        return
    try:
        if provider is None:
            raise text_messages.ProviderUnavailable("no provider is set")
        messages = delivery.message_id.split() or _hand_over(kind, provider, delivery, at=at)
        if not messages:
            campaigns.mark_without_address(delivery, failed=kind, actor=WORKER, at=at)
            return
        reports = [provider.report(message) for message in messages]
    except text_messages.NotAccepted as refused:
        campaigns.mark_undelivered(delivery, why=str(refused), failed=kind, actor=WORKER, at=at)
        return
    except text_messages.ProviderUnavailable as error:
        campaigns.record_delivery_error(delivery, why=f"{type(error).__name__} {error}")
        raise
    _settle(kind, delivery, reports, at=at)


def park_message(ids: Mapping[str, str], *, why: str, at: datetime) -> None:
    """Take another way, or show the office, where three days of trying gave nothing."""
    delivery = Delivery.objects.get(pk=ids["delivery"])
    campaigns.mark_parked(delivery, failed=campaigns.DEVICE, why=delivery.trouble or why, actor=WORKER, at=at)


@outbox.deliverer(
    campaigns.DEVICE, parked=park_message,
    together=group_sending.lay_out_for_devices,
)  # fmt: skip
def lay_out_for_device(ids: Mapping[str, str], *, event: UUID, starts: int, at: datetime) -> None:
    """Let the gateway of a person's device fetch the message; what is not shown in time goes another way."""
    delivery = Delivery.objects.select_related("campaign").get(pk=ids["delivery"])
    if delivery.state != Delivery.State.WAITING or (delivery.on_device_at and delivery.way != Delivery.Way.DEVICE):
        return
    if delivery.on_device_at is None:
        _wait_for_turn(delivery, at=at)
        if not delivery.campaign.is_intact:
            campaigns.record_delivery_error(delivery, why=TEXT_ALTERED)
            raise TextAltered(delivery.campaign.reference)
        if not recipients.on_device([delivery.subject_id], at=at):
            campaigns.mark_without_address(delivery, failed=campaigns.DEVICE, actor=WORKER, at=at)
            return
        campaigns.place_on_devices(delivery.campaign, [delivery.pk], at=at)
        raise not_shown_yet(SHOWN_WITHIN.total_seconds())
    if at < (until := delivery.on_device_at + SHOWN_WITHIN):
        raise not_shown_yet((until - at).total_seconds())
    campaigns.mark_not_shown(delivery, actor=WORKER, at=at)


@outbox.deliverer(campaigns.SHOWN, together=group_sending.note_shown)
def note_shown(ids: Mapping[str, str], *, event: UUID, starts: int, at: datetime) -> None:
    """Note what a gateway said of a message: the device showed it. It counts after a text message under way."""
    shown_at = datetime.fromisoformat(ids["shown_at"])
    if not campaigns.mark_shown(UUID(ids["delivery"]), shown_at=shown_at, actor=WORKER, at=at):
        raise outbox.RetryLater(ASK_LAST, "a text message is under way")


def end_undeliverable() -> int:
    """End the deliveries that tell nobody any more; return how many.

    The data of the person was destroyed before, or the day has come that the notice announces.
    """
    at = clock.now()
    return campaigns.end_late(actor=WORKER, at=at) + campaigns.end_undeliverable(actor=WORKER, at=at)


def _address(delivery: Delivery, *, at: datetime) -> str | None:
    """Open the address; nothing where there is none, or where its term is over."""
    try:
        return recipients.address(delivery.subject_id, actor=WORKER, at=at, reason=reason(delivery.campaign))
    except Destroyed:
        return None


def _wait_for_turn(delivery: Delivery, *, count: int = 1, is_text: bool = False, at: datetime) -> None:
    """Raise RetryLater while the campaign is paused, or where enough messages of it went out in this minute."""
    if seconds := campaigns.take_turn(delivery, count=count, is_text=is_text, at=at):
        raise not_its_turn(seconds)


def _settle(kind: str, delivery: Delivery, reports: list[DeliveryReport], *, at: datetime) -> None:
    failed = next((report for report in reports if report.state == State.FAILED), None)
    since = at - (Delivery.objects.values_list("handed_at", flat=True).get(pk=delivery.pk) or at)
    if failed is not None:
        campaigns.mark_undelivered(delivery, why=failed.reason or State.FAILED, failed=kind, actor=WORKER, at=at)
    elif all(report.state == State.DELIVERED for report in reports):
        arrived = max(report.delivered_at or at for report in reports)
        campaigns.mark_texted(delivery, on_the_phone_at=arrived, way=WAY_OF[kind], actor=WORKER, at=at)
    elif since >= longest(kind):
        campaigns.mark_undelivered(delivery, why=NO_REPORT, failed=kind, actor=WORKER, at=at)
    else:
        raise not_reported_yet(since)


def _hand_over(kind: str, provider: Provider, delivery: Delivery, *, at: datetime) -> list[str]:
    """Hand over all parts of the message and keep their numbers; none where no text message reaches the person."""
    campaign = delivery.campaign
    if not campaign.is_intact:
        campaigns.record_delivery_error(delivery, why=TEXT_ALTERED)
        raise TextAltered(campaign.reference)
    if contacts.disputed([delivery.subject_id], Contact.Kind.PHONE, at=at):
        campaigns.record_delivery_error(delivery, why=ADDRESS_DISPUTED)
        raise outbox.RetryLater(DISPUTED_SECONDS, "the number is disputed")
    parts, by_kakao = words(kind, campaign, delivery.language)
    if not parts:
        return []
    # Before the number is opened: one that has to wait opens nothing.
    _wait_for_turn(delivery, count=len(parts), is_text=True, at=at)
    number = _number(delivery, at=at)
    if number is None:
        return []
    keys = text_keys(kind, delivery, number, len(parts))
    said = zip(keys, parts, strict=True)
    messages = [provider.send(to=number, text=part, key=key, kakao=by_kakao) for key, part in said]
    campaigns.mark_accepted_together(campaign, {delivery.pk: " ".join(messages)}, way=WAY_OF[kind])
    return messages


def _number(delivery: Delivery, *, at: datetime) -> str | None:
    """Open the number; nothing where there is none, or where its term is over."""
    try:
        return recipients.number(delivery.subject_id, actor=WORKER, at=at, reason=reason(delivery.campaign))
    except Destroyed:
        return None
