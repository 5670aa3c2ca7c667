"""No valid pledge and training, no vault: for everybody, at the one place that decides, to the minute (P8.9, P8.10)."""

from datetime import UTC, date, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import RequestFactory
from django.urls import reverse

from devices import problems
from devices.machine_api import refused
from privacy.accounts.access_requirements import RequirementsNotMet
from privacy.accounts.access_requirements_middleware import AccessRequirementsMiddleware
from privacy.accounts.models import User
from privacy.ledger.actors import SystemActor
from privacy.lib.dates import clock
from privacy.vault import actions as vault
from privacy.vault.purposes import Purpose
from privacy.workforce.models import Pledge
from tests.base import PortalTestCase
from tests.factory import (
    NOON,
    PASSWORD,
    grant_everything,
    make_device,
    make_omar,
    make_pledge,
    make_training,
    make_user,
)

TODAY = date(2026, 11, 24)


def kst(year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0) -> datetime:
    """A moment in Korea, which has no summer time: nine hours before it in UTC."""
    return datetime(year, month, day, hour, minute, second, tzinfo=UTC) - timedelta(hours=9)


@pytest.mark.clause("P8.9")
@pytest.mark.clause("P8.10")
class GateTest(PortalTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.device = make_device(1)
        self.hana = make_user("hana@extrus.example", "Hana", "handler", fit=False)
        grant_everything(self.hana, by=make_omar())

    def read(self, at: datetime, user: User | None = None) -> str:
        with vault.opened(
            purpose=Purpose.REGISTRATION, task="tests.device.read", actor=user or self.hana, at=at
        ) as vault_session:
            return str(vault_session.decrypt(self.device, "model"))

    @pytest.mark.law("S-31", "S-32", "O-08")
    def test_with_neither_the_vault_stays_shut_and_says_what_to_do(self) -> None:
        with pytest.raises(RequirementsNotMet) as told:
            self.read(NOON)
        message = str(told.value)
        assert reverse("workforce:pledges") in message
        assert reverse("workforce:training") in message
        assert [lack.code for lack in told.value.lacking] == ["pledge", "training"]
        self.assertLedgered("vault.opening.denied")

    def test_a_pledge_alone_or_a_training_alone_is_not_enough(self) -> None:
        make_pledge(self.hana)
        with pytest.raises(RequirementsNotMet) as told:
            self.read(NOON)
        assert [lack.code for lack in told.value.lacking] == ["training"]
        make_training(self.hana)
        assert self.read(NOON)

    def test_nobody_is_excepted_neither_an_officer_nor_who_joined_long_ago(self) -> None:
        old = make_user("ola@extrus.example", "Ola", "officer", at=datetime(2021, 1, 4, tzinfo=UTC), fit=False)
        grant_everything(old, by=make_omar())
        with pytest.raises(RequirementsNotMet):
            self.read(NOON, old)

    @pytest.mark.asvs("8.2.4")
    def test_the_pledge_ends_at_midnight_in_korea(self) -> None:
        make_training(self.hana)
        make_pledge(self.hana, signed_on=date(2025, 11, 24), valid_until=date(2026, 11, 23))
        assert self.read(kst(2026, 11, 23, 23, 59, 59))
        with pytest.raises(RequirementsNotMet):
            self.read(kst(2026, 11, 24))

    @pytest.mark.asvs("8.2.4")
    def test_the_training_ends_at_midnight_of_the_year_in_korea(self) -> None:
        make_pledge(self.hana)
        make_training(self.hana, completed_on=date(2025, 12, 31), valid_until=date(2026, 12, 31))
        assert self.read(kst(2026, 12, 31, 23, 59, 59))
        assert kst(2027, 1, 1).year == 2026  # in UTC it is still the old year
        with pytest.raises(RequirementsNotMet):
            self.read(kst(2027, 1, 1))

    def test_midnight_is_the_same_in_summer_when_others_have_summer_time(self) -> None:
        make_training(self.hana)
        make_pledge(self.hana, signed_on=date(2025, 7, 1), valid_until=date(2026, 6, 30))
        assert self.read(kst(2026, 6, 30, 23, 59, 59))
        with pytest.raises(RequirementsNotMet):
            self.read(kst(2026, 7, 1))

    def test_it_begins_on_the_day_of_signing(self) -> None:
        make_training(self.hana)
        make_pledge(self.hana, signed_on=TODAY)
        with pytest.raises(RequirementsNotMet):
            self.read(kst(2026, 11, 23, 23, 59, 59))
        assert self.read(kst(2026, 11, 24))

    def test_a_pledge_that_no_longer_matches_its_seal_does_not_count(self) -> None:
        make_training(self.hana)
        pledge = Pledge(
            user=self.hana, text=make_pledge(make_omar()).text, language="ko", typed_name="Hana", signed_at=NOON,
            signed_on=TODAY, valid_until=TODAY, seal="0" * 64,
        )  # fmt: skip
        pledge.save(force_insert=True)
        with pytest.raises(RequirementsNotMet):
            self.read(NOON)

    def test_the_moving_of_sealed_values_asks_the_same(self) -> None:
        from privacy.vault.actions.reencryption import CiphertextLocation, ReencryptionInput, reencrypt

        place = CiphertextLocation(label="devices.applog", category="app-log", field="body")
        bundle = ReencryptionInput(self.device.pk, self.device.subject_id, "app-log", TODAY.replace(day=1), [], [])
        with pytest.raises(RequirementsNotMet):
            reencrypt(
                [bundle], source=place, target=place, task="tests.row.moved", reason="x", actor=self.hana, at=NOON
            )

    def test_the_portals_own_jobs_sign_nothing(self) -> None:
        with vault.opened(
            purpose=Purpose.REGISTRATION, task="tests.device.read", actor=SystemActor("tests"), at=NOON
        ) as vault_session:
            assert vault_session.decrypt(self.device, "model")


@pytest.mark.clause("P8.9")
@pytest.mark.clause("P8.10")
class AnswerTest(PortalTestCase):
    """What people and machines are told where a page did not catch the refusal itself."""

    def lacking(self) -> RequirementsNotMet:
        user = make_user("nina@extrus.example", "Nina", "handler", fit=False)
        return RequirementsNotMet(user.shortfalls(TODAY))

    def test_a_page_answers_403_with_the_way_out(self) -> None:
        request = RequestFactory().get("/office/")
        request.user = make_omar()
        answer = AccessRequirementsMiddleware(lambda _request: None).process_exception(request, self.lacking())  # type: ignore[arg-type,return-value]
        assert answer is not None
        assert answer.status_code == 403
        assert reverse("workforce:pledges") in answer.content.decode()

    def test_the_api_answers_a_problem_without_markup(self) -> None:
        request = RequestFactory().get("/api/v1/devices/")
        answer = refused(request, self.lacking())
        told = answer.content.decode()
        assert answer.status_code == 403
        assert answer.headers["Content-Type"].startswith(problems.CONTENT_TYPE)
        assert "not-fit" in told
        assert "/staff/pledges/" in told
        assert "<a" not in told

    def test_the_middleware_answers_the_api_alike(self) -> None:
        request = RequestFactory().get("/api/v1/devices/")
        answer = AccessRequirementsMiddleware(lambda _request: None).process_exception(request, self.lacking())  # type: ignore[arg-type,return-value]
        assert answer is not None
        assert answer.status_code == 403
        assert "/staff/training/" in answer.content.decode()


@pytest.mark.clause("P8.9")
@pytest.mark.clause("P8.10")
class FirstOfficerTest(PortalTestCase):
    """A new installation: nobody is fit, nothing is granted, and the first officer gets there alone."""

    def test_signs_and_is_trained_in_the_browser_without_any_access(self) -> None:
        first = make_user("first@extrus.example", "First", "officer", fit=False)
        self.client.login(username=first.email, password=PASSWORD)
        page = self.client.get(reverse("workforce:sign", args=["entry"]))
        answer = self.client.post(
            reverse("workforce:sign", args=["entry"]),
            {"text": page.context["text"].pk, "read": "on", "typed_name": "First", "password": PASSWORD},
        )
        assert answer.status_code == 302
        course = reverse("workforce:course", args=["privacy-basics"])
        right = self.client.get(course).context["course"].questions
        answer = self.client.post(course, {f"question_{n}": q["right"] for n, q in enumerate(right)})
        assert answer.status_code == 302
        assert first.shortfalls(clock.today()) == []

    def test_is_made_by_a_command_that_makes_only_the_first_two(self) -> None:
        for name in ("first", "second"):
            call_command("first_officer", f"{name}@extrus.example", name.title(), stdout=StringIO())
        with pytest.raises(CommandError):
            call_command("first_officer", "third@extrus.example", "Third")
        first = User.objects.get(email="first@extrus.example")
        assert first.roles == ["officer"]
        assert first.shortfalls(TODAY)
