"""A disk that is full is like a database that is away: 503 with the number to call, never 500 (the term is running)."""

import pytest
from django.test import Client
from django.urls import reverse

from privacy.rights.models import Request
from tests.database import PortalDatabase
from tests.privacy.rights.test_request_form import fields

FULL = """
CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$;
CREATE TRIGGER full_disk BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION full_disk();
"""


@pytest.mark.asvs("16.5.2")
@pytest.mark.truth("disk-full")
@pytest.mark.parametrize(
    ("alias", "table"),
    [("default", "rights_request"), ("default", "ledger.entry"), ("personal", "rights_particulars")],
)
def test_a_full_disk_answers_503_with_the_telephone(portal_database: PortalDatabase, alias: str, table: str) -> None:
    with portal_database.connect(alias=alias) as server:
        server.execute(FULL.format(table=table))
    client = Client(raise_request_exception=False)
    page = client.post(reverse("rights:request"), fields(submission="mark"))
    assert page.status_code == 503
    assert "02-6928-6774" in page.content.decode()
    assert page.headers["Retry-After"]
    with portal_database.connect(alias=alias) as server:
        server.execute(f"DROP TRIGGER full_disk ON {table}")
    # Sent again as the page says, it counts once.
    assert client.post(reverse("rights:request"), fields(submission="mark")).status_code == 200
    assert Request.objects.count() == 1


@pytest.mark.truth("disk-full")
def test_a_fault_of_our_own_stays_a_fault(portal_database: PortalDatabase) -> None:
    with portal_database.connect() as server:
        server.execute(FULL.format(table="rights_request").replace("'disk_full'", "'42P01'"))
    page = Client(raise_request_exception=False).post(reverse("rights:request"), fields())
    assert page.status_code == 500
