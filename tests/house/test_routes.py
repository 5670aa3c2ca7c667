"""Who may open what: every route, as everybody, against the approved table in ``routes.txt``.

A new route, or another answer, fails until the table says so: ``APPROVE=1 pytest tests/house/test_routes.py`` writes it
anew, and what changed in it is read in the commit like code. A cell is GET/POST (for the API with PUT/PATCH/DELETE);
``in`` is a redirect to the sign-in, ``…`` an address that only leads on.
"""

import os
from http.cookies import SimpleCookie
from pathlib import Path

import pytest
from django.db import connections, transaction
from django.http import HttpResponse
from django.test import Client, override_settings

from privacy.ledger import actions as ledger
from privacy.ledger.actors import SystemActor
from privacy.ledger.events import Event
from privacy.lib.dates import clock
from tests import factory
from tests.base import PortalTestCase
from tests.browser.office_data import make_full_office
from tests.house.route_list import ListedRoute, all_routes

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


@pytest.mark.asvs("8.2.1", "8.3.1")
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

    def ask(self, client: Client, method: str, place: ListedRoute) -> str:
        """Send one request; what it changed, and its cookies, are undone."""
        cookies = client.cookies.output(header="", sep="\n")
        answer = client.generic(method, place.address, "", content_type="application/x-www-form-urlencoded")
        for alias, savepoint in self.before.items():
            transaction.savepoint_rollback(savepoint, using=alias)
            transaction.set_rollback(False, using=alias)
        client.cookies = SimpleCookie(cookies)
        return told(answer)  # type: ignore[arg-type]

    # On a busy machine the walk takes longer than a confirmation of the second factor counts.
    @override_settings(STEP_UP_SECONDS=3600)
    def test_every_route_answers_everybody_as_the_table_says(self) -> None:
        make_full_office()
        # A read stays on record when its test is undone: with its own, no other test decides whether there is one.
        ledger.record_before(Event.READ, actor=SystemActor("matrix"), at=None)
        clients = self.clients()
        self.before = {alias: transaction.savepoint_create(using=alias) for alias in connections}
        found = {}
        for place in all_routes():
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


# -- the table read as policy: what approves it (docs/security.md) ----------------------------------------------

OFFICER, HANDLER, AUDITOR = "officer", "handler", "auditor"
# The console's pages on which somebody does something, and who may. Everything else there only shows.
ACTS = {
    "admin:accounts_accessgrant_grant": {OFFICER},
    "admin:accounts_user_open": {OFFICER},
    "admin:devices_fleetimport_add": {OFFICER},
    "admin:devices_gateway_add": {OFFICER},
    "admin:disclosures_disclosure_ask": {OFFICER, HANDLER},
    "admin:disclosures_thirdparty_register": {OFFICER},
    "admin:incidents_incident_record": {OFFICER, HANDLER},
    "admin:ledger_bundle": {AUDITOR},
    "admin:ledger_verify": {OFFICER, AUDITOR},
    "admin:office_api_credential_client": {OFFICER, HANDLER},
    "admin:office_api_credential_token": {OFFICER, HANDLER},
    "admin:office_api_subscription_new": {OFFICER},
    "admin:policies_extraholiday_add": {OFFICER},
    "admin:policies_noconsignment_add": {OFFICER},
    "admin:policies_notice_add": {OFFICER},
    "admin:policies_officer_add": {OFFICER},
    "admin:policies_parameter_add": {OFFICER},
    "admin:policies_parameterchange_add": {OFFICER},
    "admin:policies_publishedtext_add": {OFFICER},
    "admin:retention_archiveaccess_add": {OFFICER, HANDLER},
    "admin:retention_hold_add": {OFFICER},
    "admin:retention_paperdestruction_add": {OFFICER, HANDLER},
    "admin:rights_request_receive": {OFFICER, HANDLER},
    "admin:safeguards_annualreport_new": {OFFICER},
    "admin:safeguards_area_new": {OFFICER},
    "admin:safeguards_inspection_new": {OFFICER, AUDITOR},
    "admin:safeguards_managementplan_new": {OFFICER, HANDLER},
    "admin:safeguards_measure_new": {OFFICER},
    "admin:scim_provisioningcredential_new": {OFFICER},
    "admin:systems_connectedsystem_register": {OFFICER},
    "admin:workforce_colleagueletter_record": {OFFICER},
    "admin:workforce_coursecompletion_certificate": {OFFICER, HANDLER},
    "admin:workforce_course_offer": {OFFICER, HANDLER},
    "admin:workforce_trainingplan_draft": {OFFICER, HANDLER},
    "admin:workforce_pledge_paper": {OFFICER},
    "admin:workforce_pledgetext_draft": {OFFICER, HANDLER},
}
# Records that their page edits: a draft, and who is reached where.
EDITED = {
    "admin:campaigns_kakaotemplate_add": {OFFICER},
    "admin:policies_agency_change": {OFFICER},
    "admin:policies_officer_change": {OFFICER},
}
# One's own feed of the calendar: whoever sees the calendar may have one.
OWN = {"admin:safeguards_calendar_address", "admin:safeguards_calendar_revoke"}
# Registers with what isn't everybody's in the console: secrets of the vault, the trail, people's access, the queue.
NOT_FOR_HANDLERS = (
    "accounts_",
    "jobs_",
    "ledger_",
    "vault_monthkey",
    "vault_keycheck",
    "vault_keyholder",
    "vault_subjectkey",
    "vault_tomb",
    "office_api_subscription",
    "office_api_eventdelivery",
    "scim_",
)
# What an auditor has no use for: identifiers of people and devices in their own registers, and another law's archive.
NOT_FOR_AUDITORS = ("devices_licence", "devices_challenge", "retention_archivedrecord", "jobs_archive", "jobs_personal")


def rows(prefix: str = "") -> dict[str, dict[str, tuple[str, str]]]:
    """Return GET's and POST's answer for each role, of the routes of pages that begin so."""
    cells = {name: [cell.split("/") for cell in found] for name, found in read().items() if name.startswith(prefix)}
    return {
        name: dict(zip(ROLES, ((cell[0], cell[1]) for cell in found), strict=True))
        for name, found in cells.items()
        if len(found[0]) == len(PAGES)
    }


# The descriptions, for machines and for people, and what is at no address of the two APIs.
OPEN_TO_MACHINES = {
    "api-reference",
    "openapi-json",
    r"api/v1/^[\s\S]*$",
    "office-api:openapi-json",
    r"api/office/v1/^[\s\S]*$",
}


@pytest.mark.asvs("8.1.1")
class TestTableIsThePolicy:
    @pytest.mark.law("S-14")
    def test_the_console_is_closed_to_strangers_employees_and_machines(self) -> None:
        for name, by_role in rows().items():
            if name.startswith(("admin:", "office/")) and name != "admin:login":
                for role in ("anonymous", "employee", "gateway"):
                    assert set(by_role[role]) <= {"in", "…"}, f"{name}: {role} gets {by_role[role]}"

    def test_who_may_act_on_a_page_is_who_gets_its_form(self) -> None:
        for name, may in (ACTS | EDITED).items():
            for role in (OFFICER, HANDLER, AUDITOR):
                got = rows(name)[name][role]
                assert (got[1] == "200") == (role in may), f"{name}: {role} gets {got}"
                assert got[0] in (("200",) if role in may else ("200", "403")), f"{name}: {role} gets {got}"

    @pytest.mark.asvs("8.2.3", "15.3.3")
    def test_everything_else_in_the_console_only_shows(self) -> None:
        """A list takes a POST as a press of no button; a record, a new record and a removal take none at all."""
        for name, by_role in rows("admin:").items():
            if name in ACTS or name in EDITED or name in OWN or not name.endswith(("_add", "_change", "_delete")):
                continue
            for role in (OFFICER, HANDLER, AUDITOR):
                assert by_role[role][1] in ("403", "…"), f"{name}: {role} gets {by_role[role]}"
                if name.endswith(("_add", "_delete")):
                    assert by_role[role] == ("403", "403"), f"{name}: {role} gets {by_role[role]}"

    def test_handlers_and_auditors_see_what_their_work_needs(self) -> None:
        hidden = {HANDLER: NOT_FOR_HANDLERS, AUDITOR: NOT_FOR_AUDITORS}
        for name, by_role in rows("admin:").items():
            if name.endswith("_changelist"):
                assert by_role[OFFICER][0] == "200", f"{name}: officer gets {by_role[OFFICER]}"
        for role, prefixes in hidden.items():
            for name, by_role in rows("admin:").items():
                if name.endswith("_changelist") and name.removeprefix("admin:").startswith(prefixes):
                    assert by_role[role] == ("403", "403"), f"{name}: {role} gets {by_role[role]}"

    @pytest.mark.asvs("8.2.2")
    def test_what_is_the_employee_s_is_not_there_for_others(self) -> None:
        for name in ("workforce:pledge", "workforce:pledge-paper"):
            by_role = rows(name)[name]
            assert by_role["employee"][0] == "200", name
            assert {by_role[role][0] for role in (OFFICER, HANDLER, AUDITOR)} == {"404"}, name

    @pytest.mark.asvs("13.4.5")
    def test_machines_speak_with_a_token_and_to_the_api_alone(self) -> None:
        for name, found in read().items():
            if len(found[0].split("/")) == len(MACHINES) and name not in OPEN_TO_MACHINES:
                for role, cell in zip(ROLES[:-1], found[:-1], strict=True):
                    assert set(cell.split("/")) <= {"401", "405"}, f"{name}: {role} gets {cell}"
