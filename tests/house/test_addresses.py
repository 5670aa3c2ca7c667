"""Addresses, paths and names of files: made by us, and of what people type only where it can do nothing."""

import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from django.apps import apps
from django.contrib.staticfiles.finders import get_finders
from django.core.exceptions import ValidationError
from django.db.models import URLField
from django.test import Client

from privacy.office_api import webhook_client
from privacy.systems import connector_client
from tests import factory
from tests.base import PortalTestCase
from tests.house.test_secure_code import ROOT, SERVED, SOURCES
from tests.privacy.accounts.test_sessions import signed_in

ELSEWHERE = (
    "https://evil.example/", "//evil.example/", "/\\evil.example/", "https:evil.example", "javascript:alert(1)",
    "http://testserver@evil.example/", "data:text/html,x", "\thttps://evil.example/",
)  # fmt: skip
PRODUCT = {path: text for path, text in SOURCES.items() if path.startswith(SERVED)}
EVERYWHERE = pytest.mark.django_db(databases=["default", "personal", "archive"])
# What answers requests, and touches the files of this host: each by a name that is its own.
TOUCHES_FILES = {
    "privacy/ledger/admin/checkpoints.py": "a bundle, in a folder of the operating system's for temporary files",
    "privacy/ledger/views.py": "verify.py and its companions, by the names of three addresses",
}

# Numbers, keys of rows, days and codes of ours: what nobody types.
PLAIN = {
    "config/api_examples.py": ["DEVICE"],
    "config/long_work.py": ["PlannedDestruction.State.WAITING"],
    "consents/admin/agreements.py": [""],
    "privacy/accounts/admin/access_reviews.py": ["review.pk"],
    "privacy/ledger/admin/entries.py": [""],
    "privacy/ledger/admin/reviews.py": ["review.pk", ""],
    "privacy/retention/admin/destruction_lists.py": [""],
    "privacy/retention/deadlines.py": ["row['rule']"],
    "privacy/safeguards/admin/applicability.py": ["duty.code"],
    "templates/admin/campaigns/campaign/change_form.html": ["original.pk"] * 8,
    "templates/admin/change_form_object_tools.html": ["opts.label_lower"],
    "templates/admin/figures.html": ["period"],
    "templates/admin/index.html": ["clock.kind"],
    "templates/admin/policies/parameter/rehearsal.html": ['day|date:"Y-m-d"'],
    "templates/devices/office/statistics.html": ["period", "days"],
    "templates/rights/openings.html": ["% for one in openings %", "earlier"],
}

# In the path of an address, or behind its scheme: names of the dossier's own files, and a file in base64.
PLAIN_IN_PATHS = {
    "templates/admin/campaigns/letterbatch/sealed.html": ["file"],
    "templates/admin/disclosures/disclosure/handed_over.html": ["file"],
    "templates/admin/register_sealed.html": ["file"],
    "templates/dossier/index.html": ["name"],
    # References and tokens of ours, a language; a package's name and version, as the lock has them.
    "privacy/disclosures/notice_texts.py": ["prefix", "token_of(notice.id)"],
    "privacy/disclosures/proof_texts.py": ["notice.reference"],
    "privacy/lib/http/people_url.py": ["said"],
    "privacy/safeguards/automated_checks/software.py": ["name", "version"],
    "privacy/systems/connector_client.py": ["made.verb"],
}


@pytest.mark.asvs("1.2.2")
@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "data:text/html,x", "vbscript:x", "file:///etc/passwd", "//x"]
)
def test_an_address_that_people_enter_has_a_scheme_that_runs_nothing(address: str) -> None:
    fields = {
        f"{model.__name__}.{field.name}": field
        for model in apps.get_models()
        for field in model._meta.fields
        if isinstance(field, URLField)
    }
    assert fields.keys() == {"Agency.url", "ThirdParty.webhook_url"}
    for check in (connector_client.check_address, webhook_client.check_address):
        assert check("https://system.example/a") and not check(address)
    for field in fields.values():
        field.clean("https://agency.example/a?b=c", None)
        with pytest.raises(ValidationError):
            field.clean(address, None)


def unencoded(source: str) -> list[str]:
    """What is put into the query of an address as it stands: in a format, a template, or behind a text."""
    put = r"[?&](?:amp;)?\w+=(?:\{\{\s*([^}]*?)\s*\}\}|\{([^}]*)\}|(%[s(])|[\"']\s*\+\s*([\w.]+))"
    found = ["".join(one) for one in re.findall(put, source)]
    return [one for one in found if not re.match(r"quote\(|urlencode\(|.*\|\s*urlencode$", one)]


@pytest.mark.asvs("1.2.2")
def test_what_is_put_into_a_query_is_encoded_or_has_nothing_to_encode() -> None:
    for planted in ('f"/a?b={c}"', 'href="?b={{ c }}"', '"/a?b=%s" % c', '"/a?b=" + c', 'format_html("?b={}", c)'):
        assert unencoded(planted), planted
    assert not unencoded('f"?b={quote(c)}"') and not unencoded('href="?b={{ c|urlencode }}"')
    pages = {path.relative_to(ROOT).as_posix(): path.read_text() for path in (ROOT / "templates").rglob("*.html")}
    served = {path: text for path, text in PRODUCT.items() if not path.startswith("config/demonstration/")}
    assert {path: broken for path, text in (served | pages).items() if (broken := unencoded(text))} == PLAIN


def unencoded_in_path(source: str) -> list[str]:
    """What stands in the path of a link, of an address of ours, or of one that is called, as it is."""
    link = r"(?:href|action|src)=\"[^\"?{#]+\{\{\s*([^}]*?)\s*\}\}"
    begun = r"f[\"']\{(?:settings\.PORTAL_URL|people_url\(\w*\)|[\w.]+\.rstrip\([^)]*\))\}"
    found = re.findall(link, source)
    for address in re.findall(rf"{begun}([^\"'?#]*)", source):
        found += re.findall(r"\{([^{}]*)\}", address)
    return [one for one in found if not re.search(r"^quote\(|^reverse\(|^$|urlencode(?::\"[@+]\")?$", one)]


@pytest.mark.asvs("1.2.2")
def test_what_is_put_into_a_path_is_encoded_or_has_nothing_to_encode() -> None:
    for planted in ('href="/a/{{ b }}/"', 'href="mailto:{{ b }}"', 'f"{settings.PORTAL_URL}/a/{b}/"'):
        assert unencoded_in_path(planted) == ["b"], planted
    for encoded in ('href="/a/{{ b|urlencode }}"', 'f"{people_url()}/{quote(b)}"'):
        assert not unencoded_in_path(encoded), encoded
    pages = {path.relative_to(ROOT).as_posix(): path.read_text() for path in (ROOT / "templates").rglob("*.html")}
    served = {path: text for path, text in PRODUCT.items() if not path.startswith("config/demonstration/")}
    found = {path: broken for path, text in (served | pages).items() if (broken := unencoded_in_path(text))}
    assert found == PLAIN_IN_PATHS


@pytest.mark.asvs("1.3.6")
def test_what_people_name_is_called_by_the_guarded_client_alone() -> None:
    callers = {path for path, text in PRODUCT.items() if "outbound_http.post(" in text}
    assert callers == {
        "privacy/disclosures/webhooks.py", "privacy/office_api/webhook_client.py",
        "privacy/systems/connector_client.py",
    }  # fmt: skip
    for path in callers:
        assert not re.search(r"urlopen|http\.client|requests\.|httpx|create_connection", PRODUCT[path]), path


class RedirectTests(PortalTestCase):
    @pytest.mark.asvs("1.2.2")
    def test_what_stands_in_an_address_is_encoded(self) -> None:
        asked = "/office/devices/device/?q=a%26next%3Dhttps%3A%2F%2Fevil.example%23x"
        leads = Client().get(asked).headers["Location"]
        while urlsplit(leads).path == "/office/login/":
            leads = Client().get(leads).headers["Location"]
        assert parse_qs(urlsplit(leads).query) == {"next": [asked]} and not urlsplit(leads).fragment

    @pytest.mark.asvs("3.7.2")
    def test_no_one_is_sent_to_another_host(self) -> None:
        emin = factory.make_emin()
        for where in ELSEWHERE:
            client = Client()
            answers = [
                client.post("/sign-in/", {"login": emin.email, "password": factory.PASSWORD, "next": where}),
                signed_in(emin).post("/staff/security/confirm/", {"password": factory.PASSWORD, "next": where}),
                signed_in(emin).get("/sign-in/", {"next": where}),
                signed_in(emin).post("/sign-out/", {"next": where}),
                Client().get("/office/login/", {"next": where}),
            ]
            for answer in answers:
                leads = urlsplit(answer.headers.get("Location", "/"))
                assert not leads.netloc and leads.scheme in ("", "https") and not leads.path.startswith("//"), where


@pytest.mark.asvs("3.7.1")
def test_no_page_needs_a_plug_in() -> None:
    pages = {path.name: path.read_text() for path in (ROOT / "templates").rglob("*.html")}
    assert len(pages) > 100
    assert not [
        name for name, page in pages.items() if re.search(r"<(?:object|embed|applet|marquee|frameset|param)\b", page)
    ]


@pytest.mark.asvs("5.3.2")
@EVERYWHERE
def test_no_path_is_made_of_what_a_request_says() -> None:
    answering = {
        path: text for path, text in PRODUCT.items()
        if re.search(r"/(?:views|admin|api)\b|_views\.py|middleware", path) and "/lib/" not in path
    }  # fmt: skip
    assert len(answering) > 60
    touching = {path for path, text in answering.items() if re.search(r"(?<![\w.])(?:open|Path|FileResponse)\(", text)}
    assert touching == set(TOUCHES_FILES)
    for path in (
        "/log/../settings.py",
        "/log/%2e%2e/settings.py",
        "/verify/..%2f..%2fetc%2fpasswd",
        "/static/../config/settings.py",
    ):
        assert Client().get(path).status_code in (301, 302, 404), path


@pytest.mark.asvs("1.2.1", "3.2.1", "5.4.1", "5.4.2")
def test_every_download_says_its_name_and_is_an_attachment() -> None:
    """A name is made of a reference, a number or fixed words; of a free one, by Django's own encoding (RFC 6266)."""
    named = {
        (path, value)
        for path, text in PRODUCT.items()
        for value in re.findall(r"\[\"Content-Disposition\"\] = (.+)", text)
    }
    assert len(named) > 10
    put = r"\{(?:[\w.]*\.(?:reference|number|id|start|end)|number|language|name)\}"
    safe = rf"f?'(attachment|inline); filename=\"(?:[\w.-]|{put})+\"'$"
    for path, value in named:
        assert re.match(safe, value) or value.startswith("content_disposition_header(as_attachment=True"), (path, value)
    inline = {path for path, value in named if "inline" in value}
    assert inline == {"privacy/safeguards/views.py", "privacy/workforce/views.py"}
    for path in ("privacy/lib/http/downloads.py", "privacy/rights/views.py"):
        (source,) = (text for one, text in PRODUCT.items() if one == path)
        assert 'filename="{name}"' in source


@pytest.mark.asvs("13.4.1", "13.4.3", "13.4.7")
@EVERYWHERE
def test_only_collected_files_of_known_kinds_are_served() -> None:
    kinds = {Path(name).suffix for finder in get_finders() for name, _storage in finder.list([])}
    assert kinds <= {".css", ".js", ".svg", ".png", ".txt", ".md", ".gif", ".woff2"}, kinds
    hidden = (
        "/static/", "/static/css/", "/.git/config", "/static/../.git/config", "/static/.git/config", "/manage.py",
        "/.env", "/static/css/../../config/settings.py", "/requirements.lock", "/pyproject.toml",
    )  # fmt: skip
    for path in hidden:
        answer = Client().get(path)
        assert answer.status_code in (301, 404), path
        assert answer.status_code == 404 or not answer.headers["Location"].startswith("/static"), path


class NamesOfFilesTests(PortalTestCase):
    @pytest.mark.asvs("14.2.5")
    def test_a_page_is_not_answered_under_the_name_of_a_file(self) -> None:
        """A cache that goes by the end of an address gets no page of a person to keep."""
        odile = signed_in(factory.make_odile(granted=False))
        for page in ("/office/", "/staff/", "/staff/security/", "/office/rights/request/", "/rights/case/"):
            for name in ("x.css", "nothing.js", "a.png", "%2e.css", ";a.css"):
                answer = odile.get(f"{page}{name}")
                assert answer.status_code in (301, 302, 404), f"{page}{name}: {answer.status_code}"
                assert "no-store" in answer.headers["Cache-Control"]
