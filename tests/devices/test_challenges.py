"""The holder of a device proves it: the portal shows a code, and they type it on the device (law R-06)."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from devices import actions as devices
from devices.models import Challenge
from privacy.ledger.actors import SystemActor
from privacy.lib.dates import clock
from tests import factory
from tests.database import PortalDatabase
from tests.devices.base import ApiTestCase
from tests.privacy.retention.test_races import at_once

TESTS = SystemActor("tests")


@pytest.mark.clause("P1.3")
class ChallengeTest(ApiTestCase):
    def answer(self, made: Challenge, response: str = "confirm", **more: str) -> Any:
        body = {"challenge": str(made.id), "response": response, **more}
        return self.call("POST", f"/devices/{made.device_id}/challenge", body)

    def test_a_waiting_challenge_is_confirmed_by_its_code(self) -> None:
        device = self.device()
        assert self.call("GET", f"/devices/{device.id}/challenge").status_code == 204
        made = devices.issue_challenge(device_id=device.id, case="K7-1", actor=TESTS, at=clock.now())
        asked = self.call("GET", f"/devices/{device.id}/challenge").json()
        assert asked["challenge"] == str(made.id)
        for typed in (made.shown, f" {made.shown[:3].lower()}-{made.shown[3:]}"):
            response = self.answer(made, code=typed)
            assert response.json() == {"challenge": str(made.id), "state": "confirmed"}
        assert self.call("GET", f"/devices/{device.id}/challenge").status_code == 204
        self.assertLedgered("devices.challenge.confirmed", made)

    @pytest.mark.attack("17.9")
    def test_the_device_is_never_told_the_code(self) -> None:
        device = self.device()
        made = devices.issue_challenge(device_id=device.id, case="K7-1", actor=TESTS, at=clock.now())
        response = self.call("GET", f"/devices/{device.id}/challenge")
        assert set(response.json()) == {"challenge", "expires_at"}
        assert made.shown not in response.content.decode()

    @pytest.mark.asvs("6.6.3", "6.6.4")
    @pytest.mark.attack("17.9")
    def test_only_the_typed_code_confirms_and_three_wrong_ones_end_it(self) -> None:
        device = self.device()
        made = devices.issue_challenge(device_id=device.id, case="K7-1", actor=TESTS, at=clock.now())
        wrong = "".join("1" if sign == "0" else "0" for sign in made.shown)
        for forgotten in ({}, {"code": " "}):  # no try at the code
            self.assertProblem(self.answer(made, **forgotten), 400, "malformed", "/code")
        for _try in range(3):
            self.assertProblem(self.answer(made, code=wrong), 409, "wrong-code")
        self.assertProblem(self.answer(made, code=made.shown), 409, "challenge-over")
        made.refresh_from_db()
        assert (made.state, made.is_out_of_tries, made.wrong_codes) == ("denied", True, 3)
        self.assertLedgered("devices.challenge.denied", made)

    @pytest.mark.attack("17.9")
    def test_two_wrong_codes_do_not_keep_the_right_one_out(self) -> None:
        device = self.device()
        made = devices.issue_challenge(device_id=device.id, case="K7-1", actor=TESTS, at=clock.now())
        for _try in range(2):
            self.assertProblem(self.answer(made, code="??????"), 409, "wrong-code")
        assert self.answer(made, code=made.shown).json()["state"] == "confirmed"
        self.assertProblem(self.answer(made, code="??????"), 409, "challenge-over")

    def test_denying_needs_no_code(self) -> None:
        device = self.device()
        made = devices.issue_challenge(device_id=device.id, case="K7-1", actor=TESTS, at=clock.now())
        assert self.answer(made, "deny").json()["state"] == "denied"

    def test_a_denied_challenge_is_not_confirmed_later(self) -> None:
        device = self.device()
        made = devices.issue_challenge(device_id=device.id, case="K7-1", actor=TESTS, at=clock.now())
        self.answer(made, "deny")
        self.assertProblem(self.answer(made, code=made.shown), 409, "challenge-over")

    @pytest.mark.asvs("2.3.2", "6.6.4")
    @pytest.mark.attack("17.9")
    def test_a_case_asks_a_device_three_times_a_day(self) -> None:
        device, at = self.device(), factory.NOON - timedelta(hours=6)
        asked = set()
        for number in range(3):
            moment = at + number * timedelta(hours=1)
            for again in (moment, moment + timedelta(minutes=5)):
                asked.add(devices.issue_challenge(device_id=device.id, case="K7-1", actor=TESTS, at=again).id)
        assert len(asked) == 3
        for case in ("K7-1", "K7-1/download"):
            with pytest.raises(devices.TooManyChallenges):
                devices.issue_challenge(device_id=device.id, case=case, actor=TESTS, at=at + timedelta(hours=4))
        devices.issue_challenge(device_id=device.id, case="K7-2", actor=TESTS, at=at + timedelta(hours=4))
        devices.issue_challenge(device_id=device.id, case="K7-1", actor=TESTS, at=at + timedelta(days=1))

    @pytest.mark.asvs("2.3.2", "6.6.4")
    @pytest.mark.truth("many-cases-wear-nobody-out")
    def test_all_cases_together_ask_a_device_nine_times_a_day_and_then_nobody(self) -> None:
        device, at, nobody = self.device(), clock.now(), uuid4()

        def ask(case: str, *, later: timedelta = timedelta(0)) -> Challenge:
            return devices.issue_challenge(device_id=device.id, case=case, stand_in=nobody, actor=TESTS, at=at + later)

        rounds = [timedelta(minutes=31) * number for number in range(3)]
        asked = [ask(f"K7-{case}", later=later) for later in rounds for case in range(4)]
        assert sum(one.device_id == device.id for one in asked) == 9
        told = [one for one in asked if one.device_id == nobody]
        assert len(told) == 3 and all(len(one.shown) == 6 for one in told)
        assert ask("K7-3", later=rounds[2]) == asked[-1]
        for case in ("K7-0", "K7-3"):  # of a device that is not known too
            with pytest.raises(devices.TooManyChallenges):
                ask(case, later=timedelta(minutes=31) * 3)
        assert ask("K7-3", later=timedelta(days=2)).device_id == device.id

    @pytest.mark.attack("17.6")
    def test_asking_again_after_a_refusal_is_the_same_question(self) -> None:
        device = self.device()
        made = devices.issue_challenge(device_id=device.id, case="K7-1", actor=TESTS, at=clock.now())
        self.answer(made, "deny")
        again = devices.issue_challenge(device_id=device.id, case="K7-1", actor=TESTS, at=clock.now())
        assert again == made

    def test_it_runs_out(self) -> None:
        device = self.device()
        made = devices.issue_challenge(
            device_id=device.id, case="K7-1", actor=TESTS, at=clock.now() - timedelta(hours=1)
        )
        assert self.call("GET", f"/devices/{device.id}/challenge").status_code == 204
        self.assertProblem(self.answer(made, code=made.shown), 409, "challenge-over")
        again = devices.issue_challenge(device_id=device.id, case="K7-1", actor=TESTS, at=clock.now())
        assert again.pk != made.pk

    def test_asking_again_returns_the_one_that_waits(self) -> None:
        device = self.device()
        one = devices.issue_challenge(device_id=device.id, case="K7-1", actor=TESTS, at=clock.now())
        two = devices.issue_challenge(device_id=device.id, case="K7-1", actor=TESTS, at=clock.now())
        assert one.pk == two.pk

    @pytest.mark.asvs("8.2.2")
    def test_another_devices_challenge_and_another_gateways_are_unknown(self) -> None:
        mine, theirs = self.device(1), self.device(2, gateway=factory.make_gate("Other"))
        made = devices.issue_challenge(device_id=theirs.id, case="K7-1", actor=TESTS, at=clock.now())
        answer = {"challenge": str(made.id), "response": "confirm", "code": made.shown}
        self.assertProblem(self.call("POST", f"/devices/{mine.id}/challenge", answer), 404, "unknown-challenge")
        self.assertProblem(self.call("POST", f"/devices/{theirs.id}/challenge", answer), 404, "unknown-device")
        self.assertProblem(self.call("GET", f"/devices/{uuid4()}/challenge"), 404, "unknown-device")
        assert Challenge.objects.get().state == "waiting"

    def test_whoever_listens_learns_of_the_answer(self) -> None:
        heard: list[tuple[Challenge, datetime]] = []

        def listen(challenge: Challenge, at: datetime, **rest: Any) -> None:
            heard.append((challenge, at))

        devices.challenge_answered.connect(listen)
        self.addCleanup(devices.challenge_answered.disconnect, listen)
        device = self.device()
        made = devices.issue_challenge(device_id=device.id, case="K7-1", actor=TESTS, at=clock.now())
        self.answer(made, code=made.shown)
        assert [(challenge.case, challenge.state) for challenge, _at in heard] == [("K7-1", "confirmed")]


@pytest.mark.truth("asked-twice-is-one-challenge")
def test_two_who_ask_at_once_get_the_same_challenge(portal_database: PortalDatabase) -> None:
    device = factory.make_device()
    for number in range(6):

        def ask(case: str = f"K7-{number}") -> Challenge:
            return devices.issue_challenge(device_id=device.id, case=case, actor=TESTS, at=clock.now())

        one, two = at_once(ask, ask)
        assert one == two
