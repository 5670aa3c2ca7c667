"""Whatever is sent, the API answers as it says it does: never with an error of ours, and it stores only what it says
(SEC-36).

Two generators make the calls. ``schemathesis`` reads the published description and makes what fits it and what does
not; ``hypothesis`` bends good calls by hand-made spite (``fuzzing.py``). One judge checks every answer against the
published description, and that a refused call left nothing. ``HOSTILE_SEED`` tries the same again.
"""

import json
import logging
import os
import random
from collections import Counter
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote, urlencode

import pytest
import schemathesis
from django.db import connections
from django.http import HttpResponse
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode

from devices.models import AppLog, Batch, Device, Report
from tests import factory
from tests.devices import fuzzing
from tests.devices.api_description import Published
from tests.devices.base import ApiTestCase
from tests.seeds import drawn

SEED = drawn("HOSTILE_SEED")
SCALE = float(os.environ.get("SCALE", "1"))
# What a call may leave behind; a refused one leaves none of it.
KEPT = {
    "default": ("subjects_subject", "consents_decision", "consents_currentconsent", "vault_tombstone", "vault_freeze"),
    "personal": ("devices_device", "devices_licence", "devices_report", "devices_applog", "devices_batch"),
}
SECRETS = (fuzzing.resident_number("900101", "123456"), factory.imei(1))


@pytest.mark.asvs("1.4.2", "2.2.1", "4.1.1")
class HostileInputTest(ApiTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.target = self.device(1, agreed=("activation", "service-analytics", "app-log"))
        self.published = Published(self.client.get("/api/v1/openapi.json").json())
        self.acknowledged = self.tried = 0
        self.answers: Counter[str] = Counter()
        refusals = logging.getLogger("django.request")
        self.addCleanup(refusals.setLevel, refusals.level)
        refusals.setLevel(logging.ERROR)

    @pytest.mark.asvs("15.3.1")
    def test_a_slice_of_bent_calls(self) -> None:
        self.bend(400)

    def test_a_slice_of_calls_made_from_the_description(self) -> None:
        self.describe(160)

    @pytest.mark.faults
    def test_five_thousand_bent_calls(self) -> None:
        self.bend(int(5_000 * SCALE))

    @pytest.mark.faults
    def test_five_thousand_calls_made_from_the_description(self) -> None:
        self.describe(int(5_000 * SCALE))

    def bend(self, count: int) -> None:
        """Good calls, each changed in one to four places."""

        @given(st.integers(0, 2**64))
        def bent(number: int) -> None:
            made = fuzzing.request(random.Random(number), self.target, self.now.isoformat())
            self.judge(made, repr(made))

        self.try_some(count, bent)
        self.tell()
        assert self.acknowledged, "some of the bent calls are still good"

    def describe(self, count: int) -> None:
        """Calls that fit the description, and calls that break it in one place; many of them about a device we hold."""
        operations = [
            found.ok() for found in schemathesis.openapi.from_dict(self.published.document).get_all_operations()
        ]
        each = max(1, count // (2 * len(operations)))
        for operation in operations:
            for mode in GenerationMode:

                @given(operation.as_strategy(generation_mode=mode), st.integers(0, 3))
                def described(case: Any, dice: int) -> None:
                    self.judge(self.call_of(case, known=dice > 0), f"{case.method} {case.formatted_path} {case.body!r}")

                self.try_some(each, described)
        self.tell()

    def try_some(self, count: int, test: Callable[[], None]) -> None:
        before, self.tried = self.tried, 0
        settings(
            max_examples=count, database=None, deadline=None, phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        )(seed(SEED)(test))()  # fmt: skip
        assert self.tried >= count
        self.tried += before
        # What was acknowledged is there, and nothing besides: a refused report left nothing.
        assert Report.objects.count() + AppLog.objects.count() == self.acknowledged
        assert sum(Batch.objects.values_list("stored", flat=True)) == self.acknowledged
        assert all(device.model is not None for device in Device.objects.all())

    def tell(self) -> None:
        told = ", ".join(f"{number} times {status}" for status, number in sorted(self.answers.items()))
        print(f"HOSTILE_SEED={SEED}: {self.tried} calls: {told}")
        assert {"200", "400", "404"} <= set(self.answers), "the calls got past the door, and not only past it"

    def call_of(self, case: Any, *, known: bool) -> fuzzing.Hostile:
        """Return what schemathesis made as a request, about the device that we hold if ``known``."""
        sent = case.as_transport_kwargs(base_url="http://testserver")
        path = sent["url"].removeprefix("http://testserver/api/v1")
        query = sent.get("params") or {}
        if known:
            path = path.replace(str(case.path_parameters.get("device", "-")), str(self.target.id))
            query = {**query, "device": str(self.target.id)} if "device" in query else query
        content = sent.get("data", b"")
        if "json" in sent:
            body = sent["json"]
            if known and isinstance(body, dict) and isinstance(body.get("reports"), list):
                body = {**body, "reports": [self.about_the_known(report) for report in body["reports"]]}
            content = json.dumps(body).encode("utf-8", "surrogatepass")
        headers = {
            name: value for name, value in sent["headers"].items() if name not in {"User-Agent", "Authorization"}
        }
        address = path + (f"?{urlencode(query, doseq=True)}" if query else "")
        return fuzzing.Hostile(
            case.method, address, content if isinstance(content, bytes) else str(content).encode(), headers
        )

    def about_the_known(self, report: Any) -> Any:
        return {**report, "device": str(self.target.id)} if isinstance(report, dict) and "device" in report else report

    def judge(self, made: fuzzing.Hostile, told: str) -> None:
        """Send a call, check its answer, and what it left."""
        self.tried += 1
        told = f"HOSTILE_SEED={SEED}: {told}"
        before = self.rows()
        response = self.ask(made)
        assert response.status_code < 500, told
        self.answers[f"{response.status_code}"] += 1
        if made.method == "HEAD":
            return
        content = response.content
        path = unquote(f"/api/v1{made.path}".partition("?")[0])
        if not made.path.startswith("/openapi"):
            media_type = response.headers.get("Content-Type", "").partition(";")[0]
            try:
                self.published.judge(made.method, path, response.status_code, media_type, content)
            except AssertionError as error:
                raise AssertionError(f"{error}: {response.status_code} {content[:300]!r}: {told}") from error
        if response.status_code >= 400:
            assert self.rows() == before, told
            for secret in SECRETS:
                assert secret.encode() not in content, told
        elif path == "/api/v1/reports":
            stored = json.loads(content)["stored"]
            now = self.rows()
            kept = now["devices_report"] + now["devices_applog"] - before["devices_report"] - before["devices_applog"]
            if now["devices_batch"] > before["devices_batch"]:
                assert kept == stored, told
                self.acknowledged += stored
            else:  # the same batch again: the same answer, nothing stored twice
                assert kept == 0, told

    def ask(self, made: fuzzing.Hostile) -> HttpResponse:
        headers = {"Authorization": f"Bearer {self.token}", **made.headers}
        kind = headers.pop("Content-Type", "application/json")
        length = headers.pop("Content-Length", None)
        extra = {"CONTENT_TYPE": kind} | ({} if length is None else {"CONTENT_LENGTH": length})
        return self.client.generic(
            made.method, f"/api/v1{made.path}", made.content, content_type=kind, headers=headers, **extra
        )

    def rows(self) -> dict[str, int]:
        """Count what is kept, in one statement a database."""
        found = {}
        for alias, tables in KEPT.items():
            with connections[alias].cursor() as cursor:
                cursor.execute("SELECT " + ", ".join(f"(SELECT count(*) FROM {table})" for table in tables))
                found |= dict(zip(tables, cursor.fetchone(), strict=True))
        return found
