"""While nobody holds the keys no page fails: each is as ever, or closed with 503, as everybody (FLT-13)."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from django.db import transaction
from django.test import Client, override_settings

from privacy.vault import keys
from tests import factory
from tests.base import PortalTestCase
from tests.browser.office_data import make_full_office
from tests.house.route_list import ListedRoute, all_routes
from tests.house.test_routes import ROLES, UNSTEADY, read, told

# Pages that show a signature, which is the key service's to make or to know.
SIGNED = {
    "admin:ledger_review_sheet", "admin:retention_certificate_change", "admin:retention_certificate_file",
    "admin:safeguards_plan_paper", "admin:workforce_pledge_sheet",
}  # fmt: skip


def answer_of(client: Client, place: ListedRoute) -> str:
    """Return the answer of a page in one word, with nothing kept anywhere."""
    keys.caches.here().clear()
    with transaction.atomic("default"), transaction.atomic("personal"), transaction.atomic("archive"):
        answer = told(client.get(place.address))  # type: ignore[arg-type]
        for alias in ("default", "personal", "archive"):
            transaction.set_rollback(True, using=alias)
    return answer


@pytest.mark.faults
@pytest.mark.attack("18.2")
@pytest.mark.fault("FLT-13")
class WithoutKeysTests(PortalTestCase):
    def test_every_page_is_as_ever_or_closed(self) -> None:
        make_full_office()
        visitors = {role: Client(raise_request_exception=False) for role in ("anonymous", "employee", "officer")}
        visitors["employee"].force_login(factory.make_emin())
        visitors["officer"].force_login(factory.make_odile())
        approved, differing, closed = read(), [], {}
        with TemporaryDirectory() as folder, override_settings(KEY_SERVICE="socket", KEY_SERVICE_DIR=Path(folder)):
            for place in all_routes():
                if place.is_api or place.name in UNSTEADY:
                    continue
                for role, client in visitors.items():
                    before = approved[place.name][ROLES.index(role)].split("/")[0]
                    answer = answer_of(client, place)
                    if answer == "503":
                        closed.setdefault(role, set()).add(place.name)
                    elif answer != before:
                        differing.append(f"{role}: {place.name} is {answer}, with keys {before}")
        assert not differing, "\n".join(differing)
        # The public keys of papers are the key service's to tell.
        assert closed == {
            "officer": SIGNED | {"paper-keys"}, "employee": {"workforce:pledge-paper", "paper-keys"},
            "anonymous": {"paper-keys"},
        }  # fmt: skip
