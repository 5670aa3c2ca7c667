"""Under an Idempotency-Key the same write gets the same answer, another one is refused (SEC-38)."""

from datetime import timedelta
from uuid import uuid4

import pytest

from devices import actions as devices
from devices.models import Device, IdempotentResponse
from tests import factory
from tests.devices.base import ApiTestCase


@pytest.mark.fault("FLT-18")
@pytest.mark.asvs("2.3.3")
class IdempotencyTest(ApiTestCase):
    def test_the_same_key_and_request_get_the_same_answer(self) -> None:
        path = f"/devices/{uuid4()}"
        first = self.call("PUT", path, factory.registration(), key="a")
        second = self.call("PUT", path, factory.registration(), key="a")
        assert (first.status_code, second.status_code) == (201, 201)
        assert first.json() == second.json()

    def test_the_same_key_with_another_request_is_refused(self) -> None:
        self.call("PUT", f"/devices/{uuid4()}", factory.registration(), key="a")
        response = self.call("PUT", f"/devices/{uuid4()}", factory.registration(2), key="a")
        self.assertProblem(response, 422, "key-reused")
        assert Device.objects.count() == 1

    def test_a_refused_write_does_not_use_up_its_key(self) -> None:
        path = f"/devices/{uuid4()}"
        self.assertProblem(self.call("PATCH", path, {"model": "X"}, key="a"), 404, "unknown-device")
        self.call("PUT", path, factory.registration())
        assert self.call("PATCH", path, {"model": "X"}, key="a").status_code == 200

    @pytest.mark.asvs("8.4.1")
    def test_a_key_belongs_to_its_gateway(self) -> None:
        self.call("PUT", f"/devices/{uuid4()}", factory.registration(), key="a")
        token = factory.make_token("Other", at=self.now)
        assert self.call("PUT", f"/devices/{uuid4()}", factory.registration(2), key="a", token=token).status_code == 201

    def test_while_a_write_is_under_way_its_key_waits_and_is_taken_over_later(self) -> None:
        claim = {"caller_id": self.gate.gateway_id, "key": "a", "digest": b"x" * 32}
        assert devices.claim_idempotency_key(**claim, at=self.now) is None
        with self.assertRaises(devices.RequestInProgress):
            devices.claim_idempotency_key(**claim, at=self.now + timedelta(seconds=5))
        assert devices.claim_idempotency_key(**claim, at=self.now + timedelta(seconds=61)) is None

    def test_a_key_is_short_and_printable(self) -> None:
        for key in ("x" * 129, "ä"):
            response = self.call("PUT", f"/devices/{uuid4()}", factory.registration(), key=key)
            self.assertProblem(response, 400, "malformed")

    def test_answers_are_forgotten_after_a_week(self) -> None:
        self.call("PUT", f"/devices/{uuid4()}", factory.registration(), key="a")
        assert devices.delete_expired_responses(at=self.now + timedelta(days=6)) == 0
        assert devices.delete_expired_responses(at=self.now + timedelta(days=8)) == 1
        assert not IdempotentResponse.objects.exists()
