"""Whose pledge has expired is refused on every page that opens the vault, with what to do about it (P8.9, P8.10).

The pages are found, not listed: every address behind the sign-in is opened, and every button of every register of the
console pressed on what was seeded, its questions answered. None may show what the vault holds, each that tries must say
what to do, and they open once the pledge is renewed. A new page or button is covered by being there.
"""

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from django import forms
from django.contrib import admin
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections, transaction
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse

from privacy.accounts.models import User
from privacy.disclosures import actions as disclosures
from privacy.ledger.models import Entry
from privacy.lib.dates import clock
from tests.base import PortalTestCase
from tests.factories.accounts import NOON, grant_everything, make_omar, make_pledge, make_training, make_user
from tests.factories.devices import imei, make_device
from tests.factories.disclosures import attach_scan, make_disclosure, make_third_party
from tests.factories.rights import ask, ask_correction, grant_office_categories, make_officer
from tests.house.test_reads_are_recorded import LEFT_OUT, addresses, keys

# What the demonstration of the rule needs at least: fewer would mean that the walk found nothing.
FEWEST_DOORS = 4
WAY_OUT = "/staff/pledges/"


def entries_of(answers: list[HttpResponse]) -> list[dict[str, Any]]:
    """What is on record of the requests that these answers belong to."""
    requests = {answer.headers.get("X-Request-ID") for answer in answers}
    newest = Entry.objects.order_by("-id").values_list("word", "kind", "payload")[:40]
    found = [{"word": word, "kind": kind, **json.loads(payload)} for word, kind, payload in newest]
    return [one for one in found if one.get("request") in requests]


def opened_vault(answers: list[HttpResponse], user: User) -> bool:
    """Whether the vault was opened for the person: its door names the sealed fields; lists of references do not."""
    reads = [one for one in entries_of(answers) if one["kind"] == "read" and one["actor"] == user.ref]
    return any("fields" in one.get("facts", {}) for one in reads)


def refused_as_unfit(answers: list[HttpResponse]) -> bool:
    return any(
        one["word"] == "vault.opening.denied" and one["facts"]["because"] == "not-fit" for one in entries_of(answers)
    )


def filled(form: forms.Form) -> dict[str, Any]:
    """An answer to each question of a form, as a person in a hurry would give it."""
    given: dict[str, Any] = {}
    for name, field in form.fields.items():
        choices = [value for value, _label in getattr(field, "choices", ()) if value]
        if isinstance(field, forms.FileField):
            given[name] = SimpleUploadedFile("scan.pdf", b"%PDF-1.7")
        elif isinstance(field, forms.MultipleChoiceField | forms.ModelMultipleChoiceField):
            given[name] = [str(choice) for choice in choices[:1]]
        elif choices:
            given[name] = str(choices[0])
        elif isinstance(field, forms.DateField):
            given[name] = clock.today().isoformat()
        elif isinstance(field, forms.BooleanField):
            given[name] = "on"
        elif isinstance(field, forms.IntegerField):
            given[name] = "1"
        else:
            given[name] = form.initial.get(name) or "because a test asks for it"
    return given


class Press:
    """One way to the vault: an address to open, or a button on a record's page."""

    def __init__(self, address: str, action: str = "", key: str = "") -> None:
        self.address, self.action, self.key = address, action, key

    def __str__(self) -> str:
        return f"{self.action or 'GET'} {self.address}"

    def by(self, client: Client) -> list[HttpResponse]:
        """Go there, answering what is asked; whatever it changed is undone by the caller."""
        if not self.action:
            return [client.get(self.address)]  # type: ignore[list-item]
        pressed = {"CHANGE_FORM-action": self.action, "_selected_action": self.key, "index": "0"}
        answers: list[Any] = [client.post(self.address, pressed)]
        form = (answers[-1].context or {}).get("form") if answers[-1].status_code == 200 else None
        if b'name="confirmed"' in answers[-1].content if not answers[-1].streaming else False:
            given = filled(form) if form is not None else {}
            answers.append(client.post(self.address, {**pressed, **given, "confirmed": "yes"}))
        if answers[-1].status_code == 302:
            answers.append(client.get(answers[-1].headers["Location"]))
        return answers


def buttons(user: User) -> Iterator[Press]:
    """Every button of every register, on up to two records each."""
    request = RequestFactory().get("/office/")
    request.user = user
    for model, register in admin.site._registry.items():
        for key in keys(model):
            address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=[key])
            for name in register.actions or ():
                yield Press(address, name if isinstance(name, str) else name.__name__, key)


@pytest.mark.clause("P8.9")
@pytest.mark.clause("P8.10")
class EveryDoorTest(PortalTestCase):
    def setUp(self) -> None:
        super().setUp()
        make_device(4_711)
        ask(contact={"name": "Mina", "email": "mina@example.org"})
        ask_correction(target=imei(4_711))
        # Another device, that no request froze.
        asked = attach_scan(make_disclosure(make_device(1), third_party=make_third_party("maker")))
        disclosures.approve(asked, actor=make_omar(), at=NOON)
        make_officer()
        self.vera = make_user("vera@extrus.example", "Vera", "officer", fit=False)
        grant_everything(self.vera, by=make_omar())
        grant_office_categories(self.vera, by=make_omar())
        make_training(self.vera)

    def ways(self) -> list[Press]:
        found = dict.fromkeys(address for _route, address in addresses())
        inside = [one for one in found if one.startswith(("/office/", "/staff/"))]
        kept = [one for one in inside if not any(one.rstrip("/").endswith(name) for name in LEFT_OUT)]
        return [*map(Press, kept), *buttons(self.vera)]

    def walk(self, ways: list[Press]) -> Iterator[tuple[Press, list[HttpResponse]]]:
        """Go every way and undo it."""
        client = Client(raise_request_exception=False)
        client.force_login(self.vera)
        for way in ways:
            saved = {alias: transaction.savepoint_create(using=alias) for alias in connections}
            yield way, way.by(client)
            for alias, savepoint in saved.items():
                transaction.savepoint_rollback(savepoint, using=alias)

    def test_an_expired_pledge_is_told_on_every_page_that_opens_the_vault(self) -> None:
        make_pledge(self.vera, signed_on=date(2020, 12, 1), valid_until=date(2021, 11, 30))
        refused, silent = [], []
        for way, answers in self.walk(self.ways()):
            assert not opened_vault(answers, self.vera), f"{way} opened the vault"
            if refused_as_unfit(answers):
                refused.append(way)
                if not any(WAY_OUT in answer.content.decode() for answer in answers if not answer.streaming):
                    silent.append(str(way))
        assert not silent, "these refuse without saying what to do:\n" + "\n".join(silent)
        make_pledge(self.vera)
        opened = [str(way) for way, answers in self.walk(refused) if opened_vault(answers, self.vera)]
        assert len(opened) >= FEWEST_DOORS, f"opened {opened}, refused {[str(way) for way in refused]}"
