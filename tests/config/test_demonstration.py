"""The example data is loaded whole also where an earlier start was broken off."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.test import override_settings
from django.utils import timezone

from config.demonstration import example_data, example_reviews, example_safeguards, example_systems
from config.demonstration.example_accounts import fill_staff_registers, make_people, shorten_waits
from config.demonstration.example_recipients import CARRIER
from config.demonstration.http_client import GatewayClient
from privacy.accounts.models import User
from privacy.ledger.models import Review
from privacy.lib.documents import pdf
from privacy.policies import actions as policies
from privacy.policies.models import PolicyVersion
from privacy.retention.models import ArchiveAccess, ArchivedRecord
from privacy.safeguards.models import Area, AreaEntry, AreaPermit, ManagementPlan, Measure, MediaMovement
from privacy.workforce.models import Course, CourseCompletion, TrainingSession
from tests.base import PortalTestCase
from tests.config.test_walk import PortalUnderTest, open_office
from tests.config.test_walk import base as base
from tests.config.test_walk import portal as portal
from tests.database import PortalDatabase


class BrokenOff(Exception):
    """The start ended here."""


def load_until(step: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Load until a step that is not reached."""

    def ends(*_given: object, **_named: object) -> None:
        raise BrokenOff

    monkeypatch.setattr(example_data, step, ends)
    return example_data.load_examples("http://127.0.0.1:1")


@pytest.mark.truth("demo-broken-off")
def test_a_start_that_was_broken_off_is_made_good_by_the_next(
    portal_database: PortalDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _start in range(2):
        with pytest.raises(BrokenOff):
            list(load_until("register_device", monkeypatch))
    named = {"reason_ko": CARRIER.reason_ko, "reason_en": CARRIER.reason_en}
    assert PolicyVersion.objects.filter(**named).count() == 1


@override_settings(DEVELOPMENT=False, OUTBOUND_NETWORKS=[])
def test_systems_are_registered_on_an_installation_too(portal_database: PortalDatabase) -> None:
    at = timezone.now()
    assert "waits for a second person" in example_systems.register_systems(make_people(at), at)


@pytest.mark.truth("demo-broken-off")
def test_safeguards_are_loaded_whole_or_not_at_all(
    portal_database: PortalDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = timezone.now()
    policies.record_shipped_seals(actor=example_data.DEMO, at=at)
    shorten_waits(at)
    people = make_people(at)

    def fails(*_given: object, **_named: object) -> bytes:
        raise BrokenOff

    with monkeypatch.context() as broken, pytest.raises(BrokenOff):
        broken.setattr(pdf, "render", fails)
        example_safeguards.load_safeguards(people, at)
    assert not ManagementPlan.objects.exists() and not Measure.objects.exists()
    assert example_safeguards.load_safeguards(people, at)[-1] == "an annual report"
    assert example_safeguards.load_safeguards(people, at) == []


@pytest.mark.clause("P6.4")
def test_the_archive_keeps_what_a_law_preserves_of_a_withdrawn_agreement(portal: PortalUnderTest, base: str) -> None:
    """Through the API and the worker, as a user's withdrawal goes; and a handler asks to read it."""
    portal.behind = timedelta()
    open_office()
    at = timezone.now()
    example_data.shorten_waits(at)
    people = make_people(at)
    gateway = GatewayClient(base, example_data.make_token("Demo MDM server", people, at=at))
    example_data.archive_an_access(gateway, people, at)
    asked = ArchiveAccess.objects.get()
    kept = ArchivedRecord.objects.filter(subject_id=asked.subject_id, rule=asked.rule)
    assert [row.kind for row in portal.wait_until(lambda: list(kept.all()), "nothing was archived")] == ["access"]
    assert (asked.asked_by, asked.approved_at) == (people["Hana"].ref, None)


class RegistersOfTheDemo(PortalTestCase):
    """Courses, reviews and areas are there to look at."""

    people: dict[str, User]

    @classmethod
    def setUpTestData(cls) -> None:
        at = timezone.now()
        policies.record_shipped_seals(actor=example_data.DEMO, at=at)
        shorten_waits(at)
        cls.people = make_people(at)

    @pytest.mark.clause("P8.9")
    def test_a_course_was_held_one_is_given_outside_and_a_session_is_to_come(self) -> None:
        fill_staff_registers(self.people, timezone.now())
        assert sorted(Course.objects.values_list("kind", flat=True)) == ["in-house", "in-house", "outside"]
        assert sorted(TrainingSession.objects.values_list("state", flat=True)) == ["completed", "planned"]
        attended = CourseCompletion.objects.filter(session__course__code="incident-response")
        assert {done.user for done in attended} == {self.people["Hana"], self.people["Aram"]}

    @pytest.mark.clause("P8.3")
    def test_one_monthly_review_is_confirmed_and_the_next_waits_for_its_reviewer(self) -> None:
        told = {example_reviews.review_access_records(self.people, timezone.now()) for _start in range(2)}
        assert told == {"monthly reviews of access records: 1 confirmed, 1 to sign"}
        first, second = Review.objects.order_by("period_from")
        assert first.period_until + timedelta(days=1) == second.period_from
        assert (first.state, second.state) == (Review.State.CONFIRMED, Review.State.SAMPLED)
        assert (first.reviewer, first.confirmer) == (self.people["Aram"].ref, self.people["Omar"].ref)

    @pytest.mark.clause("P8.11")
    def test_areas_have_permits_entries_and_a_medium_that_is_out(self) -> None:
        example_safeguards.record_area_visits(self.people["Odile"], self.people["Hana"], at=timezone.now())
        assert set(Area.objects.values_list("kind", flat=True)) == {"computer-room", "data-room"}
        assert AreaPermit.objects.count() == 1 and MediaMovement.objects.outside().count() == 1
        assert {entry.who for entry in AreaEntry.objects.all()} == {"한빛전자 유지보수", self.people["Hana"].ref}
