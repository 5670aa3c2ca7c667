"""The register of disclosures: the official columns in their order (law F-8, P-05, P-06), then the office's own."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from django.db.models import Prefetch, QuerySet

from privacy.disclosures.models import DisclosedItem, Disclosure, Notice, ThirdParty
from privacy.policies import rulebook

# The first eight are the official columns, in Korean in every language: the form is a Korean form (F-8, DEC 15).
COLUMNS = (
    "개인정보(파일) 명칭",
    "이용기관 또는 제공받는 기관 명칭",
    "이용 목적 또는 제공받는 목적",
    "법적 근거",
    "항목",
    "날짜, 주기 또는 기간",
    "형태",
    "제한·조치 요청 내용",
    "번호",
    "정보주체 수",
    "문서번호",
    "동의 내역",
    "제공자",
    "승인자",
    "암호화 여부",
    "파일 SHA-256",
    "정정·삭제 통지",
)
TITLE = "개인정보의 제3자 제공 대장"


def lines(*, first: date, last: date, with_investigations: bool) -> QuerySet[Disclosure]:
    """Return the disclosures of a period that the reader may see (law P-12 restricts investigations)."""
    found = Disclosure.objects.provided_between(first, last)
    if not with_investigations:
        found = found.exclude(third_party__kind=ThirdParty.Kind.INVESTIGATOR)
    return found.select_related("third_party").prefetch_related(Prefetch("disclosed", DisclosedItem.objects.all()))


def rows(found: Iterable[Disclosure], *, on: date) -> Iterable[Sequence[Any]]:
    """Yield one row for each disclosure, in the order of ``COLUMNS``."""
    rules = rulebook.in_force(on)
    for one in found:
        disclosed = list(one.disclosed.all())
        categories = sorted({item.category for item in disclosed})
        names = {
            (item.category, item.item): rules.category(item.category).items[item.item].name_ko
            if item.category in rules.categories and item.item in rules.category(item.category).items
            else item.item
            for item in disclosed
        }
        yield (
            ", ".join(rules.categories[code].name_ko if code in rules.categories else code for code in categories),
            one.third_party.title,
            one.purpose,
            one.statute if one.basis == Disclosure.Basis.LAW else _consent_text(one),
            ", ".join(names[key] for key in sorted(names)),
            one.period or (one.provided_on.isoformat() if one.provided_on else ""),
            one.form,
            one.restrictions,
            one.reference,
            len({item.subject_id for item in disclosed}),
            one.document_no,
            ", ".join(sorted({item.consent for item in disclosed if item.consent})),
            one.provided_by,
            one.approved_by,
            "AES-256",
            one.file_digest,
            _notices(one),
        )


def _consent_text(one: Disclosure) -> str:
    return ("별도 동의" if one.basis == Disclosure.Basis.SEPARATE_CONSENT else "정보주체 동의") + f" ({one.agreement})"


def _notices(one: Disclosure) -> str:
    """Say whether the recipient was told of later corrections (P1.6)."""
    found = Notice.objects.filter(third_party=one.third_party, disclosures__contains=[one.reference])
    return ", ".join(f"{notice.reference} {notice.get_state_display()}" for notice in found.order_by("queued_at"))
