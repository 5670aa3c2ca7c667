"""The console's first page: its numbers are the lists' numbers, at few queries, and only of what one may see."""

import re
from datetime import date, timedelta
from unittest import mock
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.contrib import admin
from django.db import connections
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from config import dashboard, dashboard_counts
from privacy.accounts.models import User
from privacy.disclosures.models import Disclosure
from privacy.incidents.models import Incident
from privacy.jobs.models import PersonalOutbox
from privacy.ledger.actors import SystemActor
from privacy.ledger.integrity import structure
from privacy.ledger.models import Scrub
from privacy.lib.dates import clock
from privacy.policies.models import PolicyVersion
from privacy.retention import actions as retention
from privacy.retention.models import DestructionList, Hold
from privacy.retention.restore_gate import middleware as gate
from privacy.rights.models import Request
from privacy.safeguards import actions as safeguards
from privacy.safeguards.models import Measure
from privacy.systems import actions as systems
from privacy.systems.models import Connection, EntryChange, SystemTask
from tests import database, factory
from tests.base import PortalTestCase
from tests.database import PortalDatabase
from tests.factories.ledger import make_entries, seal

QUERIES = 12
ASKING = re.compile(
    r" ON (?:public\.)?([a-z_]+) FOR EACH ROW .*EXECUTE FUNCTION \w*(?:second_person|two_people|of_others)\("
)

# Tables that ask for a second person by a trigger, and where what waits for one is counted.
ELSEWHERE = {
    "accounts_accessgrant": "as the request that leads to it",
    "policies_review": "as the version that is under review",
    "rights_postponement": "as the request, whose next step the page of requests names",
    "rights_right": "as requests to decide, and as the next step of each",
    "systems_connectedsystem": "as the change that is asked for",
}


class DashboardTests(PortalTestCase):
    def setUp(self) -> None:
        # Each five seconds a page asks the gate once more, on a slow machine between two pages of one test.
        self.enterContext(mock.patch.object(gate, "FRESH_SECONDS", 3_600))
        self.at = clock.now()
        self.on = clock.today()
        self.odile = factory.make_officer()

    def board(self, user: User) -> dashboard.Dashboard:
        request = RequestFactory().get("/office/")
        request.user = user
        return dashboard.build_dashboard(admin.site, request, on=self.on, at=self.at)

    def make_work(self) -> None:
        """Cases overdue, soon due and far from due; a disclosure and a destruction list to approve."""
        for days in (20, 15, 9, 8, 1):
            factory.ask(at=self.at - timedelta(days=days), address=f"203.0.113.{days}")
        factory.make_verified(factory.ask(at=self.at - timedelta(days=2), address="203.0.113.99"))
        device = factory.make_device(1)
        factory.make_disclosure(device, at=self.at)
        factory.make_expired_device(2, ended_on=self.on - timedelta(days=3 * 366))
        factory.sweep_on(self.on)

    def test_each_number_is_the_number_of_rows_of_the_list_it_leads_to(self) -> None:
        self.make_work()
        self.client.force_login(self.odile)
        counted = self.board(self.odile).figures
        assert sum(figure.count or 0 for figure in counted) >= 8
        for figure in counted:
            response = self.client.get(figure.url)
            assert response.status_code == 200, figure.url
            if figure.count == 1:
                assert response.context["original"] == figure.rows.get(), figure.label
                continue
            assert "e" not in dict(parse_qsl(urlsplit(figure.url).query)), figure.url
            assert response.context["cl"].result_count == figure.count, figure.label

    def test_the_numbers_are_what_the_office_means_by_them(self) -> None:
        self.make_work()
        by_model = {(f.model, f.severity_above_zero, len(f.lookups)): f.count for f in self.board(self.odile).figures}
        assert by_model[Request, "late", 2] == Request.objects.overdue(on=self.on).count() > 0
        assert (
            by_model[Request, "today", 3]
            == Request.objects.due_within(on=self.on, days=dashboard_counts.SOON_DAYS).count()
            > 0
        )
        assert by_model[Disclosure, "plain", 1] == Disclosure.objects.awaiting_approval().count() == 1
        assert by_model[DestructionList, "plain", 1] == DestructionList.objects.to_approve().count() > 0
        assert by_model[DestructionList, "late", 2] == DestructionList.objects.late(self.on).count()

    @pytest.mark.truth("second-person-today")
    def test_whatever_waits_for_a_second_person_is_counted_and_nothing_else(self) -> None:
        system = factory.make_api_system("crm", "https://crm.example.com/", "A" * 43 + "=", at=self.at)
        systems.ask_scope(
            system, items={"device-registration": ["imei"]}, identifiers=["imei"], reason="moved", actor=self.odile,
            at=self.at,
        )  # fmt: skip
        for wanted in (True, False):
            hold = factory.make_hold(at=self.at, document=f"2026가합{wanted}")
            if wanted:
                retention.ask_lifting(hold, reason="settled", actor=factory.make_omar(), at=self.at)
        factory.make_version_under_review(at=self.at)
        incidents = factory.make_incident(aware_at=self.at)
        assert incidents.state != "proposed"
        elsewhere = factory.make_destruction_elsewhere(at=self.at)
        SystemTask.objects.filter(pk=elsewhere.pk).update(state="answered", done_by="user:U-AAAA-AAAA")
        counted = {figure.model: figure.count for figure in self.board(factory.make_ines()).figures}
        assert [counted[model] for model in (Connection, EntryChange, Hold, PolicyVersion, Incident, SystemTask)] == [
            0, 1, 1, 1, 0, 1,
        ]  # fmt: skip
        for model, register in admin.site._registry.items():
            step = getattr(register, "second_person", None)
            if step is None or step.is_chain:
                continue
            if step.rows is None:
                assert model in {figure.model for figure in dashboard_counts.dashboard_counts(self.on)}, model
                continue
            found = {row.pk for row in model._default_manager.filter(**step.rows)}
            assert found == {row.pk for row in model._default_manager.all() if step.waits(row)}, model

    @pytest.mark.truth("second-person-today")
    def test_every_table_that_asks_for_a_second_person_is_counted(self) -> None:
        asking = set(ASKING.findall(structure.PINNED.read_text("utf-8")))
        figures = [*dashboard_counts.dashboard_counts(self.on), *dashboard_counts.waiting_for_second(admin.site)]
        assert asking - {figure.model._meta.db_table for figure in figures} == ELSEWHERE.keys()
        assert len(asking) > 30

    def test_the_page_costs_a_fixed_number_of_queries(self) -> None:
        self.make_work()
        self.client.force_login(self.odile)
        self.client.get("/office/")
        spent = []
        for alias in connections:
            with CaptureQueriesContext(connections[alias]) as captured:
                self.client.get("/office/")
            spent += [query["sql"] for query in captured.captured_queries]
        assert len(spent) <= QUERIES, "\n".join(spent)

    @pytest.mark.truth("13")
    def test_a_running_breach_and_an_inspection_due_today_stand_on_the_page(self) -> None:
        for days in (30, 29, 28, 27, 26):
            factory.ask(at=self.at - timedelta(days=days), address=f"203.0.113.{days}")
        incident = factory.make_incident(aware_at=self.at - timedelta(hours=57, minutes=30))
        inspection = safeguards.plan_inspection(
            kind="implementation", scope="16 sections", method="on paper", inspector=factory.make_aram().ref,
            planned_on=self.on, actor=self.odile, at=self.at,
        )  # fmt: skip
        self.client.force_login(self.odile)
        page = self.client.get("/en/office/").content.decode()
        assert "14 hours left" in page
        assert f"Inspection {inspection.reference}" in page
        assert page.index("overdue</span>") < page.index("14 hours left")
        assert incident.reference in page
        assert "and 2 more of this kind" in page, "three of the overdue cases are named"

    @pytest.mark.truth("13")
    def test_the_page_costs_no_more_where_every_register_has_a_clock(self) -> None:
        self.make_work()
        factory.make_approved_plan(at=self.at, effective_on=self.on)
        factory.make_hold(at=self.at, until=self.on)
        factory.make_measure(at=self.at, cycle_days=1)
        self.client.force_login(self.odile)
        self.client.get("/office/")
        spent = []
        for alias in connections:
            with CaptureQueriesContext(connections[alias]) as captured:
                self.client.get("/office/")
            spent += [query["sql"] for query in captured.captured_queries]
        assert len(spent) <= QUERIES, "\n".join(query[:150] for query in spent)

    @pytest.mark.truth("queries-with-an-open-incident")
    def test_the_page_costs_no_more_with_open_incidents(self) -> None:
        self.make_work()
        mina = factory.make_mina(at=self.at)
        for changes in ({"intrusion": True}, {"certainty": "possible"}, {"outside_access": True, "sensitive": True}):
            factory.make_known_incident(mina, at=self.at - timedelta(hours=3), **changes)
        self.client.force_login(self.odile)
        self.client.get("/office/")
        spent = []
        for alias in connections:
            with CaptureQueriesContext(connections[alias]) as captured:
                self.client.get("/office/")
            spent += [query["sql"] for query in captured.captured_queries]
        assert len(spent) <= QUERIES, "\n".join(f"{n} {sql[:900]}" for n, sql in enumerate(spent))

    @pytest.mark.truth("hunt")
    def test_the_page_costs_no_more_in_any_role(self) -> None:
        self.make_work()
        for person in (self.odile, factory.make_hana(), factory.make_aram(), factory.make_omar()):
            self.client.force_login(person)
            self.client.get("/office/")
            spent = []
            for alias in connections:
                with CaptureQueriesContext(connections[alias]) as captured:
                    self.client.get("/office/")
                # An auditor's page takes the reading role and gives it back.
                spent += [query["sql"] for query in captured.captured_queries if "SET ROLE" not in query["sql"]]
            assert len(spent) <= QUERIES, "\n".join([str(person.roles), *(query[:150] for query in spent)])

    @pytest.mark.truth("stopped-check-on-today")
    def test_an_automatic_check_that_has_stopped_is_on_the_page_from_the_day_after_its_day(self) -> None:
        safeguards.register_automated_measures(actor=SystemActor("tests"), at=self.at)
        measure = Measure.objects.active().filter(is_automated=True).order_by("due_on", "pk")[0]
        for days, shown in ((0, False), (-1, True)):
            Measure.objects.filter(pk=measure.pk).update(due_on=self.on + timedelta(days=days))
            found = {row.path for row in self.board(self.odile).clocks}
            assert (reverse("admin:safeguards_measure_change", args=[measure.pk]) in found) is shown, days
        with translation.override("en"):
            titles = [row.title for row in self.board(self.odile).clocks]
            assert f"Automatic check that has stopped: {measure.name}" in titles

    def test_somebody_without_a_register_sees_no_number_of_it(self) -> None:
        assert self.board(factory.make_emin()).figures == []
        seen = {figure.model for figure in self.board(factory.make_aram()).figures}
        assert all(factory.make_aram().has_perm(f"{m._meta.app_label}.view_{m._meta.model_name}") for m in seen)

    def test_late_work_comes_first_and_idle_registers_are_told_apart(self) -> None:
        self.make_work()
        board = self.board(self.odile)
        moods = [figure.mood for figure in board.waiting]
        assert moods == sorted(moods, key=dashboard.SEVERITY_ORDER.index)
        assert moods[0] == "late"
        assert {f.mood for f in board.idle} <= {"none"}
        unnamed = [figure for figure in board.figures if not figure.named_when_idle and figure.mood == "none"]
        assert unnamed and len(board.waiting) + len(board.idle) + len(unnamed) == len(board.figures)


@pytest.mark.fault("FLT-10")
def test_a_database_without_an_answer_leaves_a_question_mark_and_the_rest_counts(
    portal_database: PortalDatabase,
) -> None:
    request = RequestFactory().get("/office/")
    request.user = factory.make_odile(granted=False)
    connections["personal"].close()
    database.drop({"personal": portal_database.names["personal"]})
    found = dashboard_counts.visible_counts(admin.site, request, clock.today())
    dashboard_counts.run_counts(found)
    counts = {figure.model: figure for figure in found}
    assert counts[PersonalOutbox].count is None
    assert counts[PersonalOutbox].mood == "late"
    assert counts[Request].count == 0


def test_months_are_counted_across_years() -> None:
    ahead = dashboard.months_from(date(2026, 11, 25), 3)
    assert ahead == [date(2026, 11, 1), date(2026, 12, 1), date(2027, 1, 1)]
    past = dashboard.months_from(date(2026, 2, 28), -11)
    assert (past[0], past[-1], len(past)) == (date(2025, 3, 1), date(2026, 2, 1), 12)


@pytest.mark.truth("claims")
def test_the_page_says_how_much_of_the_trail_is_sealed_and_what_waits(portal_database: PortalDatabase) -> None:
    make_entries(portal_database, 7)
    seal(portal_database)
    at = clock.now()
    with portal_database.connect() as connection:
        (sealed,) = connection.execute("SELECT count(*) FROM ledger.leaf").fetchone() or (0,)
    told = dashboard.ledger_status(at)
    assert told is not None
    assert (told.size, told.signed_at, told.is_behind) == (sealed, None, False)
    make_entries(portal_database, 1)
    late = dashboard.ledger_status(at + timedelta(minutes=10))
    assert late is not None
    assert late.is_behind


@pytest.mark.truth("sealing-is-behind")
def test_an_entry_after_a_quiet_hour_is_no_alarm_and_one_that_waits_is(portal_database: PortalDatabase) -> None:
    now = clock.now()
    make_entries(portal_database, 3)
    seal(portal_database, at=now - timedelta(hours=1))
    make_entries(portal_database, 1)
    fresh = dashboard.ledger_status(now + timedelta(seconds=5))
    assert fresh is not None and not fresh.is_behind
    late = dashboard.ledger_status(now + timedelta(minutes=3))
    assert late is not None and late.is_behind


@pytest.mark.truth("trail-by-what-was-found")
@pytest.mark.parametrize(
    ("code", "english", "korean", "kind"),
    [
        (0, "sound", "이상 없음", "good"),
        (2, "altered", "변조됨", "alarm"),
        (3, "checked, but not everything was covered", "점검했으나 확인하지 못한 부분이 있음", "wait"),
        (4, "something can&#x27;t be read", "읽을 수 없는 내용이 있음", "alarm"),
    ],
)
def test_the_pages_say_of_the_last_scrub_what_it_found(
    portal_database: PortalDatabase, code: int, english: str, korean: str, kind: str
) -> None:
    make_entries(portal_database, 1)
    seal(portal_database)
    Scrub.objects.create(begun_at=clock.now(), finished_at=clock.now(), size=1, code=code)
    client = Client()
    client.force_login(factory.make_aram())
    for name in ("index", "ledger_checkpoint_changelist", "ledger_scrub_changelist"):
        for language, said in (("ko", korean), ("en", english)):
            with translation.override(language):
                place = reverse(f"admin:{name}")
            page = client.get(place).content.decode()
            assert f'<span class="badge badge-{kind}">{said}</span>' in page, place
