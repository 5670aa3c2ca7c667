"""No page shows personal data without a read on record: every address is opened by everybody, and the answers searched.

The seeded people carry canaries: values that stand nowhere but in their sealed fields. An answer that holds one must
have an entry of the kind *read* under its own request id, written before it was shown (law S-01, S-03; ledger.md).
"""

import itertools
import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, reverse

from privacy.accounts.models import User
from privacy.ledger.models import Entry
from tests.base import PortalTestCase
from tests.cookie_words import words_in_cookies
from tests.factories.accounts import make_aram, make_emin
from tests.factories.devices import imei, make_device, registration
from tests.factories.rights import ask, ask_correction, make_handler, make_officer
from tests.factories.subjects import make_contact, make_mina

CANARIES = {
    "an IMEI": imei(4_711),
    "a serial number": registration(4_711)["serial_number"],
    "a licence key": registration(4_711)["licence"]["key"],
    "an e-mail address": "canary.mina@example.org",
    "a requester's address": "canary.requester@example.org",
    "a requester's name": "Canarina",
    "a wanted value": imei(4_712),
}
# Pages that end the session or change something on GET would spoil the walk; there is one that signs out by POST only.
LEFT_OUT = {"sign-out"}
FEWEST_PAGES = 60


def unrecorded(answer: HttpResponse) -> set[str]:
    """Return the canaries in an answer that no read on record explains."""
    if getattr(answer, "streaming", False):
        content = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    else:
        content = answer.content
    shown = {name for name, canary in CANARIES.items() if canary.encode() in content}
    if not shown:
        return set()
    request = answer.headers.get("X-Request-ID", "")
    newest = Entry.objects.reads().order_by("-id").values_list("payload", flat=True)[:50]
    return set() if any(json.loads(payload).get("request") == request for payload in newest) else shown


def patterns(inside: list[Any], namespace: str = "") -> Iterator[tuple[str, URLPattern]]:
    for entry in inside:
        if isinstance(entry, URLResolver):
            yield from patterns(entry.url_patterns, f"{namespace}{entry.namespace}:" if entry.namespace else namespace)
        elif entry.name:
            yield f"{namespace}{entry.name}", entry


def keys(model: type[Any]) -> list[str]:
    return [str(key) for key in model._default_manager.values_list("pk", flat=True)[:2]]


def addresses() -> Iterator[tuple[str, str]]:
    """Every address there is, after its route: with the keys of records of its app, of people and of devices."""
    ours = [app for app in apps.get_app_configs() if app.name.partition(".")[0] in ("privacy", "consents", "devices")]
    records = {
        app.label: [key for model in app.get_models() if model._meta.managed for key in keys(model)] for app in ours
    }
    console = {model._meta.label_lower.replace(".", "_"): keys(model) for model in admin.site._registry}
    for name, pattern in patterns(get_resolver().url_patterns):
        converters = pattern.pattern.converters
        model = next((label for label in console if name.startswith(f"admin:{label}_")), None)
        app = apps.get_containing_app_config(pattern.callback.__module__)
        owners = dict.fromkeys([app.label, "subjects", "devices"] if app and app.label in records else records)
        pool = console[model] if model else [key for owner in owners for key in records[owner]]
        choices = [pool for _converter in converters][:2]
        for values in itertools.islice(itertools.product(*choices), 60) if converters else [()]:
            try:
                yield name, reverse(name, kwargs=dict(zip(converters, values, strict=False)))
            except NoReverseMatch:
                continue


@pytest.mark.asvs("14.2.4", "14.3.3", "16.3.2")
@pytest.mark.clause("P8.3")
class WalkTests(PortalTestCase):
    def setUp(self) -> None:
        super().setUp()
        make_device(4_711)
        make_contact(make_mina(), value=CANARIES["an e-mail address"])
        contact = {"name": CANARIES["a requester's name"], "email": CANARIES["a requester's address"]}
        ask(contact=contact)
        ask_correction(target=imei(4_711), wanted=CANARIES["a wanted value"], contact=contact)

    def walk(self, user: User) -> tuple[int, list[str]]:
        client = Client(raise_request_exception=False)
        client.force_login(user)
        opened, found = 0, []
        closed: set[str] = set()
        for name, address in dict.fromkeys(addresses()):
            if name in closed or any(address.rstrip("/").endswith(word) for word in LEFT_OUT):
                continue
            before = transaction.savepoint_create()
            answer = client.get(address)
            if answer.status_code == 500:
                # A table that the portal may not read, such as the queue's results, ends no walk.
                transaction.savepoint_rollback(before)
                transaction.set_rollback(False)
            transaction.savepoint_commit(before)
            if answer.status_code in (401, 405):
                # Answered before the key is looked at, so by every key alike.
                closed.add(name)
            opened += answer.status_code == 200
            kept = words_in_cookies(client)
            if [value for value in CANARIES.values() if value in kept]:
                found.append(f"{address} writes a person into a cookie")
            if missing := unrecorded(answer):
                found.append(f"{address} shows {', '.join(sorted(missing))} and nothing is on record")
        return opened, found

    @pytest.mark.law("S-01", "S-03")
    def test_the_officer_finds_no_unrecorded_page(self) -> None:
        opened, found = self.walk(make_officer())
        assert not found, "\n".join(found)
        assert opened >= FEWEST_PAGES

    @pytest.mark.law("S-01", "S-03")
    def test_a_handler_an_auditor_and_an_employee_neither(self) -> None:
        for user in (make_handler(), make_aram(), make_emin()):
            _opened, found = self.walk(user)
            assert not found, "\n".join(found)

    def test_a_page_without_a_record_would_be_found(self) -> None:
        """The positive control."""
        answer = HttpResponse(f"IMEI {CANARIES['an IMEI']}", headers={"X-Request-ID": "never-recorded"})
        assert unrecorded(answer) == {"an IMEI"}
