"""Processors, transfers abroad, which duties bind, reports to management, penalties: each page in a real browser."""

from datetime import timedelta

from django.urls import reverse

from devices import actions as devices
from privacy.lib.dates import clock
from privacy.processors import actions as processors
from privacy.retention import actions as retention
from privacy.safeguards import actions as safeguards
from tests import factory
from tests.browser.visitor import Desk


def test_the_pages_read_well_and_accuse_nothing(desk: Desk) -> None:
    now, today = clock.now(), clock.today()
    odile, version = factory.make_odile(), factory.make_policy(years=3, at=now)
    retention.predict(version, on=today, months=3, actor=factory.SWEEPER, at=now)
    row = factory.make_consignment(country="DE", at=now)
    factory.make_subprocessor(row, at=now)
    factory.make_check(row, at=now)
    transfer = factory.make_overseas_transfer(basis="published", consignment=row, at=now)
    safeguards.record_figures(
        year=today.year - 1, sales=5_000, average_sales=4_000, people=20_000, sensitive_people=0, users=9_000,
        is_small=True, source="감사보고서", actor=odile, at=now,
    )  # fmt: skip
    safeguards.decide_applicability(
        threshold="telecom", applies=False, reasons="부가통신사업 신고 대상 아님", actor=odile, at=now
    )
    safeguards.decide_applicability(threshold="portability", applies=False, reasons="기준 미만", actor=odile, at=now)
    report = safeguards.record_report(
        kind="resources", audience="representative", subject="2027년 인력과 예산", content="담당자 1명, 점검 예산",
        reported_on=today, staff_asked=1, budget_asked=120, actor=odile, at=now,
    )  # fmt: skip
    permission = devices.register_app_permission(
        code="location", name_ko="위치", name_en="Location", required=False, reason_ko="분실 기기를 찾습니다.",
        reason_en="To find a lost device.", without_ko="분실 기기를 찾을 수 없습니다.",
        without_en="A lost device can't be found.", starts_on=today, actor=odile, at=now,
    )  # fmt: skip
    business = processors.record_business_transfer(
        direction="given", kind="part", party_ko="주식회사 다음모바일", party_en="Dawn Mobile Corp.",
        address_ko="서울특별시 강남구 테헤란로 1", address_en="7 Sejong-daero, Seoul", phone="02-123-4567",
        objection_ko="2월 20일까지 알려 주시면 이전하지 않습니다.", objection_en="Write to us by 20 February.",
        bound_by="계약 제7조", transfer_on=today + timedelta(days=60), actor=factory.make_omar(), at=now,
    )  # fmt: skip
    pages = {
        "consignment": reverse("admin:processors_consignment_change", args=[row.pk]),
        "consignment-new": reverse("admin:processors_consignment_new"),
        "transfer": reverse("admin:processors_overseastransfer_change", args=[transfer.pk]),
        "transfer-new": reverse("admin:processors_overseastransfer_new"),
        "permission": reverse("admin:devices_apppermission_change", args=[permission.pk]),
        "permission-new": reverse("admin:devices_apppermission_new"),
        "business": reverse("admin:processors_businesstransfer_change", args=[business.pk]),
        "business-new": reverse("admin:processors_businesstransfer_new"),
        "prediction": reverse("admin:policies_policyversion_preview", args=[version.pk]),
        "rights": reverse("rights:guide"),
        "duties": reverse("admin:safeguards_applicabilitydecision_changelist"),
        "duties-new": f"{reverse('admin:safeguards_applicabilitydecision_new')}?threshold=insurance",
        "management-report": reverse("admin:safeguards_managementreport_change", args=[report.pk]),
        "appointment-new": reverse("admin:safeguards_officerappointment_new"),
        "penalties": reverse("admin:penalties"),
        "rehearsal": f"{reverse('admin:policies_parameter_rehearsal')}?on=2027-02-20",
    }
    visitor = desk.staff(odile)
    for width, device in ((390, "phone"), (1280, "desk")):
        visitor.page.set_viewport_size({"width": width, "height": 900})
        for name, address in pages.items():
            visitor.go(address)
            visitor.check(f"company-{name}-{device}")
