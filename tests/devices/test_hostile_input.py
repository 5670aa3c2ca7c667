"""Whatever is sent, the API answers as it says it does: never with an error of ours, and it stores only what it says
(SEC-36)."""

import json
import os
import random
from typing import Any

import msgspec
import pytest
from django.http import HttpResponse

from devices import schemas
from devices.models import AppLog, Batch, Device, Report
from devices.wire import BatchAnswer
from tests import factory
from tests.devices import hostile
from tests.devices.base import ApiTestCase

SHAPES: dict[str, Any] = {
    "consents_get": schemas.ConsentsOut, "consents_put": schemas.ReceiptOut, "challenge_get": schemas.ChallengeOut,
    "challenge_post": schemas.ChallengeDone, "permission_get": schemas.PermissionOut,
}  # fmt: skip
SEED = int(os.environ.get("HOSTILE_SEED", "0")) or random.SystemRandom().randrange(2**32)


@pytest.mark.asvs("2.2.1")
class HostileInputTest(ApiTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.target = self.device(1, agreed=("activation", "app-log"))

    def test_a_thousand_hostile_requests(self) -> None:
        self.try_some(1_000)

    @pytest.mark.faults
    def test_ten_thousand_hostile_requests(self) -> None:
        self.try_some(int(10_000 * float(os.environ.get("SCALE", "1"))))

    def try_some(self, count: int) -> None:
        print(f"seed {SEED}: HOSTILE_SEED={SEED} tries the same again")
        source = random.Random(SEED)
        acknowledged = 0
        for number in range(count):
            made = hostile.request(source, self.target, self.now.isoformat())
            told = f"seed {SEED}, request {number}: {made}"
            try:
                response = self.ask(made)
            except Exception as error:
                raise AssertionError(f"{told}: {error!r}") from error
            assert response.status_code < 500, told
            acknowledged += self.judge(made, response, told)
        # What was acknowledged is there, and nothing besides: a refused report left nothing.
        assert Report.objects.count() + AppLog.objects.count() == acknowledged
        assert sum(Batch.objects.values_list("stored", flat=True)) == acknowledged
        assert all(device.model is not None for device in Device.objects.all())

    def ask(self, made: hostile.Hostile) -> HttpResponse:
        headers = {"Authorization": f"Bearer {self.token}", **made.headers}
        kind = headers.pop("Content-Type", "application/json")
        length = headers.pop("Content-Length", None)
        extra = {"CONTENT_TYPE": kind} | ({} if length is None else {"CONTENT_LENGTH": length})
        return self.client.generic(
            made.method, f"/api/v1{made.path}", made.content, content_type=kind, headers=headers, **extra
        )

    def judge(self, made: hostile.Hostile, response: HttpResponse, told: str) -> int:
        """Check the answer against what is published; return how many reports it acknowledges for the first time."""
        if response.status_code >= 400:
            assert response.headers["Content-Type"] == "application/problem+json", told
            if made.method != "HEAD":
                problem = schemas.ProblemOut.model_validate(json.loads(response.content))
                assert problem.status == response.status_code, told
                for secret in (hostile.resident_number("900101", "123456"), factory.imei(1)):
                    assert secret not in response.content.decode(), told
            return 0
        if response.status_code == 204 or made.method in {"HEAD", "OPTIONS"} or made.path.startswith("/openapi"):
            return 0
        answer = json.loads(response.content)
        if "stored" in answer:
            batch = msgspec.convert(answer, BatchAnswer, strict=False)
            assert all(refused.pointer.startswith("/reports/") for refused in batch.refused), told
            return batch.stored
        name = f"{made.path.partition('?')[0].rstrip('/').rpartition('/')[2]}_{made.method.lower()}"
        if name.startswith("app-log"):
            name = "consents_put"
        SHAPES.get(name, schemas.DeviceOut).model_validate(answer)
        return 0
