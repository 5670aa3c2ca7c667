"""What the register of consents says beside the decision (F-13): from where, what was told, until when it counts."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import batched
from typing import Any
from uuid import UUID

from consents.advertising import ConsentValidity
from consents.models import AdvertisingNotice, Agreement, CurrentConsent, Decision, Representative
from privacy.ledger.entries.payloads import parse_payload
from privacy.ledger.models import Entry
from privacy.lib.dates import clock
from privacy.lib.record_labels import about_label

BATCH = 500
# Whose address the audit trail has for their acts is not the person's: a server's, an office's, the portal's own.
OTHERS = frozenset({"gateway", "user", "system"})
SEALED, DESTROYED = "암호화 보관", "파기"


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


def with_details(decisions: Iterator[Decision]) -> Iterator[RegisteredDecision]:
    """Yield decisions in their order, each with its details, which are read for some hundred at a time."""
    terms = ConsentValidity.read()
    advertising = set(Agreement.objects.of_advertising().values_list("id", flat=True))
    for batch in batched(decisions, BATCH):
        ids = [one.id for one in batch]
        addresses = _addresses([one.id for one in batch if one.actor_kind not in OTHERS])
        held = set(Representative.objects.filter(pk__in=ids).values_list("pk", flat=True))
        results, confirmations = _notices(ids)
        standing = CurrentConsent.objects.agreed().of_registered().filter(decision__in=ids, agreement__in=advertising)
        standing_ids = set(standing.values_list("decision_id", flat=True))
        for one in batch:
            result, confirmed_at = results.get(one.id), confirmations.get(one.id)
            since = clock.kst_date(max(filter(None, (one.decided_at, confirmed_at))))
            yield RegisteredDecision(
                decision=one,
                address=addresses.get(one.id, ""),
                representative=(SEALED if one.id in held else DESTROYED) if one.by_representative else "",
                told_by=result.due_on if result is not None else None,
                told_at=result.sent_at if result is not None else None,
                confirmed_by=terms.last_day(since) if one.id in standing_ids else None,
                confirmed_at=confirmed_at,
            )


def _addresses(ids: list[UUID]) -> dict[UUID, str]:
    """Return from which address people took these decisions, by the audit trail; a pruned entry names none."""
    label = about_label(Decision)
    keys = {f"{label}:{one}": one for one in ids}
    found: dict[UUID, str] = {}
    for entry in Entry.objects.filter(about__in=list(keys)).order_by("-id"):
        found[keys[str(entry.about)]] = str(parse_payload(entry.payload).get("from", ""))
    return found


def _notices(ids: list[UUID]) -> tuple[dict[UUID, AdvertisingNotice], dict[UUID, datetime]]:
    """Return the notice of each decision's result, and when it was last confirmed."""
    results: dict[UUID, AdvertisingNotice] = {}
    confirmations: dict[UUID, datetime] = {}
    for notice in AdvertisingNotice.objects.filter(decision__in=ids).order_by("made_at", "id"):
        if notice.kind == AdvertisingNotice.Kind.RESULT:
            results[notice.decision_id] = notice
        elif notice.sent_at is not None:
            known = confirmations.get(notice.decision_id, notice.sent_at)
            confirmations[notice.decision_id] = max(known, notice.sent_at)
    return results, confirmations
