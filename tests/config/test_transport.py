"""How answers travel: what production switches on, what is stored by whom, which cookies a visitor gets."""

import json
import os
import subprocess
import sys

import pytest
from django.test import Client

from tests import factory
from tests.base import PortalTestCase
from tests.house.route_list import all_routes
from tools import variables

READ = """
import json, runpy
found = runpy.run_path("config/settings.py")
print(json.dumps({name: value for name, value in found.items() if name.startswith(("SECURE_", "SESSION_", "CSRF_",
    "LANGUAGE_COOKIE", "BROWSER_COOKIE")) and isinstance(value, str | int | bool)}))
"""
# What may be stored elsewhere says so itself: files that never change under their name.
STORED = ("/static/",)


@pytest.mark.law("S-18", "S-20")
@pytest.mark.asvs("3.3.1", "3.3.2", "3.3.3", "12.2.1")
@pytest.mark.truth("claims")
def test_production_speaks_tls_only_and_its_cookies_are_the_hosts() -> None:
    environ = {**variables.PRODUCTION, "PATH": os.environ["PATH"], "PYTHONPATH": str(variables.ROOT)}
    run = subprocess.run(
        [sys.executable, "-c", READ], cwd=variables.ROOT, env=environ, capture_output=True, text=True, check=True
    )
    found = json.loads(run.stdout)
    assert found["SECURE_SSL_REDIRECT"] is True
    assert found["SECURE_HSTS_SECONDS"] == 2 * 365 * 24 * 60 * 60
    for cookie in ("SESSION", "CSRF", "LANGUAGE", "BROWSER"):
        assert found[f"{cookie}_COOKIE_NAME"].startswith("__Host-"), cookie
    for cookie in ("SESSION", "CSRF", "LANGUAGE"):
        assert found[f"{cookie}_COOKIE_SECURE"] is True and found[f"{cookie}_COOKIE_HTTPONLY"] is True, cookie
        assert found[f"{cookie}_COOKIE_SAMESITE"] == "Lax", cookie


@pytest.mark.truth("claims")
class VisitorTests(PortalTestCase):
    @pytest.mark.asvs("14.2.5", "14.3.2")
    def test_nobody_stores_an_answer_that_does_not_say_so(self) -> None:
        client = Client(raise_request_exception=False)
        for address in [place.address for place in all_routes()] + ["/nothing/"]:
            if not address.startswith(STORED):
                assert client.get(address, secure=True).headers.get("Cache-Control"), address
        for address in ("/", "/en/", "/policy/", "/rights/request/", "/nothing/", "/sign-in/"):
            assert "no-store" in client.get(address, secure=True).headers["Cache-Control"], address

    @pytest.mark.asvs("14.2.3", "14.3.3")
    def test_a_visitor_of_the_public_pages_gets_no_cookie_that_tracks(self) -> None:
        client = Client()
        for address in ("/", "/en/", "/policy/", "/officer/", "/notices/", "/rights/", "/rights/request/", "/verify/"):
            client.get(address, secure=True)
        # The one that protects forms, until the browser is closed or a year is over; it holds a random number.
        assert set(client.cookies) <= {"csrf", "language"}, client.cookies

    @pytest.mark.asvs("3.3.2", "3.3.4", "3.3.5")
    def test_every_cookie_of_a_sign_in_is_for_the_host_and_no_script(self) -> None:
        client = Client()
        given = {"login": factory.make_emin().email, "password": factory.PASSWORD}
        with self.settings(SESSION_COOKIE_SECURE=True, CSRF_COOKIE_SECURE=True, LANGUAGE_COOKIE_SECURE=True):
            client.get("/sign-in/", secure=True)
            client.post("/sign-in/", given, secure=True)
            client.get("/staff/", secure=True)
            client.post("/i18n/setlang/", {"language": "en"}, secure=True)
        assert {"session", "browser", "csrf"} <= set(client.cookies)
        for name, cookie in client.cookies.items():
            assert cookie["httponly"] and cookie["secure"] and cookie["samesite"] == "Lax", name
            assert cookie["path"] == "/" and not cookie["domain"], name
            assert len(name) + len(cookie.value) < 4_096, name
        # No page has the session's value in it: it goes by its cookie alone.
        assert client.cookies["session"].value not in client.get("/staff/", secure=True).content.decode()
