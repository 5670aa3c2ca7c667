"""Many messages of one campaign at once: addresses opened on one record, one connection, one proof for all (0411).

Whoever isn't as most are (a disputed address, none any more, a number that fails) goes the way of a single message,
which knows all cases. What the mail server took is noted at once, so that a worker that is killed repeats at
most the one mail that it was at.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from privacy.campaigns import actions as campaigns
from privacy.campaigns import recipients
from privacy.campaigns.models import TEXT_ALTERED, Campaign, Delivery
from privacy.campaigns.sending import (
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
from privacy.lib.integrations import mail, text_messages
from privacy.lib.integrations.text_messages import Outgoing, Provider, State
from privacy.subjects import contacts
from privacy.subjects.models import Contact

# What is noted of a mail that the server took.
SENT = "sent"
# So many times in a row the connection may break; then the rest of a group waits for its next turn.
MOST_BREAKS = 2


class Group:
    """Rows of the outbox with the deliveries that they are about, and why each of them is not done."""

    def __init__(self, rows: Sequence[outbox.QueuedWork], kind: str, *, at: datetime) -> None:
        self.kind, self.alone, self.at = kind, outbox.DELIVERERS[kind].deliver, at
        self.undone: dict[UUID, Exception] = {}
        self.rows = {UUID(row.ids["delivery"]): row for row in rows}
        found = Delivery.objects.filter(pk__in=self.rows).select_related("campaign").order_by("pk")
        self.deliveries = {one.pk: one for one in found}

    def of_campaigns(self) -> Mapping[Campaign, list[Delivery]]:
        """Return the deliveries by campaign: rows of one shard have one."""
        sorted_out: dict[Campaign, list[Delivery]] = {}
        for one in self.deliveries.values():
            sorted_out.setdefault(one.campaign, []).append(one)
        return sorted_out

    def put_off(self, one: Delivery, error: Exception) -> None:
        self.undone[self.rows[one.pk].id] = error

    def fail(self, some: Collection[Delivery], error: Exception, *, why: str = "") -> None:
        """Keep why these were not sent."""
        if some:
            campaigns.record_delivery_error(*some, why=why or type(error).__name__)
        for one in some:
            self.put_off(one, error)

    def deliver_alone(self, some: Collection[Delivery]) -> None:
        """Deliver these like single messages."""
        for one in some:
            row = self.rows[one.pk]
            try:
                self.alone(row.ids, event=row.id, starts=1, at=self.at)
            except Exception as error:  # noqa: BLE001 - one bad row must not stop the others
                self.put_off(one, error)

    def with_turn(
        self, campaign: Campaign, some: Collection[Delivery], *, count: int = 1, is_text: bool = False
    ) -> list[Delivery]:
        """Return whose message may go out now: the text is the one on record, nothing is paused, nobody told them."""
        if not some:
            return []
        if not campaign.is_intact:
            self.fail(some, TextAltered(campaign.reference), why=TEXT_ALTERED)
            return []
        turns = campaigns.take_turns(campaign, [one.pk for one in some], count=count, is_text=is_text, at=self.at)
        for one in some:
            if seconds := turns.get(one.pk):
                self.put_off(one, not_its_turn(seconds))
        return [one for one in some if turns.get(one.pk) == 0.0]


def deliver_mails(rows: Sequence[outbox.QueuedWork], *, at: datetime) -> Mapping[UUID, Exception]:
    """Tell people by e-mail, each in her language, with the same Message-ID at every try."""
    group = Group(rows, campaigns.MAIL, at=at)
    for campaign, deliveries in group.of_campaigns().items():
        unsent = [one for one in deliveries if one.state in Delivery.UNSENT]
        before = [one for one in unsent if group.rows[one.pk].progress == SENT]
        _mark_sent(campaign, before, at=at)
        left = [one for one in unsent if one not in before]
        disputed = contacts.disputed([one.subject_id for one in left], Contact.Kind.EMAIL, at=at)
        group.deliver_alone([one for one in left if one.subject_id in disputed])
        going = group.with_turn(campaign, [one for one in left if one.subject_id not in disputed])
        people = [one.subject_id for one in going]
        addresses = recipients.addresses(people, actor=WORKER, at=at, reason=reason(campaign))
        _send_mails(campaign, [one for one in going if one.subject_id in addresses], addresses, group)
        group.deliver_alone([one for one in going if one.subject_id not in addresses])
    return group.undone


def _send_mails(
    campaign: Campaign, deliveries: Sequence[Delivery], addresses: Mapping[UUID, str], group: Group
) -> None:  # fmt: skip
    letters: dict[str, mail.Circular] = {}
    sent: list[Delivery] = []
    failed: dict[str, list[Delivery]] = {}
    error: Exception | None = None
    breaks = 0
    with mail.run() as run:
        for one in deliveries:
            if breaks < MOST_BREAKS:
                try:
                    if one.language not in letters:
                        letters[one.language] = mail.Circular(**mail_to_send(campaign, one.language, at=group.at))
                    letter = letters[one.language]
                    run.send(letter.copy(to=addresses[one.subject_id], message_id=campaigns.message_key(one)))
                    outbox.note_progress(group.rows[one.pk], SENT)
                    sent.append(one)
                    breaks = 0
                    continue
                except Exception as raised:  # noqa: BLE001 - one bad address must not stop the others
                    error = raised
                    breaks = breaks + 1 if mail.is_broken(raised) else 0
            assert error is not None
            group.put_off(one, error)
            failed.setdefault(type(error).__name__, []).append(one)
    _mark_sent(campaign, sent, at=group.at)
    for why, some in failed.items():
        campaigns.record_delivery_error(*some, why=why)


def _mark_sent(campaign: Campaign, some: Sequence[Delivery], *, at: datetime) -> None:
    if len(some) == 1:
        campaigns.mark_sent(some[0], actor=WORKER, at=at)
    elif some:
        campaigns.mark_sent_together(campaign, [one.pk for one in some], actor=WORKER, at=at)


def deliver_texts(rows: Sequence[outbox.QueuedWork], *, at: datetime) -> Mapping[UUID, Exception]:
    """Tell people by text message; it counts once the provider reports that it arrived."""
    return _deliver_texts(campaigns.TEXT, rows, at=at)


def deliver_kakao(rows: Sequence[outbox.QueuedWork], *, at: datetime) -> Mapping[UUID, Exception]:
    """Tell people by KakaoTalk; what does not arrive so goes as a text message."""
    return _deliver_texts(campaigns.KAKAO, rows, at=at)


def _deliver_texts(kind: str, rows: Sequence[outbox.QueuedWork], *, at: datetime) -> Mapping[UUID, Exception]:
    group = Group(rows, kind, at=at)
    provider = text_messages.provider()
    if provider is None:
        group.deliver_alone(group.deliveries.values())
        return group.undone
    for campaign, deliveries in group.of_campaigns().items():
        unsent = [one for one in deliveries if is_open(kind, one)]
        accepted = [one for one in unsent if one.message_id]
        for language in sorted({one.language for one in unsent}):
            new = [one for one in unsent if one.language == language and not one.message_id]
            accepted += _hand_over(provider, campaign, language, new, group)
        _take_reports(provider, campaign, accepted, group)
    return group.undone


def _hand_over(
    provider: Provider, campaign: Campaign, language: str, some: Sequence[Delivery], group: Group
) -> list[Delivery]:
    """Hand over all parts of these messages and keep their numbers; return whose were taken."""
    if not some:
        return []
    parts, by_kakao = words(group.kind, campaign, language)
    disputed = contacts.disputed([one.subject_id for one in some], Contact.Kind.PHONE, at=group.at)
    single = [one for one in some if not parts or one.subject_id in disputed]
    group.deliver_alone(single)
    going = group.with_turn(campaign, [one for one in some if one not in single], count=len(parts), is_text=True)
    people = [one.subject_id for one in going]
    # Before the numbers are opened a turn was taken: who has to wait has nothing opened.
    numbers = recipients.numbers(people, actor=WORKER, at=group.at, reason=reason(campaign))
    keys = {
        one.pk: text_keys(group.kind, one, numbers[one.subject_id], len(parts))
        for one in going
        if one.subject_id in numbers
    }
    messages = [
        Outgoing(numbers[one.subject_id], part, key, kakao=by_kakao)
        for one in going
        for key, part in zip(keys.get(one.pk, ()), parts, strict=False)
    ]
    taken = provider.send_many(messages) if messages else {}
    accepted: dict[UUID, str] = {}
    for one in going:
        said = [taken.get(key, text_messages.ProviderUnavailable("no answer")) for key in keys.get(one.pk, ())]
        errors = [answer for answer in said if isinstance(answer, Exception)]
        if one.pk not in keys or any(isinstance(answer, text_messages.NotAccepted) for answer in errors):
            # No number any more, or one that is not taken.
            group.deliver_alone([one])
        elif errors:
            group.fail([one], errors[0], why=f"{type(errors[0]).__name__} {errors[0]}")
        else:
            accepted[one.pk] = " ".join(map(str, said))
            one.message_id, one.handed_at = accepted[one.pk], one.handed_at or group.at
    campaigns.mark_accepted_together(campaign, accepted, way=WAY_OF[group.kind])
    return [one for one in going if one.pk in accepted]


def _take_reports(provider: Provider, campaign: Campaign, some: Sequence[Delivery], group: Group) -> None:
    """Settle what the provider reports of messages that it has."""
    try:
        reports = provider.reports([message for one in some for message in one.message_id.split()]) if some else {}
    except text_messages.ProviderUnavailable as error:
        group.fail(some, error, why=f"{type(error).__name__} {error}")
        return
    arrived: dict[UUID, datetime] = {}
    for one in some:
        said = [reports.get(message) for message in one.message_id.split()]
        known = [report for report in said if report is not None]
        since = group.at - (one.handed_at or group.at)
        if len(known) == len(said) and all(report.state == State.DELIVERED for report in known):
            arrived[one.pk] = max(report.delivered_at or group.at for report in known)
        elif (
            any(report.state == State.FAILED for report in known)
            or len(known) < len(said)
            or since >= longest(group.kind)
        ):
            group.deliver_alone([one])
        else:
            group.put_off(one, not_reported_yet(since))
    settled = (
        campaigns.mark_texted_together(campaign, arrived, way=WAY_OF[group.kind], actor=WORKER, at=group.at)
        if arrived
        else set()
    )
    group.deliver_alone([one for one in some if one.pk in arrived and one.pk not in settled])


def lay_out_for_devices(rows: Sequence[outbox.QueuedWork], *, at: datetime) -> Mapping[UUID, Exception]:
    """Let the gateways of people's devices fetch the message; what is not shown in time goes another way."""
    group = Group(rows, campaigns.DEVICE, at=at)
    for campaign, deliveries in group.of_campaigns().items():
        new = [one for one in deliveries if one.state == Delivery.State.WAITING and one.on_device_at is None]
        group.deliver_alone([one for one in deliveries if one not in new])
        going = group.with_turn(campaign, new)
        shown = recipients.on_device([one.subject_id for one in going], at=at)
        placed = [one for one in going if one.subject_id in shown]
        campaigns.place_on_devices(campaign, [one.pk for one in placed], at=at)
        for one in placed:
            group.put_off(one, not_shown_yet(SHOWN_WITHIN.total_seconds()))
        group.deliver_alone([one for one in going if one.subject_id not in shown])
    return group.undone


def note_shown(rows: Sequence[outbox.QueuedWork], *, at: datetime) -> Mapping[UUID, Exception]:
    """Note what gateways said of messages: the devices showed them."""
    group = Group(rows, campaigns.SHOWN, at=at)
    for campaign, deliveries in group.of_campaigns().items():
        shown = {one.pk: datetime.fromisoformat(group.rows[one.pk].ids["shown_at"]) for one in deliveries}
        settled = campaigns.mark_shown_together(campaign, shown, actor=WORKER, at=at)
        group.deliver_alone([one for one in deliveries if one.pk not in settled])
    return group.undone
