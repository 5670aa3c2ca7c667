"""Every page of the portal as everybody who may open it, in both languages, light and dark: `make visit`.

The addresses come from the resolver and from the registers' own records, so a page that is added is visited without a
line here. A page is loaded once for each person and language; light and dark are the same page looked at twice. Screens
are kept in ``build/visit/<role>/``; ``build/visit/<role>.txt`` says what was seen.
"""

import base64
import os
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.admin import ActionLocation
from django.db.models import CharField, JSONField, TextField
from django.test import Client
from django.utils import translation
from playwright.sync_api import Error

from privacy.accounts.models import User
from privacy.safeguards import staff_accounts
from tests import factory
from tests.browser.office_data import make_full_office
from tests.browser.page_audit import SEEN
from tests.browser.visitor import CODES, JUDGE, Desk, Visitor, in_the_other
from tests.database import PortalDatabase
from tests.factories.ledger import make_notary, seal, sign
from tests.house.route_list import all_routes

pytestmark = pytest.mark.visit

OUT = Path(__file__).resolve().parents[2] / "build" / "visit"
# Two processes take two each to begin with, which so have about as far to go.
PEOPLE = {
    "officer": factory.make_odile,
    "employee": factory.make_emin,
    "auditor": factory.make_aram,
    "handler": factory.make_hana,
    "anonymous": None,
}
# `make visit LANGUAGES=ko` takes half the time.
LANGUAGES = {code: {"ko": "", "en": "/en"}[code] for code in os.environ.get("VISIT_LANGUAGES", "ko en").split()}
# Of which pages this process has kept a picture in English and dark.
PICTURED: set[str] = set()
# How many records of a register are looked at for one that offers other buttons.
LOOKED_AT = 30
VERB = f"{ActionLocation.CHANGE_FORM.value}-action"
# What says what a page is, and so must be in the page's language: never data.
LABELS = (
    "h1:not(.record-name), h2, h3, thead th, th[scope=col], label, legend, button, summary, caption, dt, "
    "nav a:not(.record-name), .btn, .fact > .name, .explanation, .empty p, .help"
)
# Abbreviations such as IMEI and PDF are the same word in both.
HANGUL, LATIN = re.compile(r"[가-힣]"), re.compile(r"[a-z]{3,}")


def is_foreign(label: str, language: str) -> bool:
    """Whether what the portal itself says is not said in the page's language, marked for translation or not."""
    if language == "en":
        return bool(HANGUL.search(label)) and label != "한국어"
    return bool(LATIN.search(label)) and not HANGUL.search(label) and label != "English"


def records(client: Client, person: User) -> Iterator[str]:
    """Yield the page of a record for each set of buttons that a register offers this person."""
    request = client.get("/office/").wsgi_request
    for model, register in admin.site._registry.items():
        if not register.has_view_permission(request):
            continue
        seen = set()
        for record in model._default_manager.order_by("-pk")[:LOOKED_AT]:
            offered = register.buttons_for(record) if hasattr(register, "buttons_for") else None
            if (key := frozenset(offered or ())) not in seen:
                seen.add(key)
                yield f"/office/{model._meta.app_label}/{model._meta.model_name}/{record.pk}/change/"


def written() -> set[str]:
    """What stands in the databases word for word: names, codes and titles are in whatever language they are."""
    found: set[str] = set()

    def take(value: Any) -> None:
        if isinstance(value, str):
            found.update(line.strip() for line in value.splitlines())
        elif isinstance(value, dict | list | tuple):
            for each in value.values() if isinstance(value, dict) else value:
                take(each)

    for model in apps.get_models():
        # The queue's tables of results are nobody's to read, and stand on no page.
        if model._meta.app_label == "django_q":
            continue
        fields = [
            field.attname
            for field in model._meta.concrete_fields
            if isinstance(field, CharField | TextField | JSONField) and not field.choices
        ]
        for row in model._default_manager.values_list(*fields) if fields else ():
            take(row)
    # Whom one chooses from a list, as the console calls people.
    found.update(str(label) for _reference, label in staff_accounts.account_choices())
    return found


def pages_of(person: User | None) -> list[str]:
    """The addresses that answer this person with a page; what only leads on, refuses or sends a file is not one."""
    client = Client(raise_request_exception=False)
    if person is not None:
        client.force_login(person)
    wanted = dict.fromkeys(place.address for place in all_routes() if not place.is_api)
    if person is not None and person.is_staff:
        wanted |= dict.fromkeys(records(client, person))
    found = []
    for address in wanted:
        answer = client.get(address)
        assert answer.status_code < 500, f"{answer.status_code} for {address}"
        if answer.status_code == 200 and answer.headers["Content-Type"].startswith("text/html"):
            found.append(address)
    return found


class Visit:
    """One person's way through the pages, and what was wrong on it."""

    def __init__(self, visitor: Visitor, role: str, written: set[str]) -> None:
        self.visitor, self.role, self.written = visitor, role, written
        self.wrong: list[str] = []
        self.seen: Counter[str] = Counter()
        self.pressed: set[tuple[str, str, str]] = set()
        self.buttons: dict[str, list[str]] = {}
        self.answers: list[str] = []
        visitor.page.on("load", lambda _page: self.answers.append("page"))
        visitor.page.on("download", lambda _file: self.answers.append("file"))
        self.folder = OUT / role
        self.folder.mkdir(parents=True, exist_ok=True)
        self.devtools = visitor.page.context.new_cdp_session(visitor.page)

    def look(self, name: str, language: str) -> None:
        """Look at the page that is open, light and dark. Its words are read; axe is asked of what is new about it."""
        page = self.visitor.page
        seen = page.evaluate(SEEN, [LABELS, CODES])
        found = [
            *([f"is not in {language}, the language of its address"] if seen["language"] != language else []),
            *([] if seen["title"].strip() else ["has no title"]),
            *([f"is {seen['wider']} px wider than the screen"] if seen["wider"] > 0 else []),
            *([f"has shifted by {seen['shifted']}"] if seen["shifted"] and self.role == "anonymous" else []),
            *in_the_other(language, seen["text"], [*seen["others"], *self.written]),
            *(
                f"{text!r} is not in {spoken}"
                for text, spoken in sorted({(text, spoken) for text, spoken in seen["labels"]})
                if text not in {*self.written, *seen["others"]} and is_foreign(text, spoken)
            ),
        ]
        # English is the same page with other words: neither how it is built nor its colours hang on them.
        judged = language == "ko"
        found += JUDGE.structure(page) if judged else []
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            found += JUDGE.contrast(page) if judged else []
            self.keep(name, language, scheme)
            self.seen[f"{language} {scheme}"] += 1
        page.emulate_media(color_scheme="light")
        self.wrong += [f"{page.url}: {each}" for each in found]

    def keep(self, name: str, language: str, scheme: str) -> None:
        """Keep a picture of what is on the screen: one of each page as each person, and one in English and dark."""
        look = (language, scheme)
        if look != ("ko", "light") and (look != ("en", "dark") or name in PICTURED):
            return
        if look == ("en", "dark"):
            PICTURED.add(name)
        options = {"format": "jpeg", "quality": 60, "optimizeForSpeed": True}
        picture = self.devtools.send("Page.captureScreenshot", options)
        (self.folder / f"{name}.{language}.{scheme}.jpg").write_bytes(base64.b64decode(picture["data"]))

    def go(self, address: str, *, language: str) -> None:
        """Open a page by its address and look at it."""
        try:
            self.visitor.go(LANGUAGES[language] + address)
        except Error as error:
            self.wrong.append(f"{address}: {error.message}")
            return
        self.look(named(address), language)
        buttons = self.visitor.page.locator(f"button[name={VERB}]")
        self.buttons[address] = buttons.evaluate_all("all => all.map(each => each.value)")

    def press(self, address: str, *, language: str) -> None:
        """Press each button of a record's page that no record of its register had before; look at what it asks."""
        page = self.visitor.page
        register = address.rsplit("/", 3)[0]
        for verb in self.buttons.get(address, ()):
            if (language, register, verb) in self.pressed:
                continue
            self.visitor.go(LANGUAGES[language] + address)
            if not (button := page.locator(f"button[name={VERB}][value={verb}]")).count():
                continue
            self.pressed.add((language, register, verb))
            self.answers.clear()
            self.visitor.press_verb(button)
            for _ in range(1_500):
                if self.answers:
                    break
                page.wait_for_timeout(10)
            else:
                self.wrong.append(f"{address}: {verb} leads to no page and no file")
            if "page" in self.answers and page.locator("button[name=confirmed]").count():
                self.look(f"{named(address)}.{verb}", language)

    def tell(self) -> None:
        """Keep what was seen, and fail if anything was wrong."""
        self.wrong += self.visitor.desk.complaints
        self.visitor.desk.complaints.clear()
        lines = [f"{count} pages seen in {look}" for look, count in sorted(self.seen.items())]
        (OUT / f"{self.role}.txt").write_text("\n".join([*lines, *self.wrong]) + "\n", encoding="utf-8")
        print(f"\n{self.role}: " + ", ".join(lines))
        assert not self.wrong, "\n".join(self.wrong)


def named(address: str) -> str:
    """Return a file's name for an address."""
    path = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", lambda key: key.group(0)[-4:], urlsplit(address).path)
    return path.strip("/").replace("/", "-") or "home"


@pytest.mark.parametrize("role", PEOPLE)
def test_every_page_is_sound_for(role: str, desk: Desk, portal_database: PortalDatabase, tmp_path: Path) -> None:
    make_full_office()
    factory.ask_correction(address="203.0.113.63")
    seal(portal_database)
    sign(portal_database, make_notary(tmp_path))
    make = PEOPLE[role]
    person = make() if make is not None else None
    with translation.override("ko"):
        pages = pages_of(person)
    visitor = desk.computer()
    if person is not None:
        visitor.sign_in(person)
    visit = Visit(visitor, role, written())
    for language in LANGUAGES:
        for address in pages:
            visit.go(address, language=language)
    for language in LANGUAGES:
        for address in [page for page in pages if page.endswith("/change/")]:
            visit.press(address, language=language)
    visit.tell()
    assert all(count >= len(pages) for count in visit.seen.values())
