"""Nobody signs in by a grant that somebody altered or added outside the portal."""

import psycopg
import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from privacy.accounts.models import AccessGrant, User
from privacy.accounts.signin.altered_grants import altered_grants
from privacy.ledger.models import Entry
from tests.database import PortalDatabase
from tests.factories.accounts import PASSWORD, make_emin, make_hana
from tests.factories.ledger import adopt

pytestmark = [pytest.mark.attack("19.7"), pytest.mark.clause("P8.3")]


@pytest.fixture
def emin(portal_database: PortalDatabase) -> User:
    adopt(portal_database)
    make_hana()
    return make_emin()


def sign_in(user: User) -> bool:
    client = Client()
    client.post(reverse("account_login"), {"login": user.email, "password": PASSWORD})
    return "_auth_user_id" in client.session


def test_grants_that_officers_gave_let_in(emin: User) -> None:
    assert altered_grants(emin) == []
    assert sign_in(emin)


def test_an_invented_grant_lets_nobody_in_and_the_denial_is_on_record(
    emin: User, portal_database: PortalDatabase
) -> None:
    with portal_database.connect() as superuser:
        superuser.execute("SET session_replication_role = replica")
        superuser.execute("ALTER TABLE accounts_accessgrant DISABLE TRIGGER ALL")
        superuser.execute(
            "INSERT INTO accounts_accessgrant SELECT (jsonb_populate_record(g, jsonb_build_object("
            "'id', gen_random_uuid(), 'user_id', %s::uuid, 'role', 'officer'))).* FROM accounts_accessgrant g LIMIT 1",
            [emin.pk],
        )
    invented = AccessGrant.objects.get(user=emin, role="officer")
    assert altered_grants(emin) == [str(invented.pk)]
    assert not sign_in(emin)
    assert Entry.objects.filter(kind="denied", payload__contains=str(invented.pk)).exists()


def test_an_altered_grant_lets_nobody_in(portal_database: PortalDatabase, emin: User) -> None:
    grant = AccessGrant.objects.filter(user__email__startswith="hana").first()
    assert grant is not None
    with portal_database.connect() as superuser:
        superuser.execute("SET session_replication_role = replica")
        superuser.execute("ALTER TABLE accounts_accessgrant DISABLE TRIGGER ALL")
        superuser.execute("UPDATE accounts_accessgrant SET valid_until = '2031-01-01' WHERE id = %s", [grant.pk])
    assert altered_grants(grant.user) == [str(grant.pk)]


@pytest.mark.clause("P8.8")
def test_what_the_superuser_puts_into_djangos_tables_gives_nothing(portal_database: PortalDatabase) -> None:
    """The tables of groups are still Django's; an account has no place in them."""
    emin = make_emin()
    url = settings.EMBEDDED_SERVER.url("postgres", settings.DATABASES["default"]["NAME"])
    with psycopg.connect(url, autocommit=True) as superuser:
        superuser.execute("INSERT INTO auth_group (name) VALUES ('officer') ON CONFLICT DO NOTHING")
        columns = superuser.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_name = 'accounts_user'"
        )
        assert not {"is_superuser", "is_staff"} & {row[0] for row in columns.fetchall()}
    assert User.objects.get(pk=emin.pk).get_all_permissions() == set()
