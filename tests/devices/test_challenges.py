"""The holder of a device proves it: the portal shows a code, the agent confirms it (law R-06)."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from devices import actions as devices
from devices.models import Challenge
from privacy.ledger.actors import System
from privacy.lib import clock
from tests import factory
from tests.devices.base import ApiTestCase

TESTS = System("tests")


@pytest.mark.clause("P1.3")
class ChallengeTest(ApiTestCase):
    def test_a_waiting_challenge_is_shown_and_confirmed(self) -> None:
        device = self.device()
        assert self.call("GET", f"/devices/{device.id}/challenge").status_code == 204
        made = devices.challenge(device_id=device.id, case="K7-1", actor=TESTS, at=clock.now())
        shown = self.call("GET", f"/devices/{device.id}/challenge").json()
        assert (shown["challenge"], shown["shown"]) == (str(made.id), made.shown)
        answer = {"challenge": shown["challenge"], "response": "confirm"}
        for _again in range(2):
            response = self.call("POST", f"/devices/{device.id}/challenge", answer)
            assert response.json() == {"challenge": str(made.id), "state": "confirmed"}
        assert self.call("GET", f"/devices/{device.id}/challenge").status_code == 204
        self.assertLedgered("devices.challenge.confirmed", made)

    def test_a_denied_challenge_is_not_confirmed_later(self) -> None:
        device = self.device()
        made = devices.challenge(device_id=device.id, case="K7-1", actor=TESTS, at=clock.now())
        self.call("POST", f"/devices/{device.id}/challenge", {"challenge": str(made.id), "response": "deny"})
        response = self.call(
            "POST", f"/devices/{device.id}/challenge", {"challenge": str(made.id), "response": "confirm"}
        )
        self.assertProblem(response, 409, "challenge-over")

    def test_it_runs_out(self) -> None:
        device = self.device()
        made = devices.challenge(device_id=device.id, case="K7-1", actor=TESTS, at=clock.now() - timedelta(hours=1))
        assert self.call("GET", f"/devices/{device.id}/challenge").status_code == 204
        response = self.call(
            "POST", f"/devices/{device.id}/challenge", {"challenge": str(made.id), "response": "confirm"}
        )
        self.assertProblem(response, 409, "challenge-over")
        again = devices.challenge(device_id=device.id, case="K7-1", actor=TESTS, at=clock.now())
        assert again.pk != made.pk

    def test_asking_again_returns_the_one_that_waits(self) -> None:
        device = self.device()
        one = devices.challenge(device_id=device.id, case="K7-1", actor=TESTS, at=clock.now())
        two = devices.challenge(device_id=device.id, case="K7-1", actor=TESTS, at=clock.now())
        assert one.pk == two.pk

    def test_another_devices_challenge_and_another_gateways_are_unknown(self) -> None:
        mine, theirs = self.device(1), self.device(2, gateway=factory.make_gate("Other"))
        made = devices.challenge(device_id=theirs.id, case="K7-1", actor=TESTS, at=clock.now())
        answer = {"challenge": str(made.id), "response": "confirm"}
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
        made = devices.challenge(device_id=device.id, case="K7-1", actor=TESTS, at=clock.now())
        self.call("POST", f"/devices/{device.id}/challenge", {"challenge": str(made.id), "response": "confirm"})
        assert [(challenge.case, challenge.state) for challenge, _at in heard] == [("K7-1", "confirmed")]
