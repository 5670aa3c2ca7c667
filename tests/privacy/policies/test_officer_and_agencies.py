"""Whom people can turn to: designations with their history, agencies with the day they were last verified."""

from datetime import UTC, date, datetime

import pytest

from privacy.ledger.authorization import NotPermitted
from privacy.policies import actions as policies
from privacy.policies.models import Agency, Officer
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON

REACHED = {"department_ko": "정보보호실", "department_en": "Privacy Office", "phone": "02-1234-5678", "email": ""}


class OfficerTest(PortalTestCase):
    def setUp(self) -> None:
        self.odile = factory.make_odile(granted=False)

    @pytest.mark.law("O-02")
    @pytest.mark.clause("P2.1")
    def test_a_new_designation_ends_the_one_before_and_keeps_it(self) -> None:
        officer = policies.designate_officer(
            name="김보호", **REACHED, designated_from=date(2027, 1, 1), actor=self.odile, at=NOON
        )
        before, now = Officer.objects.on(date(2026, 12, 31)), Officer.objects.on(date(2027, 1, 1))
        assert before is not None
        assert now == officer
        assert (before.name, before.designated_until) == ("정경수", date(2026, 12, 31))
        entry = self.assertLedgered("policies.officer.designated", officer)
        assert "김보호" not in entry.payload

    def test_a_designation_does_not_start_before_the_present_one(self) -> None:
        with pytest.raises(policies.DesignationOrder):
            policies.designate_officer(
                name="김보호", **REACHED, designated_from=date(2020, 12, 1), actor=self.odile, at=NOON
            )
        assert Officer.objects.count() == 1

    @pytest.mark.clause("P2.1")
    def test_the_blank_address_can_be_set(self) -> None:
        officer = Officer.objects.get()
        policies.correct_officer(
            officer,
            department_ko=officer.department_ko,
            department_en=officer.department_en,
            phone=officer.phone,
            email="privacy@extrus.example",
            actor=self.odile,
            at=NOON,
        )
        officer.refresh_from_db()
        assert officer.email == "privacy@extrus.example"
        entry = self.assertLedgered("policies.officer.corrected", officer)
        assert '"fields":["email"]' in entry.payload
        assert "extrus.example" not in entry.payload

    def test_an_ended_designation_stays_as_it_was(self) -> None:
        first = Officer.objects.get()
        policies.designate_officer(
            name="김보호", **REACHED, designated_from=date(2027, 1, 1), actor=self.odile, at=NOON
        )
        ended = datetime(2027, 1, 1, 3, 0, tzinfo=UTC)
        with pytest.raises(policies.DesignationOrder):
            policies.correct_officer(first, **REACHED, actor=self.odile, at=ended)

    @pytest.mark.truth("designation-called-ended")
    def test_who_is_followed_later_is_reached_at_a_new_number_until_then(self) -> None:
        first = Officer.objects.get()
        policies.designate_officer(
            name="김보호", **REACHED, designated_from=date(2027, 1, 1), actor=self.odile, at=NOON
        )
        policies.correct_officer(first, **REACHED | {"phone": "02-9999-0000"}, actor=self.odile, at=NOON)
        present = Officer.objects.on(NOON.date())
        assert present is not None
        assert (present.name, present.phone) == ("정경수", "02-9999-0000")

    @pytest.mark.law("O-02")
    def test_a_handler_designates_nobody(self) -> None:
        with pytest.raises(NotPermitted):
            policies.designate_officer(
                name="김보호",
                **REACHED,
                designated_from=date(2027, 1, 1),
                actor=factory.make_hana(granted=False),
                at=NOON,
            )

    @pytest.mark.law("V-09")
    @pytest.mark.clause("P2.2")
    def test_an_agency_is_verified_and_corrected(self) -> None:
        agency = Agency.objects.get(phone="1301")
        policies.verify_agency(
            agency,
            name_ko="공소청",
            name_en="Public Prosecution Office",
            phone="1301",
            url=agency.url,
            actor=self.odile,
            at=NOON,
        )
        agency.refresh_from_db()
        assert (agency.name_ko, agency.last_verified_on) == ("공소청", date(2026, 11, 24))
        self.assertLedgered("policies.agency.verified", agency)
