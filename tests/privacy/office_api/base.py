"""What the tests of the office's API share: Odile's program with a token, and calls with JSON."""

import json
from datetime import datetime
from typing import Any

from django.http import HttpResponse

from privacy.accounts.models import User
from privacy.lib.dates import clock
from privacy.office_api import actions as office_api
from privacy.office_api.models import Scope
from tests import factory
from tests.base import PortalTestCase

ROOT = "/api/office/v1"


class OfficeApiTestCase(PortalTestCase):
    """Calls of a program that acts as the officer, over HTTP, in this moment (the API reads the clock itself)."""

    def setUp(self) -> None:
        self.now: datetime = clock.now()
        self.odile = factory.make_officer()
        self.token = self.issue(self.odile)

    def issue(self, owner: User, *scopes: str) -> str:
        made = office_api.issue_token(title="helpdesk", scopes=scopes or Scope.values, actor=owner, at=self.now)
        return made.token

    def call(
        self, method: str, path: str, body: Any = None, *, token: str | None = None, raw: bytes | None = None,
        **headers: str,
    ) -> HttpResponse:  # fmt: skip
        content = raw if raw is not None else b"" if body is None else json.dumps(body).encode()
        sent = {"Authorization": f"Bearer {self.token if token is None else token}", **headers}
        return self.client.generic(
            method, f"{ROOT}{path}", content, headers=sent,
            content_type="application/json", CONTENT_TYPE="application/json",
        )  # fmt: skip

    def ok(self, method: str, path: str, body: Any = None, *, status: int = 200, **options: Any) -> Any:
        response = self.call(method, path, body, **options)
        assert response.status_code == status, (response.status_code, response.content.decode())
        return json.loads(response.content)

    def refused(self, method: str, path: str, body: Any = None, **options: Any) -> tuple[int, str]:
        """The status and code of a refusal, which is a problem document."""
        response = self.call(method, path, body, **options)
        assert response.headers["Content-Type"] == "application/problem+json", response.content.decode()
        return response.status_code, json.loads(response.content)["code"]
