"""Pages are read and sent, nothing else; and what is another's is answered as what isn't there."""

import re
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import get_resolver

from privacy.accounts import actions as accounts
from privacy.accounts.models import SignIn
from privacy.lib.dates import clock
from tests import factory
from tests.base import PortalTestCase
from tests.house.route_list import all_routes
from tests.house.test_open_routes import routes
from tests.house.test_secure_code import ROOT

# What people's own addresses name, and the test that asks for another's. The console's go by role (`routes.txt`), those
# of programs by their token.
OF_SOMEBODY = {
    "accounts:explain-access": "privacy/ledger/test_finding_questions.py::"
    "test_the_holder_explains_at_the_staff_door_and_nobody_else_sees_it",
    "accounts:withdraw-request": "house/test_methods.py::"
    "test_another_s_session_and_key_are_answered_as_what_is_not_there",
    "consents:code": "consents/test_consent_codes.py::test_nobody_gets_a_code_for_another_persons_receipt",
    "consents:contact": "privacy/subjects/test_contacts.py::test_of_the_person_ends_and_prefers_only_their_own",
    "consents:destruction": "consents/test_planned_destruction.py::test_nobody_stops_anothers",
    "consents:receipt": "consents/test_public_pages.py::test_another_persons_receipt_is_not_shown",
    "disclosures:answer-call": "privacy/disclosures/test_recipient_proofs.py::"
    "test_it_commits_to_what_it_holds_and_is_asked_under_a_new_key_where_that_is_wrong",
    "end-session": "house/test_methods.py::test_another_s_session_and_key_are_answered_as_what_is_not_there",
    "mfa_remove_webauthn": "house/test_methods.py::test_another_s_session_and_key_are_answered_as_what_is_not_there",
    "rights:letter": "privacy/rights/test_particulars.py::"
    "test_an_answer_whose_words_are_gone_is_said_to_be_so_and_no_fault",
    "rights:opening-proof": "privacy/rights/test_openings.py::test_only_one_s_own_opening_has_a_proof_for_one",
    "workforce:pledge": "house/test_routes.py::test_what_is_the_employee_s_is_not_there_for_others",
    "workforce:pledge-paper": "house/test_routes.py::test_what_is_the_employee_s_is_not_there_for_others",
}
# What is everybody's, and what a secret address opens to whoever has it.
OF_EVERYBODY = {
    "consents:agreement", "consents:begin", "guide", "log-program", "log-tile", "policies:difference",
    "policies:published", "policies:version", "workforce:course", "workforce:sign",
    "accept-invitation", "disclosures:acknowledge", "disclosures:prove", "representative", "safeguards:calendar",
}  # fmt: skip


@pytest.mark.asvs("8.2.2")
def test_each_address_that_names_a_record_is_asked_for_another_s() -> None:
    of_programs = ("office/", "api/", "scim/", "static/")
    named = {
        name
        for name, path, _entry in routes(get_resolver().url_patterns)
        if re.search(r"<|\(\?P", path) and not path.startswith(of_programs)
    }
    assert named == OF_SOMEBODY.keys() | OF_EVERYBODY
    for test in OF_SOMEBODY.values():
        path, name = test.split("::")
        source = (ROOT / "tests" / path).read_text()
        assert re.search(rf'asvs\([^)]*"8\.2\.2"[^)]*\)\n(?: *@.*\n)* *def {name}\(', source), test


class MethodTests(PortalTestCase):
    @pytest.mark.asvs("3.5.3", "4.1.4", "13.4.4")
    def test_pages_take_no_other_methods(self) -> None:
        client = Client(raise_request_exception=False)
        seen = 0
        for place in all_routes():
            if not place.is_api:
                for method in ("PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"):
                    answer = client.generic(method, place.address)
                    assert answer.status_code == 405, f"{method} {place.address}: {answer.status_code}"
                    assert answer.headers["Allow"] == "GET, HEAD, POST"
                    seen += 1
        assert seen > 1_000

    @pytest.mark.asvs("4.1.4")
    def test_apis_take_no_methods_but_those_of_their_calls(self) -> None:
        client, seen = Client(raise_request_exception=False), 0
        for place in all_routes():
            if place.is_api and "^" not in place.address:
                for method in ("TRACE", "OPTIONS", "PROPFIND"):
                    answer = client.generic(method, place.address)
                    assert answer.status_code in (401, 405), f"{method} {place.address}: {answer.status_code}"
                    seen += 1
        assert seen > 60

    @pytest.mark.asvs("8.2.2")
    def test_another_s_session_and_key_are_answered_as_what_is_not_there(self) -> None:
        odile, omar = factory.make_odile(granted=False), factory.make_omar()
        client, at = Client(), clock.now()
        today = clock.kst_date(at)
        asked = accounts.request_access(
            user=omar, category="app-log", purpose="error-analysis", reason="x", valid_from=today, valid_until=today,
            at=at,
        )  # fmt: skip
        client.force_login(odile)
        Client().force_login(omar)
        factory.give_app(omar)
        key, session = omar.authenticator_set.get().pk, SignIn.objects.get(user=omar).pk
        for theirs, nothing in (
            (f"/staff/security/sessions/{session}/end/", f"/staff/security/sessions/{uuid4()}/end/"),
            (f"/staff/security/key/{key}/remove/", "/staff/security/key/999999/remove/"),
            (f"/staff/access/{asked.reference}/withdraw/", "/staff/access/Z-0000-0000/withdraw/"),
        ):
            assert client.post(theirs).status_code == client.post(nothing).status_code == 404, theirs
