"""Pages are read and sent, nothing else; and what is another's is answered as what isn't there."""

from uuid import uuid4

import pytest
from django.test import Client

from privacy.accounts.models import SignIn
from tests import factory
from tests.base import PortalTestCase
from tests.house.route_list import all_routes


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

    @pytest.mark.asvs("8.2.2")
    def test_another_s_session_and_key_are_answered_as_what_is_not_there(self) -> None:
        odile, omar = factory.make_odile(granted=False), factory.make_omar()
        client = Client()
        client.force_login(odile)
        Client().force_login(omar)
        factory.give_app(omar)
        key, session = omar.authenticator_set.get().pk, SignIn.objects.get(user=omar).pk
        for theirs, nothing in (
            (f"/staff/security/sessions/{session}/end/", f"/staff/security/sessions/{uuid4()}/end/"),
            (f"/staff/security/key/{key}/remove/", "/staff/security/key/999999/remove/"),
        ):
            assert client.post(theirs).status_code == client.post(nothing).status_code == 404, theirs
