"""``/api/``: every call of both APIs stands there, and each example is answered as the page says."""

import json
import re
from uuid import UUID

from django.http import HttpResponse

from config import api_reference
from config.api_examples import DEVICE, MOMENT, NUMBER, OF_GATEWAYS, OF_OFFICE, PROBLEM, WRONG, Example
from devices.models import Scope
from privacy.lib.dates import clock
from privacy.office_api.models import Scope as OfficeScope
from tests import factory
from tests.devices.api_description import Published
from tests.devices.base import ApiTestCase
from tests.privacy.office_api.base import OfficeApiTestCase


def as_sent(body: object) -> bytes:
    """An example with today's moments: the portal takes nothing of the future or of long ago."""
    text = json.dumps(body, ensure_ascii=False)
    return text.replace(MOMENT, clock.now().isoformat()).replace('"2026-11-26"', f'"{clock.today()}"').encode()


class ReferenceTests(ApiTestCase):
    def test_each_call_stands_there_in_both_languages_without_script(self) -> None:
        for address in ("/api/", "/en/api/"):
            page = self.client.get(address, headers={"Accept-Language": "en-US,en;q=0.9,ko;q=0.8"})
            assert page.headers["Content-Language"] == ("en" if "/en/" in address else "ko")
            assert page.status_code == 200 and not page.cookies
            text = page.content.decode()
            for api in api_reference.described():
                document = self.client.get(api.document).json()
                for path, calls in document["paths"].items():
                    for method in calls:
                        assert f"<code>{method.upper()} {path}</code>" in text
            assert len(re.findall(r"<script", text)) == len(re.findall(r"<script[^>]* src=", text))
        english = text
        assert "Register a device under a UUID" in english
        assert "<code>reports[].body.installed" not in english
        for field, of in (("reports[].body.state", "kind status"), ("reports[].body.from", "kind access-count")):
            assert f'<code>{field}</code> <span class="secondary">{of}</span>' in english
        for field in ("licence.key", "representative.confirmation", "needed[].ko"):
            assert f"<code>{field}</code>" in english

    def test_the_examples_of_gateways_are_answered_as_the_page_says(self) -> None:
        published = Published(self.client.get("/api/v1/openapi.json").json())
        alone = {scope: factory.make_token(scopes=[scope], at=self.now) for scope in Scope}
        without = {scope: factory.make_token(scopes=[*set(Scope) - {scope}], at=self.now) for scope in Scope}
        for example in OF_GATEWAYS:
            scope = Scope(example.scope)
            denied = self.assertProblem(self.send_example(example, without[scope]), 403, "not-permitted")
            assert f" {scope.value}" in denied["detail"]
            self.judge(example, published, self.send_example(example, alone[scope]))

    def test_the_problem_on_the_page_is_what_a_wrong_call_gets(self) -> None:
        head, _blank, document = PROBLEM.partition("\n\n")
        answer = self.call("PUT", f"/devices/{DEVICE}", WRONG, **{"Accept-Language": "de, en;q=0.8"})
        assert (answer.status_code, answer.headers["Content-Language"]) == (400, "en")
        assert head.startswith("HTTP/1.1 400") and json.loads(document) == json.loads(answer.content)

    def send_example(self, example: Example, token: str) -> HttpResponse:
        return self.client.generic(
            example.method, example.path, b"" if example.body is None else as_sent(example.body),
            content_type="application/json", headers={"Authorization": f"Bearer {token}", **example.headers},
        )  # fmt: skip

    def judge(self, example: Example, published: Published, response: HttpResponse) -> None:
        assert response.status_code == example.status, (example, response.content.decode())
        media = response.headers.get("Content-Type", "").partition(";")[0]
        path = example.path.partition("?")[0]
        published.judge(example.method, path, response.status_code, media, response.content)


class OfficeExampleTests(OfficeApiTestCase):
    def test_the_examples_of_the_office_are_answered_as_the_page_says(self) -> None:
        published = Published(self.client.get("/api/office/v1/openapi.json").json())
        factory.make_device(1, device_id=UUID(DEVICE), at=self.now, imei="490154203237518")
        number = ""
        scopes = set(OfficeScope)
        without = {scope: self.issue(self.odile, *(scopes - {scope})) for scope in scopes}
        for example in OF_OFFICE:
            content = b"" if example.body is None else as_sent(example.body)
            tokens = [without[OfficeScope(example.scope)], self.issue(self.odile, example.scope)]
            denied, response = [
                self.client.generic(
                    example.method, example.path.replace(NUMBER, number), content, content_type="application/json",
                    headers={"Authorization": f"Bearer {token}", **example.headers},
                )
                for token in tokens
            ]  # fmt: skip
            problem = json.loads(denied.content)
            assert (denied.status_code, problem["code"]) == (403, "not-permitted"), example
            assert f" {example.scope.value}" in problem["detail"]
            assert response.status_code == example.status, (example, response.content.decode())
            number = number or json.loads(response.content)["number"]
            path = example.path.partition("?")[0]
            published.judge(example.method, path, response.status_code, "application/json", response.content)
