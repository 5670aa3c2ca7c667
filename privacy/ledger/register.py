"""Access records and their reviews as registers (law F-10, F-11, S-01, S-04)."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from django.db.models import QuerySet
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from privacy.ledger.entries.payloads import parse_payload
from privacy.ledger.models import Entry, Finding, Review
from privacy.lib.registries import registers

# What a review looks at: the portal that keeps the records, and the range of its tree.
SYSTEM = "개인정보 보호 포털"


@lru_cache(maxsize=16)
def _parse(payload: str) -> dict[str, Any]:
    """Return what an entry says; nothing of one that can't be read: the others are exported all the same."""
    try:
        return parse_payload(payload)
    except ValueError:
        return {}


def _payload(entry: Entry) -> dict[str, Any]:
    return _parse(entry.payload)


def handled_subjects(entry: Entry) -> str:
    """Return whose data was handled: their references, or how many they were where the entry holds no more."""
    said = _payload(entry)
    return ", ".join(map(str, said.get("subjects", []))) or str(said.get("count", ""))


def access_records(window: registers.ExportScope) -> QuerySet[Entry]:
    """Return the access records of a period: what was shown, and who asked in vain."""
    start, end = window.moments[0], window.until
    return Entry.objects.between(start, end).filter(kind__in=("read", "denied")).order_by("id")


def destroyed_part(window: registers.ExportScope) -> str:
    """Return from when on there are access records, where the period begins before; earlier ones were destroyed."""
    since = Entry.objects.kept_since()
    if since is None or window.moments[0] >= since:
        return ""
    return _(
        "Access records are available from %(since)s (KST). Earlier records were destroyed as scheduled when their "
        "retention period ended."
    ) % {"since": f"{localtime(since):%Y-%m-%d %H:%M:%S}"}


def findings(window: registers.ExportScope) -> Iterator[Finding]:
    """Yield the findings of the reviews whose period ended in these days; of a review without any, one line of none."""
    for review in Review.objects.filter(period_until__range=window.days).order_by("period_from"):
        found = review.findings.order_by("rule", "first_at")
        # What its foreign key leads to is this review: no question for each line.
        yield from found if found else [Finding(review=review, count=0)]


registers.declare(
    code="access-records",
    title="개인정보 접속기록",
    form="F-10",
    models=("ledger.accessrecord", "ledger.entry"),
    permission="ledger.view_entry",
    columns=(
        ("번호", "id"),
        ("식별자", "actor"),
        ("접속일시", lambda entry: f"{localtime(entry.time):%Y-%m-%d %H:%M:%S}"),
        ("접속지", lambda entry: _payload(entry).get("from", "")),
        ("처리한 정보주체", handled_subjects),
        ("수행업무", "task"),
        ("화면·객체", "about"),
        ("사유", lambda entry: _payload(entry).get("reason", "")),
        ("결과", lambda entry: _payload(entry).get("result", "") or "ok"),
        ("목적", "purpose"),
        ("접속 경로", lambda entry: _payload(entry).get("door", "")),
        ("요청 번호", lambda entry: _payload(entry).get("request", "")),
    ),
    records=access_records,
    remark=destroyed_part,
    printed=9,
    widths=(1, 2, 2, 2, 3, 3, 3, 3, 1),
)
registers.declare(
    code="access-reviews",
    title="접속기록 점검표",
    form="F-11",
    models=("ledger.review", "ledger.finding"),
    permission="ledger.view_review",
    columns=(
        ("점검번호", "review.reference"),
        ("점검기간 시작", "review.period_from"),
        ("점검기간 끝", "review.period_until"),
        ("대상 시스템", lambda found: f"{SYSTEM} ({found.review.start_index}–{found.review.end_index})"),
        ("점검자", "review.reviewer"),
        ("기준", "rule"),
        ("점검 건수", lambda found: found.review.end_index - found.review.start_index),
        ("계정", "account"),
        ("이상건수", "count"),
        ("소명", "explanation"),
        ("조치", "measure"),
        ("보고일", "review.signed_at"),
        ("책임자 확인", "review.confirmer"),
    ),
    records=findings,
)
registers.declare_exempt(
    "ledger.checkpoint", "ledger.scrub", why="leave as signed bundles that check offline (ledger.md)"
)
