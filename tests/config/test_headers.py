"""The headers of every answer, errors and files too, judged as Mozilla's Observatory judges a site."""

from http.cookies import SimpleCookie

import pytest
from django.http import HttpResponse
from django.test import Client, override_settings

from tests import factory, http_observatory
from tests.base import PortalTestCase
from tests.house.route_list import all_routes

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

    @pytest.mark.asvs("3.4.1")
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
