"""An auditor reads: the database itself refuses what their requests to the console should never write."""

import pytest
from django.db import DatabaseError, connection, connections, transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import include, path

from config.databases import READONLY_ROLE_INSERTS, READONLY_ROLE_WRITES
from devices.models import Device
from privacy.accounts.models import User
from privacy.ledger.models import Entry
from privacy.rights.models import Request
from tests import factory
from tests.base import PortalTestCase
from tests.database import PortalDatabase
from tests.own_writes import as_the_portal

MAY = """
    SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p', 'v', 'm') AND n.nspname IN ('public', 'ledger') AND (
        has_table_privilege('portal_reader', c.oid, %s)
        OR %s IN ('INSERT', 'UPDATE') AND has_any_column_privilege('portal_reader', c.oid, %s))
"""
CARELESS = {"case": (Request, "subject_id"), "device": (Device, "updated_at")}


def careless(request: HttpRequest, what: str) -> HttpResponse:
    """A page of the console that forgot to ask for a permission."""
    model, column = CARELESS[what]
    if "anew" in request.GET:
        connections["personal"].close()
    try:
        with as_the_portal(), transaction.atomic(using=model.objects.db):
            changed = model.objects.update(**{column: model.objects.values(column)[:1]})
    except DatabaseError as error:
        return HttpResponse(str(error), status=409)
    return HttpResponse(str(changed))


urlpatterns = [path("office/", include(([path("<slug:what>/", careless)], "admin")))]


def get(person: User, address: str) -> HttpResponse:
    client = Client()
    client.force_login(person)
    answer: HttpResponse = client.get(address)
    return answer


def allowed(alias: str, privilege: str) -> set[str]:
    with connections[alias].cursor() as cursor:
        cursor.execute(MAY, [privilege] * 3)
        return {row[0] for row in cursor.fetchall()}


class TestTheRole(PortalTestCase):
    def test_it_writes_only_what_an_auditors_own_work_is(self) -> None:
        own = {f"public.{table}" for table in READONLY_ROLE_WRITES}
        added = {f"public.{table}" for table in READONLY_ROLE_INSERTS}
        assert allowed("default", "UPDATE") == own
        assert allowed("default", "INSERT") == own | added | {"ledger.entry", "ledger.field_change"}
        for alias in ("personal", "archive"):
            assert not allowed(alias, "INSERT") | allowed(alias, "UPDATE"), alias
        for alias in connections:
            assert not allowed(alias, "DELETE") | allowed(alias, "TRUNCATE"), alias

    def test_the_portal_takes_it_and_inherits_nothing_of_it(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT DISTINCT inherit_option, set_option FROM pg_auth_members"
                "  WHERE roleid = 'portal_reader'::regrole"
                "    AND member IN ('portal_app'::regrole, 'portal_archivist'::regrole)"
            )
            assert cursor.fetchall() == [(False, True)]

    def test_nobody_signs_in_as_it_and_it_is_nobody_else(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT rolcanlogin, (SELECT count(*) FROM pg_auth_members WHERE member = r.oid)"
                "  FROM pg_roles r WHERE rolname = 'portal_reader'"
            )
            assert cursor.fetchone() == (False, 0)


@override_settings(ROOT_URLCONF=__name__)
@pytest.mark.parametrize("address", ["/office/case/", "/office/device/", "/office/device/?anew"])
def test_a_careless_page_is_refused_to_the_auditor_by_the_database(
    address: str, portal_database: PortalDatabase
) -> None:
    factory.make_device(1)
    factory.ask()
    answer = get(factory.make_aram(), address)
    assert (answer.status_code, b"permission denied" in answer.content) == (409, True)
    assert get(factory.make_hana(), address).status_code == 200, "the page does write, for whoever the database lets"


class TestAnAuditorsRequest(PortalTestCase):
    def test_the_connection_is_the_portals_again_afterwards(self) -> None:
        assert get(factory.make_aram(), "/office/").status_code == 200
        for alias in connections:
            with connections[alias].cursor() as cursor:
                cursor.execute("SELECT current_user = session_user")
                assert cursor.fetchone() == (True,), alias

    def test_what_an_auditor_reads_of_people_is_on_record(self) -> None:
        device = factory.make_device(1)
        before = Entry.objects.filter(kind="read").count()
        assert get(factory.make_aram(), f"/office/devices/device/{device.pk}/change/").status_code == 200
        assert Entry.objects.filter(kind="read").count() == before + 1

    def test_whoever_holds_another_role_of_the_console_too_works_in_it(self) -> None:
        both = factory.make_user("both@extrus.example", "Both", "auditor", "handler")
        with override_settings(ROOT_URLCONF=__name__):
            factory.ask()
            assert get(both, "/office/case/").status_code == 200
