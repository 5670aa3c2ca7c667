"""By which ways people are told: listed with the first of them, and the next where one failed."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection

from privacy.campaigns import kakao, recipients
from privacy.campaigns.models import PREFERS_LETTER, Campaign, Delivery, UseNoticeRefusal
from privacy.jobs import outbox
from privacy.lib.identifiers.ids import new_id

MAIL, TEXT, DEVICE = "campaigns.mail", "campaigns.text", "campaigns.device"
# By KakaoTalk to the same number (decision 0412).
KAKAO = "campaigns.kakao"
# Letters go by hand, and are queued by nobody.
LETTER = "campaigns.letter"
# What a gateway says of a message: the device showed it.
SHOWN = "campaigns.shown"
# In this order a way is taken that was not tried yet, where another failed.
WAYS = (MAIL, KAKAO, TEXT, DEVICE)


def enlist(campaign: Campaign, ids: Sequence[UUID], *, at: datetime) -> None:
    """Make a delivery for each of these people, and queue the message of those who can be reached by one.

    Whoever has an e-mail address and a mobile number is reached by what they prefer, and by the other if that fails; by
    a message on their device where neither is on record. Whoever prefers letters gets one, except of a breach: its 72
    hours are shorter than the post.

    The yearly notice leaves out who refused it, and whom no address is held of (PIPA art. 20-2(1) proviso).
    """
    reachable, textable = recipients.reachable(ids), recipients.textable(ids)
    messaged = reachable | textable.keys() | recipients.on_device(ids, at=at)
    if campaign.kind == Campaign.Kind.USE:
        refused = UseNoticeRefusal.objects.standing().filter(subject_id__in=ids).values_list("subject_id", flat=True)
        told = (messaged | recipients.writable(ids, at=at)) - set(refused)
        ids = [one for one in ids if one in told]
    languages = recipients.languages(ids)
    state = Delivery.State
    lettered: set[UUID] = set()
    if campaign.kind != Campaign.Kind.BREACH:
        lettered = recipients.preferring_letters(list(messaged), at=at)
    waiting = [one for one in ids if one in messaged and one not in lettered]
    lettered &= set(ids)
    _insert(campaign, list(lettered), state.WITHOUT_ADDRESS, languages, trouble=PREFERS_LETTER)
    others = set(ids) - set(waiting) - lettered
    _insert(campaign, list(others), state.WITHOUT_ADDRESS, languages)
    ways: dict[str, list[UUID]] = {way: [] for way in WAYS}
    by_kakao = {language: kakao.message(campaign, language) is not None for language in {*languages.values(), "ko"}}
    for delivery, one in _insert(campaign, waiting, state.WAITING, languages):
        way = DEVICE
        if one in reachable or one in textable:
            by_phone = KAKAO if by_kakao[languages.get(one, "ko")] else TEXT
            way = by_phone if textable.get(one, False) or one not in reachable else MAIL
        ways[way].append(delivery)
    for kind, deliveries in ways.items():
        queue_deliveries(kind, deliveries, shard=campaign.reference)


def enlist_untold(campaign: Campaign, ids: Sequence[UUID]) -> list[UUID]:
    """Make a delivery that says that the notice told them nothing, its day had come; return those that are new."""
    made = _insert(campaign, ids, Delivery.State.STOPPED, recipients.languages(ids))
    return [delivery for delivery, _person in made]


def _insert(
    campaign: Campaign, ids: Sequence[UUID], state: Delivery.State, languages: Mapping[UUID, str], *, trouble: str = ""
) -> list[tuple[UUID, UUID]]:
    """Make deliveries in one statement; return each new one with its person. Whoever has one keeps it."""
    if not ids:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO campaigns_delivery"
            " (id, campaign_id, subject_id, language, state, trouble, way, message_id, settled_by)"
            " SELECT fresh.id, %s, fresh.subject_id, fresh.language, %s, %s, '', '', ''"
            " FROM unnest(%s::uuid[], %s::uuid[], %s::text[]) AS fresh (id, subject_id, language)"
            " ON CONFLICT (campaign_id, subject_id) DO NOTHING RETURNING id, subject_id",
            [
                campaign.pk, state.value, trouble, [new_id() for _one in ids], list(ids),
                [languages.get(one, "ko") for one in ids],
            ],
        )  # fmt: skip
        return list(cursor.fetchall())


def queue_deliveries(kind: str, deliveries: Iterable[UUID], *, shard: str) -> None:
    """Queue messages of one kind; each delivery has at most one of each."""
    rows = {f"{kind}:{delivery}": {"delivery": str(delivery)} for delivery in deliveries}
    outbox.enqueue_many(kind, rows, shard=shard)


def way_left(row: Delivery, failed: str, *, at: datetime) -> str | None:
    """Return a way that was not tried yet of a locked delivery that nobody was told by; None: there is none."""
    # A number that gets no text message is not asked for by KakaoTalk.
    phone_failed = failed == TEXT or row.text_failed_at is not None
    tried = {failed, *([TEXT, KAKAO] if phone_failed else []), *([DEVICE] if row.on_device_at else [])}
    order = (TEXT, MAIL, DEVICE) if failed == KAKAO else WAYS
    left = [way for way in order if way not in tried and not outbox.is_queued(f"{way}:{row.pk}")]
    return next((way for way in left if _has(way, row, at=at)), None)


def take_way(row: Delivery, way: str) -> None:
    """Queue this way of a locked delivery: it waits then, and no letter is printed for it meanwhile."""
    queue_deliveries(way, [row.pk], shard=row.campaign.reference)
    row.state, row.way, row.message_id, row.handed_at = Delivery.State.WAITING, "", "", None
    row.save(update_fields=["state", "way", "message_id", "handed_at"])


def _has(way: str, row: Delivery, *, at: datetime) -> bool:
    """Whether the person of a delivery can be reached by a way."""
    one = row.subject_id
    if way == KAKAO and kakao.message(row.campaign, row.language) is None:
        return False
    if way == DEVICE:
        return bool(recipients.on_device([one], at=at))
    return bool(recipients.reachable([one]) if way == MAIL else recipients.textable([one]))
