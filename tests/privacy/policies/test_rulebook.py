"""The rulebook in force tells everybody what may be collected, why, and for how long."""

from dataclasses import FrozenInstanceError
from datetime import date, timedelta
from typing import cast

import pytest

from privacy.policies import actions as policies
from privacy.policies import rulebook
from privacy.policies.models import Purpose, RetentionTrigger
from privacy.vault import purposes as vault_purposes
from tests import factory
from tests.base import PortalTestCase
from tests.database import PortalDatabase
from tests.factories.accounts import NOON

TODAY = date(2026, 11, 24)


class RulebookTest(PortalTestCase):
    @pytest.mark.clause("P3.1")
    def test_device_registration_is_declared_with_its_items(self) -> None:
        book = rulebook.in_force(TODAY)
        assert book.items("device-registration") == {
            "imei", "serial_number", "adb_number", "model", "model_description", "os_version", "os_build", "time_zone",
            "licence_key",
        }  # fmt: skip
        identifiers = {code for code, item in book.category("device-registration").items.items() if item.identifier}
        assert identifiers == {"imei", "serial_number", "adb_number"}
        assert not book.category("device-registration").optional

    @pytest.mark.clause("P3.2")
    def test_service_analytics_is_declared_with_its_items(self) -> None:
        book = rulebook.in_force(TODAY)
        assert book.items("service-analytics") == {
            "status", "activation", "access_count", "access", "app_status", "configuration",
        }  # fmt: skip
        assert not book.category("service-analytics").optional

    @pytest.mark.clause("P3.3")
    def test_app_logs_are_optional(self) -> None:
        book = rulebook.in_force(TODAY)
        assert book.items("app-log") == {"app_log"}
        assert book.category("app-log").optional

    @pytest.mark.clause("P4.1")
    def test_each_category_has_one_declared_purpose(self) -> None:
        book = rulebook.in_force(TODAY)
        internal = set(Purpose.objects.filter(is_internal=True).values_list("code", flat=True))
        declared = {code: book.purposes(code) - internal for code in book.categories}
        assert declared == {
            "device-registration": {"registration"},
            "service-analytics": {"analytics"},
            "app-log": {"error-analysis"},
        }

    def test_the_duties_of_the_office_need_no_declaration(self) -> None:
        book = rulebook.in_force(TODAY)
        for code in book.categories:
            assert {"rights", "legal-duty", "destruction"} <= book.purposes(code)

    def test_rulebook_and_vault_know_the_same_purposes(self) -> None:
        assert set(Purpose.objects.values_list("code", flat=True)) == {
            str(purpose) for purpose in vault_purposes.Purpose
        }

    @pytest.mark.law("D-11")
    @pytest.mark.clause("P6.1")
    def test_registration_data_is_kept_two_years_after_the_licence(self) -> None:
        term = rulebook.in_force(TODAY).retention("device-registration")
        assert (term.clock, term.years, term.months) == (RetentionTrigger.LICENCE_EXPIRY, 2, 0)
        assert term.approval_required

    @pytest.mark.law("D-12")
    @pytest.mark.clause("P6.2")
    def test_analytics_data_is_kept_five_years_after_the_service(self) -> None:
        term = rulebook.in_force(TODAY).retention("service-analytics")
        assert (term.clock, term.years, term.months) == (RetentionTrigger.SERVICE_END, 5, 0)
        assert term.approval_required

    @pytest.mark.law("D-13")
    @pytest.mark.clause("P6.3")
    def test_app_logs_are_kept_at_most_a_month_and_need_no_approval(self) -> None:
        term = rulebook.in_force(TODAY).retention("app-log")
        assert (term.clock, term.years, term.months) == (RetentionTrigger.PURPOSE_ACHIEVED, 0, 1)
        assert not term.approval_required

    @pytest.mark.law("D-14", "D-15")
    @pytest.mark.clause("P6.4")
    def test_internet_logs_are_preserved_three_months_and_other_records_twelve(self) -> None:
        book = rulebook.in_force(TODAY)
        assert {code: rule.months for code, rule in book.preservation.items()} == {
            "internet-log": 3,
            "communication-confirmation": 12,
        }
        assert list(book.preservation["communication-confirmation"].record_kinds) == [], (
            "nobody chose what is call data"
        )
        preserved = book.preserving("access")
        assert preserved is not None
        assert preserved.law_en == "Protection of Communications Secrets Act"
        assert book.preserving("app-log") is None

    @pytest.mark.clause("P0.1")
    def test_every_item_belongs_to_exactly_one_category(self) -> None:
        book = rulebook.in_force(TODAY)
        items = [item for code in book.categories for item in book.items(code)]
        assert len(items) == len(set(items))
        assert book.category_of("imei") == "device-registration"
        assert book.category_of("religion") is None

    def test_an_undeclared_category_is_refused_with_a_message(self) -> None:
        with pytest.raises(rulebook.UnknownCategory) as refused:
            rulebook.in_force(TODAY).items("health")
        assert refused.value.code == "unknown-category"
        assert "health" in str(refused.value)

    def test_before_the_first_policy_there_is_no_rulebook(self) -> None:
        assert rulebook.in_force(date(2020, 12, 1)).version == "2020-12-01"
        with pytest.raises(rulebook.NoPolicyInForce):
            rulebook.in_force(date(2020, 11, 30))

    def test_a_rulebook_cannot_be_changed(self) -> None:
        book = rulebook.in_force(TODAY)
        with pytest.raises(FrozenInstanceError):
            book.version = "x"  # type: ignore[misc]
        with pytest.raises(TypeError):
            cast(dict[str, object], book.categories)["x"] = None

    @pytest.mark.clause("P0.2")
    def test_a_new_version_rules_from_its_own_day_and_never_before(self) -> None:
        version = factory.make_policy(years=3)
        day = version.effective_on
        assert day is not None
        assert rulebook.in_force(day - timedelta(1)).retention("device-registration").years == 2
        assert rulebook.in_force(day).retention("device-registration").years == 3
        assert rulebook.in_force(day).version == version.number
        assert rulebook.in_force(TODAY).version == "2020-12-01"

    def test_a_snapshot_is_read_once(self) -> None:
        rulebook.in_force(TODAY)
        with self.assertNumQueries(1):
            rulebook.in_force(TODAY)


class ParameterTest(PortalTestCase):
    def test_the_numbers_of_the_law_are_there(self) -> None:
        """Rule base §1."""
        wanted = {
            "rights.answer.days": 10,
            "rights.postponed.answer.days": 10,
            "destruction.within.days": 5,
            "child.unconfirmed.days": 5,
            "breach.notify.hours": 72,
            "intrusion.report.hours": 24,
            "advertising.result.days": 14,
            "advertising.confirm.years": 2,
            "freeze.unverified.days": 10,
        }
        assert {code: rulebook.parameter(code, TODAY) for code in wanted} == wanted

    def test_a_number_holds_from_its_day(self) -> None:
        policies.set_parameter(
            code="breach.notify.hours", value=48, effective_on=date(2027, 1, 1), basis="B-02",
            actor=factory.make_odile(), at=NOON,
        )  # fmt: skip
        assert rulebook.parameter("breach.notify.hours", date(2026, 12, 31)) == 72
        assert rulebook.parameter("breach.notify.hours", date(2027, 1, 1)) == 48

    @pytest.mark.truth("17")
    def test_a_day_before_the_first_value_has_the_first_one(self) -> None:
        assert rulebook.parameter("breach.notify.hours", date(2023, 9, 14)) == 72
        assert rulebook.parameters(["rights.answer.days"], date(1999, 1, 1)) == {"rights.answer.days": 10}

    def test_an_unknown_number_is_refused(self) -> None:
        with pytest.raises(rulebook.UnknownParameter) as refused:
            rulebook.parameter("rights.answer.weeks", TODAY)
        assert refused.value.code == "unknown-parameter"


@pytest.mark.truth("20.12")
def test_no_process_keeps_a_parameter_that_it_read(portal_database: PortalDatabase) -> None:
    """What another process set is in force at once in one that has read the number before."""
    before = rulebook.parameter("breach.notify.hours", TODAY)
    with portal_database.connect() as owner:
        owner.execute(
            "INSERT INTO policies_parameter (id, code, value, unit, effective_on, basis)"
            " SELECT gen_random_uuid(), code, value - 1, unit, %s, basis FROM policies_parameter"
            " WHERE code = 'breach.notify.hours'",
            [TODAY],
        )
    assert rulebook.parameter("breach.notify.hours", TODAY) == before - 1
