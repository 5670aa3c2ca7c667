"""Processors, transfers abroad, which duties bind, reports to management, penalties: each page in a real browser."""

from django.urls import reverse

from privacy.lib.dates import clock
from privacy.safeguards import actions as safeguards
from tests import factory
from tests.browser.visitor import Desk


def test_the_pages_read_well_and_accuse_nothing(desk: Desk) -> None:
    now, today = clock.now(), clock.today()
    odile = factory.make_odile()
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
    report = safeguards.record_report(
        kind="resources", audience="representative", subject="2027년 인력과 예산", content="담당자 1명, 점검 예산",
        reported_on=today, staff_asked=1, budget_asked=120, actor=odile, at=now,
    )  # fmt: skip
    pages = {
        "consignment": reverse("admin:processors_consignment_change", args=[row.pk]),
        "consignment-new": reverse("admin:processors_consignment_new"),
        "transfer": reverse("admin:processors_overseastransfer_change", args=[transfer.pk]),
        "transfer-new": reverse("admin:processors_overseastransfer_new"),
        "duties": reverse("admin:safeguards_applicabilitydecision_changelist"),
        "duties-new": f"{reverse('admin:safeguards_applicabilitydecision_new')}?threshold=insurance",
        "management-report": reverse("admin:safeguards_managementreport_change", args=[report.pk]),
        "appointment-new": reverse("admin:safeguards_officerappointment_new"),
        "penalties": reverse("admin:penalties"),
    }
    visitor = desk.staff(odile)
    for width, device in ((390, "phone"), (1280, "desk")):
        visitor.page.set_viewport_size({"width": width, "height": 900})
        for name, address in pages.items():
            visitor.go(address)
            visitor.check(f"company-{name}-{device}")
