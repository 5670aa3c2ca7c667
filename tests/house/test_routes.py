"""Who may open what: every route, as everybody, against the approved table in ``routes.txt``.

A new route, or another answer, fails until the table says so: ``APPROVE=1 pytest tests/house/test_routes.py`` writes it
anew, and what changed in it is read in the commit like code. A cell is GET/POST (for the API with PUT/PATCH/DELETE);
``in`` is a redirect to the sign-in, ``…`` an address that only leads on.
"""

import os
from http.cookies import SimpleCookie
from pathlib import Path

import pytest
from django.db import transaction
from django.http import HttpResponse
from django.test import Client

from privacy.ledger import actions as ledger
from privacy.ledger.actors import System
from privacy.ledger.events import Event
from privacy.lib import clock
from tests import factory
from tests.base import PortalTestCase
from tests.browser.scene import set_scene
from tests.house.places import Place, places

TABLE = Path(__file__).with_name("routes.txt")
ROLES = ("anonymous", "employee", "handler", "auditor", "officer", "gateway")
PAGES, MACHINES = ("GET", "POST"), ("GET", "POST", "PUT", "PATCH", "DELETE")
# Answered from the state of all three databases and the keys, which a test in a transaction has not committed.
UNSTEADY = {"readyz"}


def told(answer: HttpResponse) -> str:
    """Return an answer in one word."""
    location = answer.headers.get("Location", "")
    if answer.status_code in (301, 302):
        return "in" if location.startswith(("/sign-in/", "/office/login/")) else "…"
    return str(answer.status_code)


def read() -> dict[str, list[str]]:
    lines = [line.split() for line in TABLE.read_text().splitlines() if line and not line.startswith("#")]
    return {line[0]: line[1:] for line in lines}


def write(found: dict[str, list[str]]) -> None:
    wide = max(len(name) for name in found) + 2
    lines = [f"# {'route':<{wide - 2}}" + "".join(f"{role:<21}" for role in ROLES).rstrip()]
    lines += [f"{name:<{wide}}" + "".join(f"{cell:<21}" for cell in found[name]).rstrip() for name in sorted(found)]
    TABLE.write_text("\n".join(lines) + "\n")


@pytest.mark.asvs("8.2.1")
@pytest.mark.asvs("8.3.1")
class MatrixTests(PortalTestCase):
    def clients(self) -> dict[str, Client]:
        made = {}
        people = {
            "employee": factory.make_emin,
            "handler": factory.make_hana,
            "auditor": factory.make_aram,
            "officer": factory.make_odile,
        }
        for role in ROLES:
            made[role] = Client(raise_request_exception=False)
            if role in people:
                made[role].force_login(people[role]())
        made["gateway"] = Client(
            raise_request_exception=False, headers={"authorization": f"Bearer {factory.make_token(at=clock.now())}"}
        )
        return made

    def ask(self, client: Client, method: str, place: Place) -> str:
        """Send one request; what it changed, and its cookies, are undone."""
        cookies = client.cookies.output(header="", sep="\n")
        with transaction.atomic("default"), transaction.atomic("personal"), transaction.atomic("archive"):
            answer = client.generic(method, place.address, "", content_type="application/x-www-form-urlencoded")
            for alias in ("default", "personal", "archive"):
                transaction.set_rollback(True, using=alias)
        client.cookies = SimpleCookie(cookies)
        return told(answer)  # type: ignore[arg-type]

    def test_every_route_answers_everybody_as_the_table_says(self) -> None:
        set_scene()
        # A read stays on record when its test is undone: with its own, no other test decides whether there is one.
        ledger.record_first(Event.READ, actor=System("matrix"), at=None)
        clients = self.clients()
        found = {}
        for place in places():
            if place.name in UNSTEADY:
                continue
            methods = MACHINES if place.is_api else PAGES
            found[place.name] = [
                "/".join(self.ask(clients[role], method, place) for method in methods) for role in ROLES
            ]
        if os.environ.get("APPROVE"):
            write(found)
        approved = read()
        assert not found.keys() - approved.keys(), f"routes without a row: {sorted(found.keys() - approved.keys())}"
        assert not approved.keys() - found.keys(), f"rows without a route: {sorted(approved.keys() - found.keys())}"
        differing = [f"{n}: is {found[n]}, approved {approved[n]}" for n in found if found[n] != approved[n]]
        assert not differing, "\n".join(differing)
        assert not [
            name for name, cells in found.items() if any(word[0] == "5" for c in cells for word in c.split("/"))
        ]

    @pytest.mark.asvs("8.2.2")
    def test_the_table_gives_nobody_a_register_they_may_not_see(self) -> None:
        """What the table approves, read once more: strangers and employees open no page of the console."""
        for name, cells in read().items():
            if name.startswith(("admin:", "office/")) and name != "admin:login":
                by_role = dict(zip(ROLES, cells, strict=True))
                for role in ("anonymous", "employee", "gateway"):
                    assert "200" not in by_role[role], f"{name}: {role}"
