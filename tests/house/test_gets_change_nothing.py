"""Whoever opens a page changes nothing: every address is asked for by everybody, and every table compared."""

from collections.abc import Iterator

import pytest
from django.apps import apps
from django.db import connections, router
from django.test import Client

from tests import factory
from tests.base import PortalTestCase
from tests.browser.office_data import make_full_office
from tests.house.route_list import all_routes

# What opening a page leaves behind: the life of the session, and what was counted of tries.
LEAVES = {
    "django_session", "accounts_signin", "accounts_browser", "accounts_signinthrottle",
    # Of no page: what the worker's library keeps of its runs, which pages can't read.
    "django_q_task",
}  # fmt: skip


def tables() -> Iterator[tuple[str, str]]:
    """Every table of ours with its database; the trail is where what was read is recorded."""
    for model in apps.get_models(include_auto_created=True):
        table = model._meta.db_table
        if model._meta.managed and not table.startswith("ledger") and '"' not in table and table not in LEAVES:
            alias = router.db_for_read(model) or "default"
            yield alias, table


def digests() -> dict[str, str]:
    found = {}
    for alias, table in tables():
        with connections[alias].cursor() as cursor:
            cursor.execute(f'SELECT md5(string_agg(t::text, chr(10) ORDER BY t::text)) FROM "{table}" t')
            found[f"{alias}.{table}"] = cursor.fetchone()[0]
    return found


@pytest.mark.asvs("3.5.3")
class GetTests(PortalTestCase):
    def test_every_address_changes_no_table(self) -> None:
        make_full_office()
        officer, employee = Client(raise_request_exception=False), Client(raise_request_exception=False)
        officer.force_login(factory.make_odile())
        employee.force_login(factory.make_emin())
        before = digests()
        assert len(before) > 80
        for client in (Client(raise_request_exception=False), officer, employee):
            for place in all_routes():
                client.get(place.address)
        for place in all_routes():
            officer.head(place.address)
        after = digests()
        assert {table for table in before if before[table] != after[table]} == set()
