"""A page with many names of categories and items asks once which policy is in force: names cost no query each."""

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from privacy.ledger import request_context
from privacy.lib.dates import clock
from privacy.lib.display import display_names
from privacy.policies import rulebook
from tests import factory
from tests.base import PortalTestCase

# What a first page may ask (config/dashboard.py), with session, account and permissions.
QUERIES = 12


@pytest.mark.truth("hunt")
class NamesTest(PortalTestCase):
    def spent(self, path: str) -> list[str]:
        assert self.client.get(path).status_code == 200
        spent = []
        for alias in connections:
            with CaptureQueriesContext(connections[alias]) as captured:
                self.client.get(path)
            spent += [query["sql"] for query in captured.captured_queries]
        return spent

    def test_the_first_pages_of_people_who_work_here_cost_no_query_for_each_name(self) -> None:
        hana = factory.make_hana()
        assert hana.grants.filter(role="").count() > QUERIES / 2, "many names stand on her page"
        self.client.force_login(hana)
        for path in ("/staff/", "/staff/access/"):
            spent = self.spent(path)
            assert len(spent) <= QUERIES, "\n".join(sql[:150] for sql in spent)

    def test_the_form_of_a_request_costs_no_query_for_each_name_and_agreement(self) -> None:
        spent = self.spent("/rights/request/")
        assert len(spent) <= QUERIES, "\n".join(sql[:150] for sql in spent)

    def test_the_next_request_and_what_runs_outside_of_one_ask_again(self) -> None:
        today = clock.today()
        with CaptureQueriesContext(connections["default"]) as asked:
            for _time in range(2):
                display_names.display_name("category", "app-log", on=today)
        assert len(asked) == 2, "a worker lives longer than a policy"
        for _request in range(2):
            with request_context.override(request_id=request_context.new_request_id(), lookups={}):
                with CaptureQueriesContext(connections["default"]) as asked:
                    for item in ("imei", "serial_number", "model"):
                        display_names.display_name("item", item, on=today)
                assert len(asked) == 1, "once for all names of a page, and again for the next page"
                with CaptureQueriesContext(connections["default"]) as asked:
                    rulebook.in_force(today)
                assert len(asked) == 1, "what decides asks each time"
