"""Two officers ask for the same access for a colleague at once: one request, and the other is told so (17.3)."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from privacy.accounts.models import AccessRequest, User
from privacy.lib.dates import clock
from tests import factory
from tests.database import PortalDatabase
from tests.privacy.retention.test_races import at_once


def press(officer: User, colleague: User) -> Any:
    """Press the button of the page as one officer; an answer of 500 is an answer here."""
    client = Client(raise_request_exception=False)
    client.force_login(officer)
    today = clock.today().isoformat()
    given = {
        "user": str(colleague.pk),
        "scope": "role:auditor",
        "reason": "quarterly audit",
        "valid_from": today,
        "valid_until": today,
    }
    return client.post(reverse("admin:accounts_accessgrant_grant"), given)


@pytest.mark.attack("17.3")
def test_two_officers_asking_at_once_make_one_request(portal_database: PortalDatabase) -> None:
    odile, omar, emin = factory.make_odile(), factory.make_omar(), factory.make_emin()
    for _round in range(5):
        AccessRequest.objects.filter(state="requested").update(state="withdrawn")
        answers = at_once(lambda: press(odile, emin), lambda: press(omar, emin))
        assert sorted(answer.status_code for answer in answers) == [200, 302]
        assert AccessRequest.objects.open().count() == 1
