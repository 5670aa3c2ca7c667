"""Access records and their reviews as registers (law F-10, F-11, S-01, S-04)."""

import json
from functools import lru_cache
from typing import Any

from django.db.models import QuerySet
from django.utils.timezone import localtime

from privacy.ledger.models import Entry, Finding
from privacy.lib import registers


@lru_cache(maxsize=16)
def _read(payload: str) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(payload)
    return said


def _said(entry: Entry) -> dict[str, Any]:
    return _read(entry.payload)


def handled(entry: Entry) -> str:
    """Return whose data was handled: their references, or how many they were where the entry holds no more."""
    said = _said(entry)
    return ", ".join(map(str, said.get("subjects", []))) or str(said.get("count", ""))


def access_records(window: registers.Window) -> QuerySet[Entry]:
    """Return the access records of a period: what was shown, and who asked in vain."""
    start, end = window.moments
    return Entry.objects.between(start, end).filter(kind__in=("read", "denied")).order_by("id")


def findings(window: registers.Window) -> QuerySet[Finding]:
    """Return the findings of the reviews whose period ended in these days."""
    found = Finding.objects.filter(review__period_until__range=window.days)
    return found.select_related("review").order_by("review__period_from", "rule", "first_at")


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
        ("접속지", lambda entry: _said(entry).get("from", "")),
        ("처리한 정보주체", handled),
        ("수행업무", "task"),
        ("화면·객체", "about"),
        ("사유", lambda entry: _said(entry).get("reason", "")),
        ("결과", lambda entry: _said(entry).get("result", "") or "ok"),
        ("목적", "purpose"),
        ("문(門)", lambda entry: _said(entry).get("door", "")),
        ("요청 번호", lambda entry: _said(entry).get("request", "")),
    ),
    records=access_records,
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
        ("점검자", "review.reviewer"),
        ("기준", "rule"),
        ("계정", "account"),
        ("이상건수", "count"),
        ("소명", "explanation"),
        ("조치", "measure"),
        ("보고일", "review.signed_at"),
        ("책임자 확인", "review.confirmer"),
    ),
    records=findings,
)
registers.not_needed("ledger.checkpoint", "ledger.scrub", why="leave as signed bundles that check offline (ledger.md)")
