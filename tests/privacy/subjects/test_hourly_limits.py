"""The three public doors count by one function; who waits too long for others gets 503 and a number to call."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse

from privacy.incidents.models import Complaint
from privacy.lib.postgres import advisory_locks
from privacy.rights.models import Request
from tests import factory
from tests.base import PortalTestCase

PHONE = "02-6928-6774"


@contextmanager
def held_by_another(name: str) -> Iterator[None]:
    """Another connection holds a lock that a transaction here asks for; here nobody waits long for it."""
    key = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") >> 1
    other = connection.get_new_connection(connection.get_connection_params())
    try:
        other.execute("SELECT pg_advisory_lock(%s)", [key])
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '50ms'")
        yield
    finally:
        other.close()


@pytest.mark.attack("17.13")
class ABusyDoor(PortalTestCase):
    """Every lock that a public form waits for is held by somebody else."""

    def post(self, path: str, kind: str, **given: Any) -> tuple[int, str]:
        locks: list[str] = []
        lock = advisory_locks.lock_in_transaction

        def find(name: str) -> None:
            locks.append(name)
            lock(name)

        with patch.object(advisory_locks, "lock_in_transaction", find), transaction.atomic():
            self.client.post(reverse(path), {**given, "submission": "a" * 32})
            transaction.set_rollback(True)
        name = next(one for one in locks if one.startswith(kind))
        stranger = Client(raise_request_exception=False)
        with held_by_another(name):
            answer = stranger.post(reverse(path), {**given, "submission": "a" * 32})
        return answer.status_code, answer.content.decode()

    def busy(self, path: str, kind: str = "hourly", **given: Any) -> None:
        status, page = self.post(path, kind, **given)
        assert status == 503
        assert PHONE in page

    def test_of_requests_says_where_to_call(self) -> None:
        for kind in ("hourly", "submission"):
            self.busy(
                "rights:request", kind, rights=["access"], target_kind="imei", target=factory.imei(1), requester="self",
                answer_by="portal", name="Mina",
            )  # fmt: skip
        assert not Request.objects.exists()

    def test_of_complaints_says_where_to_call(self) -> None:
        for kind in ("hourly", "submission"):
            self.busy("incidents:complaint", kind, explanation="x")
        assert not Complaint.objects.exists()

    def test_of_codes_says_where_to_call(self) -> None:
        self.busy("rights:case", number="2026-0000001", code="x")
        self.busy("incidents:status", reference="M7-0000-0000", code="x")
