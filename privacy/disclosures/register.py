"""The register of disclosures: the official columns in their order (law F-8, P-05, P-06), then the office's own."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from django.db.models import Count, Prefetch, QuerySet
from django.utils.translation import gettext_lazy as _

from privacy.disclosures import proof_states, provision_reports
from privacy.disclosures.events import Event
from privacy.disclosures.models import (
    CorrectionProof,
    DisclosedItem,
    Disclosure,
    Notice,
    ProvisionReport,
    ThirdParty,
)
from privacy.lib.dates import clock
from privacy.lib.display import display_names
from privacy.lib.registries import registers
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
    "요청자 소속·성명",
    "요청사유",
    "해당 이용자와의 연관성",
    "필요한 자료의 범위",
    "영장·허가서 번호",
    "문서 SHA-256",
    "긴급 여부",
    "사후 제출 기한",
    "회신일",
    "비치기간",
)
KEPT = {"user-information": "1년", "confirmation": "7년"}
TITLE = "개인정보의 제3자 제공 대장"


def lines(*, first: date, last: date, with_investigations: bool) -> QuerySet[Disclosure]:
    """Return the disclosures of a period that the reader may see (law P-12 restricts investigations)."""
    found = Disclosure.objects.provided_between(first, last)
    if not with_investigations:
        found = found.exclude(third_party__kind=ThirdParty.Kind.INVESTIGATOR)
    return found.select_related("third_party").prefetch_related(Prefetch("disclosed", DisclosedItem.objects.provided()))


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
            one.form_shown,
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
            *(_authority(one) if one.third_party.is_investigator else [""] * 10),
        )


def _authority(one: Disclosure) -> Sequence[Any]:
    """What the ledgers of TBA 83(5) and CSA 13(5) ask for beside the official columns."""
    return (
        one.official,
        one.reason,
        one.relation,
        one.extent,
        one.permit_no,
        one.scan_digest,
        "긴급" if one.urgent else "",
        one.document_due_on.isoformat() if one.document_due_on else "",
        one.provided_on.isoformat() if one.provided_on else "",
        KEPT.get(one.record_class, ""),
    )


def _consent_text(one: Disclosure) -> str:
    return ("별도 동의" if one.basis == Disclosure.Basis.SEPARATE_CONSENT else "정보주체 동의") + f" ({one.agreement})"


def _notices(one: Disclosure) -> str:
    """Say whether the recipient was told of later corrections (P1.6)."""
    found = Notice.objects.filter(third_party=one.third_party, disclosures__contains=[one.reference])
    told = found.select_related("proof").order_by("queued_at")
    return ", ".join(f"{notice.reference} {_state_of(notice)}" for notice in told)


def _state_of(notice: Notice) -> str:
    """Return how a recipient stands: what it proved, else how its notice stands."""
    proof: CorrectionProof | None = getattr(notice, "proof", None)
    told = str(notice.get_state_display())
    return f"{told}/{proof_states.state_text(proof)}" if proof is not None else told


def _provided(window: registers.ExportScope) -> Iterable[Sequence[Any]]:
    return rows(_lines(window), on=clock.kst_date(window.at))


def _lines(window: registers.ExportScope) -> QuerySet[Disclosure]:
    may = window.actor.may("disclosures.see_investigations")
    return lines(first=window.first, last=window.last, with_investigations=may)


def _subjects(window: registers.ExportScope) -> Iterable[str]:
    concerned = DisclosedItem.objects.provided().filter(disclosure__in=_lines(window).order_by())
    return map(str, concerned.values_list("subject_id", flat=True).distinct())


def _items(notice: Notice) -> str:
    return ", ".join(
        display_names.display_name("item", item, on=clock.kst_date(notice.queued_at)) for item in notice.items
    )


def _told(window: registers.ExportScope) -> QuerySet[Notice]:
    found = Notice.objects.filter(queued_at__range=window.moments).order_by("queued_at")
    found = found.select_related("third_party", "proof")
    if window.actor.may("disclosures.see_investigations"):
        return found
    return found.exclude(third_party__kind=ThirdParty.Kind.INVESTIGATOR)


registers.declare(
    code="disclosures",
    title=TITLE,
    form="F-8",
    models=("disclosures.disclosure",),
    permission="disclosures.export_register",
    columns=registers.columns_by_position(COLUMNS),
    records=_provided,
    subjects=_subjects,
    word=Event.REGISTER_EXPORTED,
    printed=8,
    widths=(2, 2, 3, 3, 3, 2, 2, 3),
)
registers.declare(
    code="correction-notices",
    title="정정 내용 통지 대장",
    models=("disclosures.notice",),
    permission="disclosures.export_register",
    columns=(
        ("번호", "reference"),
        ("사건번호", "case_reference"),
        ("제공받은 자", "third_party.title"),
        ("항목", _items),
        ("관련 제공", lambda notice: ", ".join(notice.disclosures)),
        ("통지 방법", "channel"),
        ("상태", "state"),
        ("발송일시", "sent_at"),
        ("수신 확인", "acknowledged_at"),
        ("정정 증명", lambda notice: proof_states.state_text(notice.proof) if hasattr(notice, "proof") else ""),
        ("증명 기한", lambda notice: notice.proof.due_on.isoformat() if hasattr(notice, "proof") else ""),
    ),
    records=_told,
    subjects=lambda window: [str(notice.subject_id) for notice in _told(window)],
)


def _proofs(window: registers.ExportScope) -> QuerySet[CorrectionProof]:
    found = CorrectionProof.objects.filter(notice__queued_at__range=window.moments).order_by("notice__queued_at", "id")
    if not window.actor.may("disclosures.see_investigations"):
        found = found.exclude(notice__third_party__kind=ThirdParty.Kind.INVESTIGATOR)
    return found.select_related("notice__third_party").annotate(answered=Count("answers"))


registers.declare(
    code="recipient-proofs",
    title="정정 증명 대장",
    models=("disclosures.correctionproof", "disclosures.recipientanswer"),
    permission="disclosures.export_register",
    columns=(
        ("통지 번호", "notice.reference"),
        ("사건번호", "notice.case_reference"),
        ("제공받은 자", "notice.third_party.title"),
        ("항목", lambda proof: _items(proof.notice)),
        ("상태", proof_states.state_text),
        ("기한", "due_on"),
        ("요청 횟수", "round"),
        ("답변 수", "answered"),
        ("불일치", "contradictions"),
        ("마지막 답변", "answered_at"),
        ("담당자 조치 사유", "escalated_because"),
        ("종료일시", "ended_at"),
        ("종결 방법", "settled_as"),
        ("종결 기록자", "settled_by"),
        ("확인자", "seconded_by"),
        ("증빙 SHA-256", "file_digest"),
    ),
    records=_proofs,
    subjects=lambda window: [str(proof.notice.subject_id) for proof in _proofs(window)],
    printed=9,
    widths=(2, 2, 3, 3, 3, 2, 1, 1, 1),
)
registers.declare(
    code="third-parties",
    title="제3자 현황표",
    models=("disclosures.thirdparty",),
    permission="disclosures.view_thirdparty",
    for_programs=True,
    columns=(
        ("번호", "reference"),
        ("기관명", "title"),
        ("구분", "kind"),
        ("계약", "contract"),
        ("통지 방법", "channel"),
        ("등록일시", "created_at"),
        ("종료일시", "retired_at"),
    ),
    records=lambda window: ThirdParty.objects.filter(created_at__lte=window.moments[1]).order_by("created_at"),
)


def _by_half_year(window: registers.ExportScope) -> Iterable[Sequence[Any]]:
    for kind in ProvisionReport.REPORTED:
        for row in provision_reports.figures_by_agency(kind, window.first, window.last):
            yield (kind.label, row["title"], row["documents"], row["people"], row["urgent"], row["permits"])


# What is filed for a half-year: taken out by its days (TBA art. 83(6), CSA art. 13(7)).
registers.declare(
    code="provisions-by-half-year",
    title="통신이용자정보·통신사실확인자료 제공 현황",
    called=_("Export the figures of half a year"),
    models=("disclosures.provisionreport",),
    permission=provision_reports.SEE,
    columns=registers.columns_by_position(
        ("구분", "제공받은 기관", "제공 문서 수", "정보주체 수", "긴급 제공", "허가서에 의한 제공")
    ),
    records=_by_half_year,
    widths=(4, 4, 2, 2, 2, 3),
)
registers.declare(
    code="provision-reports",
    title="제공 현황 보고 대장",
    called=_("Export the reports"),
    models=("disclosures.provisionreport",),
    permission=provision_reports.SEE,
    columns=(
        ("구분", "record_class"),
        ("대상 기간 시작", "half_from"),
        ("대상 기간 끝", "half_until"),
        ("보고 기한", "due_on"),
        ("보고일", "filed_on"),
        ("접수번호", "receipt"),
        ("제공 문서 수", "documents"),
        ("정보주체 수", "people"),
        ("기록자", "recorded_by"),
        ("기록일시", "recorded_at"),
        ("번호", "reference"),
    ),
    records=lambda window: ProvisionReport.objects.filter(half_until__range=window.days).order_by("half_from"),
    printed=8,
    widths=(3, 2, 2, 2, 2, 3, 1, 1),
)
