"""What the tests of the API share: Gate with a token, calls with JSON, and what problems look like."""

import base64
import gzip
import json
from typing import Any
from uuid import UUID, uuid4

from django.http import HttpResponse

from devices.models import Device, Scope
from privacy.lib.dates import clock
from tests import factory
from tests.base import PortalTestCase


class ApiTestCase(PortalTestCase):
    """Calls of a gateway, over HTTP, in this moment (the API reads the clock itself)."""

    scopes: list[str] = Scope.values

    def setUp(self) -> None:
        self.now = clock.now()
        self.gate = factory.make_gate()
        self.token = factory.make_token(scopes=self.scopes, at=self.now)

    def device(self, number: int = 1, **options: Any) -> Device:
        """A registered device of Gate's, agreed to unless ``agreed`` says otherwise."""
        return factory.make_device(number, at=self.now, **options)

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        token: str | None = None,
        key: str = "",
        raw: bytes | None = None,
        packed: bool = False,
        **headers: str,
    ) -> HttpResponse:
        """One call; ``body`` is sent as JSON, ``raw`` as it is."""
        content = raw if raw is not None else b"" if body is None else json.dumps(body).encode()
        sent = {"Authorization": f"Bearer {token or self.token}", **headers}
        if key:
            sent["Idempotency-Key"] = key
        if packed:
            content, sent["Content-Encoding"] = gzip.compress(content), "gzip"
        return self.client.generic(
            method,
            f"/api/v1{path}",
            content,
            content_type="application/json",
            headers=sent,
            CONTENT_TYPE="application/json",
        )

    def calls_about(self, device: UUID) -> dict[str, tuple[str, str, Any]]:
        """Every published call that names a device: the scope that it needs, its address, and what it takes."""
        moment = self.now.isoformat()
        decision = {"decision": "withdraw", "version": 1, "decided_at": moment, "method": "app", "language": "ko"}
        contact = {"kind": "email", "value": "mina@example.org", "language": "ko"}
        calls: dict[str, tuple[str, Any]] = {
            "PUT /devices/{device}": ("devices", factory.registration()),
            "PATCH /devices/{device}": ("devices", {"os_version": "17"}),
            "POST /devices/{device}/end-of-service": ("devices", {"ended_on": str(clock.today())}),
            "POST /devices/{device}/errors-settled": ("reports", {"until": moment}),
            "PUT /devices/{device}/signing-key": ("devices", {"signing_key": base64.b64encode(bytes(32)).decode()}),
            "PUT /devices/{device}/consents/{agreement}": ("consents", decision),
            "GET /devices/{device}/consents": ("consents", None),
            "PUT /devices/{device}/contacts": ("devices", {"contacts": [contact]}),
            "GET /devices/{device}/messages": ("messages", None),
            "PUT /devices/{device}/messages/{message}/shown": ("messages", {"shown_at": moment}),
            "GET /devices/{device}/challenge": ("challenges", None),
            "POST /devices/{device}/challenge": ("challenges", {"challenge": str(uuid4()), "response": "deny"}),
            "GET /advertising/permission": ("advertising", None),
        }
        published = {
            f"{method.upper()} {path.removeprefix('/api/v1')}"
            for path, methods in self.client.get("/api/v1/openapi.json").json()["paths"].items()
            for method in methods
        }
        assert calls.keys() == published - {"POST /reports"}, "a new call has its row here first"
        found = {}
        for call, (scope, body) in calls.items():
            path = call.partition(" ")[2].replace("{device}", str(device)).replace("{agreement}", "activation")
            path = path.replace("{message}", str(uuid4())) + (
                f"?channel=sms&device={device}" if "{" not in call else ""
            )
            found[call] = (scope, path, body)
        return found

    def send(self, *reports: dict[str, Any], batch: UUID | None = None, **options: Any) -> HttpResponse:
        """Send a batch of reports."""
        return self.call("POST", "/reports", raw=factory.make_batch(*reports, batch=batch), **options)

    def report(self, device: Device | UUID, kind: str = "status", **changes: Any) -> dict[str, Any]:
        """A report of a minute ago."""
        return factory.make_report(device, kind, at=self.now, **changes)

    def assertProblem(
        self, response: HttpResponse, status: int, code: str, pointer: str | None = None
    ) -> dict[str, Any]:
        """The answer is a problem document with this code, pointing at this item."""
        assert response.status_code == status, (response.status_code, response.content.decode())
        assert response.headers["Content-Type"] == "application/problem+json"
        document: dict[str, Any] = json.loads(response.content)
        assert {"type", "title", "status", "detail", "errors"} <= set(document)
        assert document["status"] == status
        found = [(error["code"], error["pointer"]) for error in document["errors"]] or [(document["code"], "")]
        if pointer is None:
            assert code in {one for one, _place in found} | {document["code"]}, document
        else:
            assert (code, pointer) in found, document
        return document

    def assertRefused(self, response: HttpResponse, code: str, pointer: str | None = None, *, stored: int = 0) -> None:
        """The batch was answered; its first refusal has this code (and place), and so many were stored."""
        assert response.status_code == 200, response.content.decode()
        answer = json.loads(response.content)
        assert answer["stored"] == stored, answer
        assert answer["refused"], answer
        assert answer["refused"][0]["code"] == code, answer
        if pointer is not None:
            assert answer["refused"][0]["pointer"] == pointer, answer
