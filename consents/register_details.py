"""What the register of consents says beside the decision (F-13): from where, what was told, until when it counts."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import batched
from typing import Any
from uuid import UUID

from django.db.models import F, QuerySet

from consents.advertising import ConsentValidity
from consents.models import AdvertisingNotice, Agreement, CurrentConsent, Decision, Representative
from privacy.ledger.entries.payloads import parse_payload
from privacy.ledger.models import Entry
from privacy.lib.dates import clock
from privacy.lib.record_labels import about_label
from privacy.policies.categories import DEVICE_REGISTRATION
from privacy.vault.models import Tombstone

BATCH = 500
# Whose address the audit trail has for their acts is not the person's: a server's, an office's, the portal's own.
OTHERS = frozenset({"gateway", "user", "system"})
# The last: the decision is there, and what was said with it never arrived, so it comes when it is sent again.
SEALED, DESTROYED, NEVER_ARRIVED = "암호화 보관", "파기", "없음"


@dataclass(frozen=True)
class RegisteredDecision:
    """A decision with the further columns of the form; empty where the law asks for nothing."""

    decision: Any
    address: str
    representative: str
    told_by: date | None
    told_at: datetime | None
    confirmed_by: date | None
    confirmed_at: datetime | None


def with_details(decisions: QuerySet[Decision]) -> Iterator[RegisteredDecision]:
    """Yield decisions in their order, each with its details, which are read for some hundred at a time.

    Only their keys are sorted: rows with texts and all filled the disk, a million people's before the first came back.
    """
    terms = ConsentValidity.read()
    advertising = set(Agreement.objects.of_advertising().values_list("id", flat=True))
    for keys in batched(decisions.values_list("id", flat=True).iterator(chunk_size=BATCH), BATCH):
        rows = decisions.in_bulk(keys)
        # What is destroyed meanwhile is no longer there.
        batch = [rows[one] for one in keys if one in rows]
        ids = [one.id for one in batch]
        addresses = _addresses([one.id for one in batch if one.actor_kind not in OTHERS])
        held = set(Representative.objects.filter(pk__in=ids).values_list("pk", flat=True))
        gone = _destroyed({one.subject_id for one in batch if one.by_representative and one.id not in held})
        results, confirmations = _notices(ids)
        standing = CurrentConsent.objects.agreed().of_registered().filter(decision__in=ids, agreement__in=advertising)
        standing_ids = set(standing.values_list("decision_id", flat=True))
        for one in batch:
            result, confirmation = results.get(one.id), confirmations.get(one.id)
            confirmed_at = confirmation.sent_at if confirmation is not None else None
            counted_from = confirmation.counted_from if confirmation is not None else None
            since = clock.kst_date(counted_from or confirmed_at or one.decided_at)
            yield RegisteredDecision(
                decision=one,
                address=addresses.get(one.id, ""),
                representative=_kept(one, is_held=one.id in held, gone=gone) if one.by_representative else "",
                told_by=result.due_on if result is not None else None,
                told_at=result.sent_at if result is not None else None,
                confirmed_by=terms.last_day(since) if one.id in standing_ids else None,
                confirmed_at=confirmed_at,
            )


def _destroyed(people: set[UUID]) -> set[UUID | None]:
    """Return whose registration was destroyed, and with it what their representatives gave."""
    stones = Tombstone.objects.filter(subject_id__in=people, category__in=("", DEVICE_REGISTRATION))
    return set(stones.values_list("subject_id", flat=True)) if people else set()


def _kept(decision: Decision, *, is_held: bool, gone: Collection[UUID | None]) -> str:
    if is_held:
        return SEALED
    return DESTROYED if decision.subject_id in gone else NEVER_ARRIVED


def _addresses(ids: list[UUID]) -> dict[UUID, str]:
    """Return from which address people took these decisions, by the audit trail; a pruned entry names none."""
    label = about_label(Decision)
    keys = {f"{label}:{one}": one for one in ids}
    found: dict[UUID, str] = {}
    for entry in Entry.objects.filter(about__in=list(keys)).order_by("-id"):
        found[keys[str(entry.about)]] = str(parse_payload(entry.payload).get("from", ""))
    return found


def _notices(ids: list[UUID]) -> tuple[dict[UUID, AdvertisingNotice], dict[UUID, AdvertisingNotice]]:
    """Return the notice of each decision's result, and the last question that confirmed it."""
    results: dict[UUID, AdvertisingNotice] = {}
    confirmations: dict[UUID, AdvertisingNotice] = {}
    notices = AdvertisingNotice.objects.filter(decision__in=ids)
    for notice in notices.order_by(F("sent_at").asc(nulls_first=True), "made_at", "id"):
        if notice.kind == AdvertisingNotice.Kind.RESULT:
            results[notice.decision_id] = notice
        elif notice.sent_at is not None:
            confirmations[notice.decision_id] = notice
    return results, confirmations
