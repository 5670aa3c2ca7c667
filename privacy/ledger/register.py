"""Access records and their reviews as registers (law F-10, F-11, S-01, S-04)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from privacy.ledger.entries import record_words, task_labels
from privacy.ledger.entries.payloads import parse_payload
from privacy.ledger.models import Entry, Finding, Review
from privacy.lib.dates import clock
from privacy.lib.display import display_names
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


def handled_subjects(entry: Entry, people: Mapping[str, str] = MappingProxyType({})) -> str:
    """Return whose data was handled: their references, or how many they were where the entry holds no more.

    An entry names a person as the act knew her; ``people`` are the references behind the ids.
    """
    said = _payload(entry)
    named = dict.fromkeys(people.get(str(one), str(one)) for one in said.get("subjects", []))
    return ", ".join(named) or str(said.get("count", ""))


@dataclass(frozen=True, slots=True)
class AccessRecord:
    """An entry about an access with what it says, and the references behind the ids that it names."""

    entry: Entry
    said: Mapping[str, Any]
    people: Mapping[str, str]

    def reason(self) -> str:
        on = clock.kst_date(self.entry.time)
        return record_words.reason_text(str(self.said.get("reason", "")), self.entry.purpose or "", on=on)

    def purpose(self) -> str:
        if not self.entry.purpose:
            return ""
        return display_names.display_name("purpose", self.entry.purpose, on=clock.kst_date(self.entry.time))


def access_records(window: registers.ExportScope) -> Iterator[AccessRecord]:
    """Yield the access records of a period: what was shown, and who asked in vain."""
    start, end = window.moments[0], window.until
    found = Entry.objects.between(start, end).filter(kind__in=("read", "denied")).order_by("id")
    for entry, people in display_names.with_subjects(found.iterator(chunk_size=2_000), _ids_of):
        yield AccessRecord(entry, _payload(entry), people)


def _ids_of(entry: Entry) -> list[str]:
    """Return the names of people that an entry holds, and of what it is about: a device is its own subject."""
    return [*map(str, _payload(entry).get("subjects", [])), (entry.about or "").partition(":")[2]]


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
        ("번호", "entry.id"),
        ("식별자", "entry.actor"),
        ("접속일시", lambda record: f"{localtime(record.entry.time):%Y-%m-%d %H:%M:%S}"),
        ("접속지", lambda record: record.said.get("from", "")),
        ("처리한 정보주체", lambda record: handled_subjects(record.entry, record.people)),
        ("수행업무", lambda record: task_labels.task_label(record.entry.task or "")),
        ("화면·객체", lambda record: record_words.object_text(record.entry.about or "", record.people)),
        ("사유", AccessRecord.reason),
        ("결과", lambda record: record_words.result_text(record.said.get("result", ""))),
        ("목적", AccessRecord.purpose),
        ("접속 경로", lambda record: record_words.channel_text(record.said.get("door", ""))),
        ("요청 번호", lambda record: record.said.get("request", "")),
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
        ("점검 기한", "review.due_on"),
    ),
    records=findings,
)
registers.declare_exempt(
    "ledger.checkpoint", "ledger.scrub", why="leave as signed bundles that check offline (ledger.md)"
)
