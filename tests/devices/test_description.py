"""The API describes itself: every call, every problem, the shapes that are taken and given."""

import json
from pathlib import Path
from typing import get_args
from uuid import uuid4

from devices import schemas
from tests.devices.base import ApiTestCase

CALLS = {
    ("/devices/{device}", "put"), ("/devices/{device}", "patch"), ("/devices/{device}/end-of-service", "post"),
    ("/devices/{device}/consents/{agreement}", "put"), ("/devices/{device}/consents", "get"), ("/reports", "post"),
    ("/devices/{device}/challenge", "get"), ("/devices/{device}/challenge", "post"), ("/advertising/permission", "get"),
    ("/devices/{device}/errors-settled", "post"), ("/devices/{device}/signing-key", "put"),
    ("/devices/{device}/contacts", "put"), ("/devices/{device}/messages", "get"),
    ("/devices/{device}/messages/{message}/shown", "put"),
}  # fmt: skip


class DescriptionTest(ApiTestCase):
    def test_it_is_published_without_a_token(self) -> None:
        response = self.client.get("/api/v1/openapi.json")
        assert response.status_code == 200
        schema = response.json()
        described = {
            (path.removeprefix("/api/v1"), method) for path, calls in schema["paths"].items() for method in calls
        }
        assert described == CALLS
        for calls in schema["paths"].values():
            for call in calls.values():
                assert "application/problem+json" in call["responses"]["400"]["content"]
                assert call["security"]

    def test_every_reference_in_it_leads_somewhere(self) -> None:
        schema = self.client.get("/api/v1/openapi.json").json()
        text = json.dumps(schema)
        named = {part.split('"')[0] for part in text.split('"$ref": "#/components/schemas/')[1:]}
        assert named <= set(schema["components"]["schemas"])
        assert {"Batch", "BatchAnswer", "StatusReport", "Registration", "ProblemOut"} <= set(
            schema["components"]["schemas"]
        )

    def test_other_addresses_and_methods_are_problems_too(self) -> None:
        for path in ("/", "/nothing", "/devices", f"/devices/{uuid4()}/", "/reports/x", "/a%0Ab", "/%0A"):
            self.assertProblem(self.call("GET", path), 404, "not-found")
        for method, path in (
            ("GET", "/reports"),
            ("DELETE", f"/devices/{uuid4()}"),
            ("POST", "/advertising/permission"),
        ):
            response = self.call(method, path)
            self.assertProblem(response, 405, "method")
            assert response.headers["Allow"]

    def test_it_needs_no_session_and_sets_no_cookie(self) -> None:
        response = self.send(self.report(self.device()))
        assert not response.cookies
        assert response.headers["Cache-Control"] == "no-store"

    def test_the_guide_names_every_way_to_confirm_a_representative(self) -> None:
        ways = get_args(schemas.Representative.model_fields["confirmation"].annotation)
        for language in ("en", "ko"):
            text = (Path(__file__).resolve().parents[2] / f"docs/guide/gateway.{language}.md").read_text("utf-8")
            assert ways and all(f"`{way}`" in text for way in ways)
