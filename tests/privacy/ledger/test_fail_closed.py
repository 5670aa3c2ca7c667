"""No record, no data: when nothing can be put on record, nothing is shown and nothing is changed (ASVS 16.3.2)."""

import pytest
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import Group
from django.db import connections, transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import path, reverse

from privacy.accounts.models import User
from privacy.ledger import actions as ledger
from privacy.ledger.actions import LedgerUnavailable
from privacy.ledger.actors import SystemActor
from privacy.ledger.entries import autocommit
from privacy.ledger.events import Event
from privacy.ledger.models import Entry
from privacy.lib.dates import clock
from tests.database import PortalDatabase
from tests.factories.accounts import make_hana
from tests.factories.devices import imei, make_device, registration

SECRET = "356938035643809"


@login_not_required
def show(request: HttpRequest) -> HttpResponse:
    """A page of personal data that does as every page must: record first."""
    ledger.record_before(
        Event.READ, actor=SystemActor("tests"), at=clock.now(), subjects=["S-1"], task="t", purpose="rights"
    )
    return HttpResponse(f"IMEI {SECRET}")


urlpatterns = [path("show", show), path("api/v1/show", show)]


def shut(database: PortalDatabase, how: str) -> None:
    """Make inserting into the ledger impossible."""
    with database.connect() as superuser:
        superuser.execute(
            {
                "revoked": "REVOKE INSERT (kind, payload) ON ledger.entry"
                " FROM portal_app, portal_intake, portal_worker",
                "trigger": "CREATE FUNCTION public.boom() RETURNS trigger LANGUAGE plpgsql AS"
                " 'BEGIN RAISE EXCEPTION ''boom''; END'; CREATE TRIGGER boom BEFORE INSERT ON ledger.entry"
                " FOR EACH STATEMENT EXECUTE FUNCTION public.boom()",
                "swallowed": "CREATE FUNCTION public.swallow() RETURNS trigger LANGUAGE plpgsql AS"
                " 'BEGIN RETURN NULL; END'; CREATE TRIGGER a BEFORE INSERT ON ledger.entry"
                " FOR EACH ROW EXECUTE FUNCTION public.swallow()",
                "gone": "ALTER TABLE ledger.entry RENAME TO gone",
            }[how]
        )


@pytest.mark.clause("P8.3")
@pytest.mark.parametrize("how", ["revoked", "trigger", "swallowed", "gone"])
@pytest.mark.parametrize("address", ["/show", "/api/v1/show"])
@override_settings(ROOT_URLCONF=__name__)
def test_a_shut_ledger_shows_503_and_no_data(portal_database: PortalDatabase, how: str, address: str) -> None:
    assert SECRET in Client().get(address).content.decode()
    shut(portal_database, how)
    answer = Client().get(address)
    assert answer.status_code == 503
    assert SECRET not in answer.content.decode()


@pytest.mark.asvs("15.4.3")
@override_settings(ROOT_URLCONF=__name__)
def test_a_locked_ledger_is_503_within_seconds(portal_database: PortalDatabase) -> None:
    with portal_database.connect() as other, other.transaction():
        other.execute("LOCK TABLE ledger.entry IN ACCESS EXCLUSIVE MODE")
        assert Client().get("/show").status_code == 503
    assert Client().get("/show").status_code == 200


@pytest.mark.asvs("16.5.3")
def test_a_change_is_undone_where_it_can_not_be_recorded(portal_database: PortalDatabase) -> None:
    shut(portal_database, "revoked")
    with pytest.raises(LedgerUnavailable), transaction.atomic():
        Group.objects.create(name="never")
        ledger.record(Event.READ, actor=SystemActor("tests"), at=clock.now())
    assert not Group.objects.filter(name="never").exists()


def test_a_cut_connection_is_made_again(portal_database: PortalDatabase) -> None:
    def record() -> None:
        ledger.record_before(Event.READ, actor=SystemActor("tests"), at=clock.now(), task="t", purpose="rights")

    record()
    with portal_database.connect() as superuser:
        superuser.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid()"
        )
    connections["default"].close()
    with pytest.raises(LedgerUnavailable):
        record()
    record()


def test_the_recording_connection_is_never_inside_a_transaction(portal_database: PortalDatabase) -> None:
    with transaction.atomic():
        assert autocommit.connection() is not connections["default"]
        assert not autocommit.connection().in_atomic_block
        assert autocommit.connection().get_autocommit()
    autocommit.close()


@pytest.mark.law("S-01")
def test_a_handler_s_device_page_is_503_without_a_record(portal_database: PortalDatabase) -> None:
    """The real page: masked, and still not shown where nothing can be put on record."""
    device = make_device(4_711)
    hana = Client()
    hana.force_login(User.objects.get(pk=make_hana().pk))
    address = reverse("admin:devices_device_change", args=[device.pk])
    search = f"{reverse('admin:devices_device_changelist')}?q={imei(4_711)}"
    ask_in_clear = {
        "CHANGE_FORM-action": "unmask", "_selected_action": str(device.pk), "confirmed": "yes", "purpose": "rights",
        "reason": "The person asked for it on the phone.",
    }  # fmt: skip
    assert imei(4_711) in hana.post(address, ask_in_clear, follow=True).content.decode(), "the positive control"
    page = hana.get(address)
    assert page.status_code == 200
    assert device.reference in page.content.decode()
    assert Entry.objects.naming(device.subject_id).reads().filter(task="devices.device.viewed").count() == 1
    shut(portal_database, "revoked")
    pages = [hana.get(closed) for closed in (address, reverse("admin:devices_device_changelist"), search)]
    for page in [*pages, hana.post(address, ask_in_clear, follow=True)]:
        assert page.status_code == 503
        for secret in (imei(4_711), registration(4_711)["serial_number"], device.reference, str(device.subject_id)):
            assert secret not in page.content.decode().replace(f"q={imei(4_711)}", "")
