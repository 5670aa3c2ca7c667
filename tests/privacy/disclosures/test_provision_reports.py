"""What agencies were given is reported after each half-year: owed, on the calendar, recorded with its figures."""

from datetime import date

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from devices.models import Device
from privacy.disclosures import actions as disclosures
from privacy.disclosures.models import Disclosure, ProvisionReport
from privacy.ledger.authorization import NotPermitted
from privacy.lib.dates import clock
from privacy.lib.registries import deadlines, registers
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON

AFTER = clock.midnight(date(2027, 1, 4))


def due(may: object = lambda _permission: True) -> list[tuple[date, str]]:
    found = deadlines.deadlines_between(
        date(2020, 1, 1), date(2099, 1, 1), on=NOON.date(), may=may, names={"disclosures.report"},  # type: ignore[arg-type]
    )  # fmt: skip
    return [(line.dated.on, line.dated.key) for line in found]


def give(record_class: str, device: Device, *, title: str = "police", on: date | None = None, **said: object) -> None:
    """Material about a device's owner, given to an agency."""
    party = factory.make_third_party(title, kind="investigator", channel="letter", postal_address="서울")
    authority = factory.make_authority(record_class=record_class, **said)
    given = factory.make_provided(device, "model", third_party=party, authority=authority)
    if on is not None:
        Disclosure.objects.filter(pk=given.disclosure.pk).update(provided_on=on)


def record(report: str = "confirmation:2026-07-01", **changes: object) -> ProvisionReport:
    values: dict[str, object] = {"filed_on": date(2027, 1, 3), "receipt": "접수 2027-1", "at": AFTER, **changes}
    actor = values.pop("actor", None) or factory.make_odile(granted=False)
    return disclosures.record_provision_report(report=report, actor=actor, **values)  # type: ignore[arg-type]


@pytest.mark.law("P-09", "P-10")
class OwedTest(PortalTestCase):
    def test_one_is_owed_for_each_kind_and_half_year_in_which_something_was_given(self) -> None:
        assert due() == []
        give("confirmation", factory.make_device(1), permit_no="2026-1")
        give("confirmation", factory.make_device(2), permit_no="2026-2", on=date(2026, 12, 31))
        give("user-information", factory.make_device(3), on=date(2026, 6, 30))
        give("other", factory.make_device(4))
        assert due() == [
            (date(2026, 7, 30), "user-information:2026-01-01"),
            (date(2027, 2, 1), "confirmation:2026-07-01"),
        ], "30 days after the half-year; the 30th of January 2027 is a Saturday"

    def test_the_last_day_of_june_is_of_the_first_half(self) -> None:
        give("user-information", factory.make_device(1), on=date(2026, 7, 1))
        give("user-information", factory.make_device(2), on=date(2026, 6, 30))
        assert [key for _on, key in due()] == ["user-information:2026-01-01", "user-information:2026-07-01"]

    def test_what_somebody_else_was_given_is_neither_owed_nor_counted(self) -> None:
        """A kind of material that stands on a provision to a maker, from before it was refused, is no agency's."""
        give("confirmation", factory.make_device(1), permit_no="2026-1")
        agency = Disclosure.objects.get()
        made = factory.make_provided(factory.make_device(2), "model").disclosure
        Disclosure.objects.filter(pk=made.pk).update(record_class="user-information")
        assert [key for _on, key in due()] == ["confirmation:2026-07-01"]
        Disclosure.objects.filter(pk=made.pk).update(record_class="confirmation")
        filed = record()
        assert [one["agency"] for one in filed.figures] == [agency.third_party.reference]
        assert (filed.documents, filed.people) == (1, 1)

    @pytest.mark.law("P-12")
    def test_nobody_else_sees_that_one_is_owed_or_was_filed(self) -> None:
        give("confirmation", factory.make_device(1), permit_no="2026-1")
        record()
        give("user-information", factory.make_device(2))
        for somebody in (factory.make_hana(), factory.make_aram()):
            assert due(somebody.may) == []
            self.client.force_login(somebody)
            page = self.client.get(reverse("admin:disclosures_provisionreport_changelist"))
            assert page.status_code == 403
            with pytest.raises(NotPermitted):
                record("user-information:2026-07-01", actor=somebody)


@pytest.mark.law("P-09", "P-10")
class FiledTest(PortalTestCase):
    def setUp(self) -> None:
        device = factory.make_device(1)
        give("confirmation", device, permit_no="2026-1")
        give("confirmation", device, permit_no="2026-2", urgent=True, document_due_on=NOON.date())
        give("confirmation", factory.make_device(2), title="prosecutor", permit_no="2026-3")

    def test_it_keeps_the_figures_by_agency_and_is_owed_no_more(self) -> None:
        made = record()
        told = [(one["title"], one["documents"], one["people"], one["urgent"]) for one in made.figures]
        assert told == [("Police Devices", 2, 1, 1), ("Prosecutor Devices", 1, 1, 0)]
        assert (made.documents, made.people, made.due_on) == (3, 2, date(2027, 2, 1))
        assert self.assertLedgered("disclosures.provisions.reported", made)
        assert due() == []
        with pytest.raises(disclosures.NotFiled):
            record()

    def test_it_is_filed_after_the_half_year_and_says_its_receipt(self) -> None:
        for wrong, where in (
            ({"at": clock.midnight(date(2026, 12, 31)), "filed_on": date(2026, 12, 31)}, "/report"),
            ({"report": "user-information:2026-07-01"}, "/report"),
            ({"filed_on": date(2026, 12, 31)}, "/filed_on"),
            ({"filed_on": date(2027, 1, 5)}, "/filed_on"),
            ({"receipt": " "}, "/receipt"),
        ):
            with pytest.raises(disclosures.NotFiled) as refused:
                record(**wrong)  # type: ignore[arg-type]
            assert refused.value.pointer == where
        made = record()
        with pytest.raises(IntegrityError, match="after_its_half_year"), transaction.atomic():
            ProvisionReport.objects.filter(pk=made.pk).update(filed_on=date(2026, 12, 31))

    def test_what_is_filed_leaves_by_the_days_of_the_half_year(self) -> None:
        made = record()
        scope = (factory.make_odile(), NOON, "보고")
        (first, second) = registers.get("provisions-by-half-year").rows(
            registers.ExportScope(made.half_from, made.half_until, *scope)
        )
        assert [list(map(str, row))[1:] for row in (first, second)] == [
            ["Police Devices", "2", "1", "1", "2"], ["Prosecutor Devices", "1", "1", "0", "1"],
        ]  # fmt: skip
        (row,) = registers.get("provision-reports").rows(
            registers.ExportScope(date(2026, 1, 1), date(2026, 12, 31), *scope)
        )
        assert made.reference in row

    def test_the_officer_records_it_on_its_page(self) -> None:
        year = clock.today().year
        give("user-information", factory.make_device(3), on=date(year - 1, 8, 1))
        self.client.force_login(factory.make_odile())
        new = reverse("admin:disclosures_provisionreport_new")
        key, day = f"user-information:{year - 1}-07-01", clock.today().isoformat()
        refused = self.client.post(new, {"report": key, "filed_on": f"{year - 1}-08-02", "receipt": "접수 77"})
        assert "접수 77" in refused.content.decode(), "what was typed stays"
        assert not ProvisionReport.objects.exists()
        shown = self.client.post(new, {"report": key, "filed_on": day, "receipt": "접수 77"}, follow=True)
        assert "Police Devices" in shown.content.decode()
        assert "접수 77" in shown.content.decode()
