"""The headers of every answer, errors and files too, judged as Mozilla's Observatory judges a site."""

import json
import re
from collections.abc import Iterator
from http.cookies import SimpleCookie
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client, override_settings

from tests import factory, http_observatory
from tests.base import PortalTestCase
from tests.house.route_list import all_routes
from tests.house.test_secure_code import SERVED, SOURCES

LEAST = 115
# As production has them (`config/settings.py` with HTTPS on).
HTTPS = {
    "SECURE_SSL_REDIRECT": True,
    "SECURE_HSTS_SECONDS": 2 * 365 * 24 * 60 * 60,
    "SECURE_HSTS_INCLUDE_SUBDOMAINS": True,
    "SECURE_HSTS_PRELOAD": True,
    "SESSION_COOKIE_SECURE": True,
    "CSRF_COOKIE_SECURE": True,
    "LANGUAGE_COOKIE_SECURE": True,
}
ALWAYS = {
    "Content-Security-Policy",
    "Cross-Origin-Opener-Policy",
    "Cross-Origin-Resource-Policy",
    "Permissions-Policy",
    "Referrer-Policy",
    "Strict-Transport-Security",
    "X-Content-Type-Options",
    "X-Frame-Options",
    "X-Request-ID",
}


def leads_to_https() -> bool:
    """Whether a plain address leads to the same one over HTTPS."""
    plain = Client(raise_request_exception=False).get("/")
    return plain.status_code == 301 and plain.headers["Location"].startswith("https://")


def judged(answer: HttpResponse, *, redirects: bool) -> int:
    """Return the score of an answer of a site that ``leads_to_https`` or does not."""
    page = "" if answer.streaming else answer.content.decode(errors="replace")
    return http_observatory.score(
        http_observatory.points(answer.headers, answer.cookies or SimpleCookie(), page, redirects=redirects)
    )


@override_settings(**HTTPS)
class HeaderTests(PortalTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.redirects = leads_to_https()

    def test_every_page_scores_at_least_115(self) -> None:
        anybody, odile = Client(raise_request_exception=False), Client(raise_request_exception=False)
        odile.force_login(factory.make_odile(granted=False))
        low = []
        for client in (anybody, odile):
            for place in all_routes():
                if place.name in ("readyz", "sign-out"):
                    continue
                answer = client.get(place.address, secure=True)
                assert not (missing := ALWAYS - set(answer.headers)), f"{place.address} lacks {missing}"
                if (score := judged(answer, redirects=self.redirects)) < LEAST:  # type: ignore[arg-type]
                    low.append(f"{score} {place.address} ({answer.status_code}) {answer.cookies.output()}")
        assert not low, "\n".join(low)

    @pytest.mark.asvs("3.4.1")
    def test_errors_and_files_have_the_same_headers(self) -> None:
        client = Client(raise_request_exception=False, enforce_csrf_checks=True)
        hana = Client()
        hana.force_login(factory.make_emin())
        answers = {
            404: client.get("/nothing/", secure=True),
            405: client.put("/policy/", secure=True),
            403: client.post("/complaint/", {}, secure=True),
            401: client.get("/api/v1/devices/x/consents", secure=True),
            400: client.get("/", secure=True, headers={"host": "evil.example"}),
            200: client.get("/static/css/tokens.css", secure=True),
        }
        for status, answer in answers.items():
            assert answer.status_code == status
            missing = ALWAYS - set(answer.headers)
            assert not missing, f"{status} lacks {missing}"
            assert judged(answer, redirects=self.redirects) >= LEAST, status  # type: ignore[arg-type]
            # Reading a file to its end closes it, and leaves the test's connections open.
            assert b"".join(answer.streaming_content) if answer.streaming else True  # type: ignore[attr-defined]

    def test_a_weaker_answer_scores_less(self) -> None:
        """The positive control: each header that is taken away costs."""
        answer = Client().get("/", secure=True)
        best = judged(answer, redirects=self.redirects)  # type: ignore[arg-type]
        for name in ("Content-Security-Policy", "Strict-Transport-Security", "X-Content-Type-Options"):
            weaker = Client().get("/", secure=True)
            del weaker.headers[name]
            assert judged(weaker, redirects=self.redirects) < best, name  # type: ignore[arg-type]
        assert http_observatory.content_security_policy("default-src 'self' 'unsafe-inline'") == -20
        assert http_observatory.cookies(SimpleCookie("session=1")) == -40


# As another site's script asks.
ELSEWHERE = {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}
# What each answer of each address says, as production has it.
VALUES = {
    "Strict-Transport-Security": r"max-age=(\d+); includeSubDomains",
    "X-Content-Type-Options": r"nosniff$",
    "Referrer-Policy": r"same-origin$",
    "Cross-Origin-Opener-Policy": r"same-origin$",
    "Cross-Origin-Resource-Policy": r"same-origin$",
}
# What the portal runs on, or makes its papers with, and a version.
OF_A_PROGRAM = re.compile(
    rb"(?:Python|Django|allauth|granian|gunicorn|nginx|PostgreSQL|psycopg|OpenSSL|openpyxl|typst)[ /-]v?\d+\.\d",
    re.I,
)
# By what a file of a kind begins; bytes of no kind may be any.
FILES = {
    "application/pdf": b"%PDF-", "application/zip": b"PK", "application/vnd.openxmlformats": b"PK",
    "application/octet-stream": b"",
}  # fmt: skip
POLICY = ("default-src 'none'", "script-src 'self'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'")


@pytest.mark.asvs("4.1.1")
def test_every_text_that_is_sent_says_its_letters() -> None:
    """Files of records too, which no walk over the addresses opens."""
    types = re.compile(r"\"(text/(?:plain|csv|calendar|html|xml|x\.)[^\"]*|[a-z]+/(?:[\w.-]+\+)?xml\b[^\"]*)\"")
    named = {
        (path, kind)
        for path, text in SOURCES.items()
        for kind in types.findall(text)
        if path.startswith(SERVED) and "charset=utf-8" not in kind and not path.startswith("config/demonstration/")
    }
    # Parts of mails say theirs in the mail; a witness answers a number to another witness (tlog-witness).
    assert named == {
        ("privacy/lib/integrations/mail.py", "text/html"), ("privacy/ledger/witness/cosigning.py", "text/x.tlog.size"),
    }  # fmt: skip


@override_settings(**HTTPS)
class EveryAnswerTests(PortalTestCase):
    """Every address as a visitor and as an officer, whatever it answers them."""

    # What the cookies of whoever asked last hold.
    held: set[str]

    def answers(self) -> Iterator[tuple[str, Any]]:
        anybody, odile = Client(raise_request_exception=False), Client(raise_request_exception=False)
        odile.force_login(factory.make_odile(granted=False))
        for client in (anybody, odile):
            for place in all_routes():
                if place.name != "sign-out":
                    answer = client.get(place.address, secure=True, headers=ELSEWHERE)
                    self.held = {one.value for one in client.cookies.values() if len(one.value) > 15}
                    yield place.address, answer
            yield "/nothing/", client.get("/nothing/", secure=True)

    @pytest.mark.asvs(
        "3.2.1", "3.4.1", "3.4.2", "3.4.3", "3.4.4", "3.4.5", "3.4.6", "3.4.8", "3.5.8", "3.6.1", "3.7.1", "14.2.3"
    )
    def test_what_browsers_need_stands_on_each(self) -> None:
        for address, answer in self.answers():
            for name, value in VALUES.items():
                found = re.match(value, answer.headers.get(name, ""))
                assert found, f"{address}: {name} is {answer.headers.get(name)}"
                assert name != "Strict-Transport-Security" or int(found[1]) >= 365 * 24 * 60 * 60
            policy = {part.strip() for part in answer.headers["Content-Security-Policy"].split(";")}
            assert policy >= set(POLICY), f"{address}: {policy}"
            assert not [part for part in policy if "unsafe" in part or "*" in part]
            assert "Access-Control-Allow-Origin" not in answer.headers, address

    @pytest.mark.asvs("3.3.4", "3.5.7", "4.1.1", "4.2.2", "13.4.6")
    def test_what_is_sent_is_what_is_said_to_be_sent(self) -> None:
        """Type with its letters, the length that it has, no script with data, no cookie, no word of which program."""
        assert OF_A_PROGRAM.search(b"Typst 0.15.1") and OF_A_PROGRAM.search(b"Django/6.0")
        texts = compared = 0
        words = []
        for address, answer in self.answers():
            kind = answer.headers.get("Content-Type", "")
            body = b"" if answer.streaming else answer.content
            assert kind or not body, address
            if "javascript" in kind and not address.startswith("/static/"):
                words.append((address, body))
            if re.match(r"text/|\S+[+/]xml\b", kind):
                texts += 1
                assert "charset=utf-8" in kind.lower().replace('"', ""), f"{address}: {kind}"
            if kind.startswith("text/html") and body:
                assert body.lstrip().lower().startswith(b"<!doctype html>"), address
            if re.match(r"application/(?:\w+\+)?json\b", kind):
                json.loads(body)
            elif body and kind.startswith("application/"):
                begins = next((mark for named, mark in FILES.items() if kind.startswith(named)), None)
                assert begins is not None and body.startswith(begins), f"{address}: {kind} is {body[:9]!r}"
            if "Content-Length" in answer.headers and not answer.streaming:
                assert int(answer.headers["Content-Length"]) == len(body), address
            assert not {"Server", "X-Powered-By"} & set(answer.headers), address
            assert not OF_A_PROGRAM.search(body), address
            # What a cookie holds goes by the cookie alone.
            assert not [one for one in self.held if one.encode() in body], address
            compared += len(self.held)
        assert texts > 200 and compared > 200
        # The console's list of words is one for everybody.
        ((address, body),) = words
        another = Client()
        another.force_login(factory.make_aram())
        assert another.get(address, secure=True).content == body

    @pytest.mark.asvs("3.5.1")
    def test_no_form_is_taken_without_the_mark_of_a_page_of_ours(self) -> None:
        """Every page for people, as an officer's browser that another site sends here."""
        odile = Client(enforce_csrf_checks=True, raise_request_exception=False)
        odile.force_login(factory.make_odile(granted=False))
        refused, others = 0, set()
        for place in all_routes():
            if place.is_api or place.address.startswith("/static/"):
                continue
            answer = odile.post(place.address, {"a": "b"}, secure=True, headers=ELSEWHERE)
            if answer.status_code != 403:
                others.add((answer.status_code, place.name))
            refused += answer.status_code == 403
        # A recipient's answer is signed, and has no session that a page could use.
        assert others == {(401, "disclosures:answer-call"), (405, "livez"), (405, "readyz")}
        assert refused > 100
