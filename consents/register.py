"""Consent decisions as the register of form F-13 (law C-07, C-08, C-12, C-18), and the texts they were about."""

from django.db.models import QuerySet

from consents.models import AdvertisingNotice, AgreementVersion, Decision, RepresentativeRequest
from consents.register_details import with_details
from privacy.lib.dates import clock
from privacy.lib.display import display_names
from privacy.lib.registries import registers
from privacy.subjects.references import with_references


def decisions(window: registers.ExportScope) -> QuerySet[Decision]:
    """Return the decisions of a period, in their order."""
    found = Decision.objects.filter(decided_at__range=window.moments)
    return with_references(found.select_related("agreement", "version")).order_by("decided_at", "id")


def agreement_item(version: AgreementVersion) -> str:
    """Return what is agreed to, apart from every other: its kind, and by which channel or for which data."""
    agreement = version.agreement
    on = clock.kst_date(version.drafted_at)
    data = ", ".join(display_names.display_name("category", code, on=on) for code in agreement.categories)
    return ": ".join(filter(None, (agreement.get_kind_display(), agreement.get_channel_display() or data)))


registers.declare(
    code="consents",
    title="동의 관리대장",
    form="F-13",
    models=("consents.decision", "consents.agreement", "consents.currentconsent"),
    permission="consents.view_decision",
    columns=(
        ("정보주체", "decision.person"),
        ("동의서", "decision.version.title_ko"),
        ("동의서 버전", "decision.version.number"),
        ("종류", "decision.agreement.kind"),
        ("필수/선택", lambda row: "필수" if row.decision.agreement.required else "선택"),
        ("동의/거부/철회", "decision.choice"),
        ("일시", "decision.decided_at"),
        ("방법", "decision.method"),
        ("법정대리인", lambda row: "예" if row.decision.by_representative else ""),
        ("법정대리인 확인 방법", "decision.confirmation"),
        ("접수번호", "decision.reference"),
        ("접속지(IP)", "address"),
        ("법정대리인 성명·연락처", "representative"),
        ("결과 통지 기한", "told_by"),
        ("결과 통지일", "told_at"),
        ("2년 확인 예정일", "confirmed_by"),
        ("2년 확인 이행일", "confirmed_at"),
        ("기록자", "decision.actor_ref"),
        ("기록일시", "decision.recorded_at"),
        ("본문 SHA-256", "decision.text_digest"),
    ),
    records=lambda window: with_details(decisions(window)),
    subjects=lambda window: map(str, decisions(window).order_by().values_list("subject_id", flat=True).distinct()),
    printed=11,
    widths=(5, 3, 1, 2, 1, 2, 3, 2, 1, 2, 2),
)
registers.declare(
    code="agreement-texts",
    title="동의서 버전 대장",
    models=("consents.agreementversion",),
    permission="consents.view_agreementversion",
    columns=(
        ("동의 항목", agreement_item),
        ("버전", "number"),
        ("제목", "title_ko"),
        ("상태", "state"),
        ("작성자", "drafted_by"),
        ("작성일시", "drafted_at"),
        ("게시자", "published_by"),
        ("게시일시", "published_at"),
        ("대체일시", "superseded_at"),
        ("본문 SHA-256", "digest"),
    ),
    records=lambda window: (
        AgreementVersion.objects.filter(drafted_at__lte=window.moments[1])
        .select_related("agreement")
        .order_by("agreement__code", "number")
    ),
    printed=9,
)
registers.declare(
    code="representative-requests",
    title="법정대리인 동의 확인 대장",
    models=("consents.representativerequest",),
    permission="consents.view_representativerequest",
    columns=(
        ("번호", "reference"),
        ("정보주체", "person"),
        ("접수일시", "opened_at"),
        ("요청 방법", "channel"),
        ("요청일시", "asked_at"),
        ("답변 기한", "due_at"),
        ("상태", "state"),
        ("종료일시", "ended_at"),
        ("동의 확인 방법", "confirmation"),
        ("답변 보관 위치", "document"),
        ("기록자", "answered_by"),
        ("확인 통지일시", "told_at"),
    ),
    records=lambda window: with_references(
        RepresentativeRequest.objects.filter(opened_at__range=window.moments).order_by("opened_at", "id")
    ),
    subjects=lambda window: map(
        str,
        RepresentativeRequest.objects.filter(opened_at__range=window.moments)
        .order_by()
        .values_list("subject_id", flat=True)
        .distinct(),
    ),
    widths=(2, 2, 2, 1, 2, 2, 1, 2, 2, 2, 2, 2),
)
registers.declare(
    code="advertising-notices",
    title="광고성 정보 동의 안내 대장",
    models=("consents.advertisingnotice",),
    permission="consents.view_advertisingnotice",
    columns=(
        ("정보주체", "person"),
        ("종류", "kind"),
        ("동의 접수번호", "decision.reference"),
        ("통지 기한", "due_on"),
        ("상태", "state"),
        ("발송일시", "sent_at"),
        ("메시지 번호", "message_id"),
    ),
    records=lambda window: (
        with_references(AdvertisingNotice.objects.filter(made_at__range=window.moments))
        .select_related("decision")
        .order_by("due_on", "id")
    ),
    subjects=lambda window: map(
        str, AdvertisingNotice.objects.filter(made_at__range=window.moments).values_list("subject_id", flat=True)
    ),
    widths=(3, 2, 2, 2, 2, 2, 4),
)
registers.declare_exempt(
    "consents.planneddestruction", why="what follows a decision of its register; what was destroyed has its certificate"
)
