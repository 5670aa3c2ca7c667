"""Whatever is sent to the API of the office, it answers as it says it does, and never with an error of ours.

The ordinary run makes the same calls each time; ``make faults`` run whole makes new ones (``SCALE`` scales it,
``HOSTILE_SEED`` repeats it).
"""

import logging
import os
import random
from typing import Any
from uuid import uuid4

import pytest

from privacy.lib.dates import clock
from privacy.office_api.models import Credential
from tests import factory
from tests.devices import fuzzing
from tests.devices.api_description import Published
from tests.privacy.office_api.base import ROOT, OfficeApiTestCase
from tests.privacy.office_api.test_calls import NEW_CASE
from tests.seeds import drawn

SCALE = float(os.environ.get("SCALE", "1"))
ORDINARY, CALLS = 20_261_128, 150
SEED = drawn("HOSTILE_SEED")


@pytest.mark.asvs("1.4.2", "2.2.1")
class HostileCallTests(OfficeApiTestCase):
    def setUp(self) -> None:
        super().setUp()
        Credential.objects.update(rate=1_000_000)
        self.device = factory.make_device(1, at=self.now)
        self.number = factory.ask(at=self.now).number
        self.published = Published(self.client.get(f"{ROOT}/openapi.json").json())
        refusals = logging.getLogger("django.request")
        self.addCleanup(refusals.setLevel, refusals.level)
        refusals.setLevel(logging.ERROR)

    @pytest.mark.asvs("15.3.1")
    def test_hostile_calls_are_answered_as_published(self) -> None:
        self.bend(CALLS, ORDINARY)

    @pytest.mark.faults
    def test_ten_thousand_hostile_calls(self) -> None:
        self.bend(max(CALLS, int(10_000 * SCALE)), SEED)

    def bend(self, count: int, seed: int) -> None:
        good = 0
        source = random.Random(seed)
        for _each in range(count):
            made = fuzzing.bent(source, *self.good(source))
            response = self.client.generic(
                made.method, f"{ROOT}{made.path}", made.content,
                headers={"Authorization": f"Bearer {self.token}", **made.headers},
                content_type=made.headers.get("Content-Type", "application/json"),
            )  # fmt: skip
            said = f"HOSTILE_SEED={seed} {made!r}: {response.status_code}"
            assert response.status_code < 500, said
            good += response.status_code < 300
            if made.method in {"GET", "POST"} and "%2e" not in made.path and "?" not in made.path[:1]:
                path = f"{ROOT}{made.path}".partition("?")[0]
                media = response.headers.get("Content-Type", "").partition(";")[0]
                try:
                    self.published.judge(made.method, path, response.status_code, media, response.content)
                except AssertionError as wrong:
                    raise AssertionError(f"{said}: {wrong}: {response.content[:300]!r}") from None
        assert good, "some of the bent calls are still good"

    def good(self, source: random.Random) -> tuple[str, str, Any]:
        about = source.choice([str(self.device.subject_id), self.device.reference, factory.imei(1), str(uuid4())])
        asked = {
            "about": about, "question": source.choice(["use", "disclose", "advertise", "keep"]),
            "category": "device-registration", "purpose": "registration", "items": ["imei"], "recipient": "acme",
            "channel": "sms", "reason": "a hostile test",
        }  # fmt: skip
        period = {"first": "2026-01-01", "last": "2026-03-31", "reason": "a hostile test"}
        return source.choice(
            [
                ("GET", f"/cases?limit=3&after={uuid4()}&open=true", fuzzing.NOTHING),
                ("POST", "/cases", {**NEW_CASE, "received_on": clock.today().isoformat()}),
                ("GET", f"/cases/{self.number}", fuzzing.NOTHING),
                ("POST", f"/cases/{self.number}/openings", {"purpose": "rights", "reason": "a hostile test"}),
                ("POST", f"/cases/{self.number}/messages", {"text": "Hello", "newest": 1}),
                ("POST", "/permissions", asked),
                ("POST", "/permissions", asked),
                ("GET", "/holds?limit=1", fuzzing.NOTHING),
                ("GET", f"/freezes?after={uuid4()}", fuzzing.NOTHING),
                ("GET", "/registers", fuzzing.NOTHING),
                ("POST", "/registers/gateways/extracts", period),
                ("GET", "/statistics?first=2026-01-01&last=2026-01-02", fuzzing.NOTHING),
            ]
        )
