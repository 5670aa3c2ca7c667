"""How answers travel: what production switches on, what is stored by whom, which cookies a visitor gets."""

import hashlib
import json
import os
import re
import subprocess
import sys

import pytest
from django.conf import settings
from django.contrib import messages
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpResponse
from django.test import Client, RequestFactory

from privacy.lib.http.message_storage import MessageStorage
from tests import factory
from tests.base import PortalTestCase
from tests.house.route_list import all_routes
from tests.house.test_secure_code import SERVED, SOURCES
from tools import variables

READ = """
import json, runpy
found = runpy.run_path("config/settings.py")
print(json.dumps({name: value for name, value in found.items() if name.startswith(("SECURE_", "SESSION_", "CSRF_",
    "LANGUAGE_COOKIE", "BROWSER_COOKIE", "MESSAGES_COOKIE")) and isinstance(value, str | int | bool)}))
"""
# What may be stored elsewhere says so itself: files that never change under their name, the published log, its keys.
STORED = ("/static/", "/log/", "/.well-known/ledger-vkeys", "/.well-known/paper-vkeys")


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
    for cookie in ("SESSION", "CSRF", "LANGUAGE", "BROWSER", "MESSAGES"):
        assert found[f"{cookie}_COOKIE_NAME"].startswith("__Host-"), cookie
    for cookie in ("SESSION", "CSRF", "LANGUAGE"):
        assert found[f"{cookie}_COOKIE_SECURE"] is True and found[f"{cookie}_COOKIE_HTTPONLY"] is True, cookie
        assert found[f"{cookie}_COOKIE_SAMESITE"] == "Lax", cookie


@pytest.mark.asvs("14.2.5", "14.3.2")
def test_no_line_of_the_product_lets_an_answer_be_stored() -> None:
    """What only its owner can ask for, a case or a file, says of itself what every other answer does."""
    ways = re.compile(r"""Cache-Control["'].*|cache_control\(.*|cache_page|"Expires"|patch_response_headers""")
    said = {(path, found) for path, text in SOURCES.items() if path.startswith(SERVED) for found in ways.findall(text)}
    public = {("privacy/ledger/views.py", f"cache_control({kind})") for kind in ("**FOR_EVER", "no_cache=True")}
    assert len(said) > 4 and {one for one in said if '"no-store"' not in one[1]} == public


@pytest.mark.truth("claims")
class VisitorTests(PortalTestCase):
    @pytest.mark.asvs("14.2.5", "14.3.2")
    def test_nobody_stores_an_answer_that_does_not_say_so(self) -> None:
        anybody, odile = (Client(raise_request_exception=False) for _one in range(2))
        odile.force_login(factory.make_odile(granted=False))
        named = ["/", "/en/", "/policy/", "/rights/request/", "/nothing/", "/sign-in/"]
        for address in [place.address for place in all_routes() if place.name != "sign-out"] + named:
            for client in (anybody, odile):
                answer = client.get(address, secure=True)
                if not address.startswith(STORED):
                    assert "no-store" in answer.headers["Cache-Control"], f"{address}: {answer.status_code}"

    @pytest.mark.asvs("14.2.3", "14.3.3")
    def test_a_visitor_of_the_public_pages_gets_no_cookie_that_tracks(self) -> None:
        client = Client()
        for address in ("/", "/en/", "/policy/", "/officer/", "/notices/", "/rights/", "/rights/request/", "/verify/"):
            client.get(address, secure=True)
        # The one that protects forms, until the browser is closed or a year is over; it holds a random number.
        assert set(client.cookies) <= {"csrf", "language"}, client.cookies

    @pytest.mark.asvs("14.3.3")
    def test_what_is_said_to_who_is_signed_in_is_said_once_and_by_the_session(self) -> None:
        self.client.force_login(factory.make_emin())
        self.client.post("/staff/security/sessions/end/")
        assert settings.MESSAGES_COOKIE_NAME not in {name for name, one in self.client.cookies.items() if one.value}
        assert "_messages" in self.client.session
        pages = [self.client.get("/staff/security/").content.decode() for _time in range(2)]
        assert ["notice-good" in page for page in pages] == [True, False]
        assert "_messages" not in self.client.session

    @pytest.mark.asvs("3.3.1", "3.3.2", "3.3.3", "3.3.4", "3.3.5")
    def test_every_cookie_of_a_sign_in_is_for_the_host_and_no_script(self) -> None:
        client = Client()
        given = {"login": factory.make_emin().email, "password": factory.PASSWORD}
        with self.settings(SESSION_COOKIE_SECURE=True, CSRF_COOKIE_SECURE=True, LANGUAGE_COOKIE_SECURE=True):
            client.get("/sign-in/", secure=True)
            client.post("/sign-in/", given, secure=True)
            client.get("/staff/", secure=True)
            # The next page says that it was done: by the session, and to a visitor by a cookie.
            client.post("/staff/security/sessions/end/", secure=True)
            asked, answer = RequestFactory().get("/"), HttpResponse()
            asked.session = {}  # type: ignore[assignment]
            said = MessageStorage(asked)
            said.add(messages.INFO, "Your password has been set.")
            said.update(answer)
        # Production names each of these, and there is no other.
        names = {settings.SESSION_COOKIE_NAME, settings.BROWSER_COOKIE_NAME, settings.CSRF_COOKIE_NAME}
        kept = {name: cookie for name, cookie in client.cookies.items() if cookie.value}
        assert set(kept) == names and set(answer.cookies) == {settings.MESSAGES_COOKIE_NAME}
        for name, cookie in {**kept, **answer.cookies}.items():
            assert cookie["httponly"] and cookie["secure"] and cookie["samesite"] == "Lax", name
            assert cookie["path"] == "/" and not cookie["domain"], name
            assert len(name) + len(cookie.value) < 4_096, name
        # No page has the session's value in it: it goes by its cookie alone.
        assert client.cookies["session"].value not in client.get("/staff/", secure=True).content.decode()


@pytest.mark.asvs("3.3.5")
def test_what_a_page_says_after_many_acts_makes_no_cookie_too_large() -> None:
    """What has no place in the cookie is in the session."""
    request = RequestFactory().get("/")
    request.session = SessionBase()
    said, answer = MessageStorage(request), HttpResponse()
    for number in range(60):
        said.add(messages.INFO, hashlib.sha256(b"%d" % number).hexdigest() * 2)
    assert not said.update(answer), "nothing that was said is lost"
    ((name, cookie),) = answer.cookies.items()
    assert len(name) + len(cookie.value) < 4_096
    assert not request.session.is_empty()
