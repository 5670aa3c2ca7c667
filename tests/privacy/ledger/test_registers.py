"""A register about people puts every page on record first: as many entries as pages, whatever the headers say."""

import json
import random
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.admin import AdminSite
from django.test import Client
from django.urls import clear_url_caches, path, reverse

from config import urls
from config.admin import OfficeSite
from privacy.accounts.models import User
from privacy.ledger.models import Entry
from privacy.ledger.read_recording import RecordReadsMixin
from privacy.lib.console.keyset_pagination import KeysetAdmin
from privacy.lib.dates import clock
from privacy.subjects.models import Subject
from tests.database import PortalDatabase
from tests.factories.accounts import make_hana


class SubjectRegister(RecordReadsMixin, KeysetAdmin):
    """A register of subjects, as an app would declare it."""

    keyset = ("registered_at", "id")
    list_display = ("reference",)
    read_purpose = "registration"
    subject_field = "id"


site = OfficeSite(name="admin")
# The office takes the product's own registers only; this one is the test's.
AdminSite.register(site, Subject, SubjectRegister)
urlpatterns = [path("office/", site.urls), *urls.urlpatterns]


@pytest.fixture
def hana(portal_database: PortalDatabase, settings: Any) -> Iterator[Client]:
    """Hana signed in, before a console with one register and three people in it."""
    for _ in range(3):
        Subject.objects.create(id=uuid4(), registered_at=clock.now())
    client = Client()
    client.force_login(User.objects.get(pk=make_hana(granted=False).pk))
    settings.ROOT_URLCONF = __name__
    clear_url_caches()
    yield client
    clear_url_caches()


def reads() -> list[dict[str, Any]]:
    return [json.loads(entry.payload) for entry in Entry.objects.reads().order_by("id")]


@pytest.mark.clause("P8.3")
def test_a_list_names_everybody_on_the_page(hana: Client) -> None:
    page = hana.get(reverse("admin:subjects_subject_changelist"))
    assert page.status_code == 200
    (said,) = reads()
    assert sorted(said["subjects"]) == sorted(str(key) for key in Subject.objects.values_list("id", flat=True))
    assert (said["task"], said["purpose"], said["by"]) == ("subjects.subject.listed", "registration", "user")


def test_a_record_names_the_one_person(hana: Client) -> None:
    mina = Subject.objects.order_by("id")[0]
    assert hana.get(reverse("admin:subjects_subject_change", args=[mina.pk])).status_code == 200
    (said,) = reads()
    assert (said["subjects"], said["task"]) == ([str(mina.pk)], "subjects.subject.viewed")


def test_an_empty_page_leaves_no_entry(hana: Client, portal_database: PortalDatabase) -> None:
    with portal_database.connect() as superuser:
        superuser.execute("DELETE FROM subjects_subject")
    hana.get(reverse("admin:subjects_subject_changelist"))
    assert reads() == []


def test_no_record_no_page(hana: Client, portal_database: PortalDatabase) -> None:
    mina = Subject.objects.order_by("id")[0]
    with portal_database.connect() as superuser:
        superuser.execute("REVOKE INSERT (kind, payload) ON ledger.entry FROM portal_app, portal_intake, portal_worker")
    for address in (
        reverse("admin:subjects_subject_changelist"),
        reverse("admin:subjects_subject_change", args=[mina.pk]),
    ):
        page = hana.get(address)
        assert page.status_code == 503
        assert mina.reference not in page.content.decode()


def test_as_many_entries_as_pages_under_hostile_headers(hana: Client) -> None:
    dice = random.Random(503)
    answers = 0
    for _ in range(100):
        noise = "".join(dice.choice("0123456789.,:;\"'% \u00e9") for _ in range(dice.randrange(500)))
        page = hana.get(
            reverse("admin:subjects_subject_changelist"),
            headers={"X-Forwarded-For": noise, "X-Correlation-ID": noise, "X-Request-ID": noise, "Forwarded": noise},
        )
        answers += page.status_code == 200
    found = reads()
    assert answers == len(found) == 100
    assert {said["from"] for said in found} == {"127.0.0.1"}
    assert len({said["request"] for said in found}) == 100
