"""What a comparison of the registers covered, and what it was told, is said wherever its result is."""

import re

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from privacy.ledger import actions as ledger
from privacy.ledger.actions import scrubs
from privacy.ledger.actors import SystemActor
from privacy.ledger.admin import checkpoints
from privacy.ledger.integrity.registers import RegisterReport, Registers
from privacy.ledger.merkle import log_reader
from privacy.ledger.models import Scrub
from privacy.ledger.protected_tables import TABLES
from privacy.lib.dates import clock
from tests.database import PortalDatabase
from tests.factories.accounts import make_aram
from tests.factories.ledger import adopt, seal

pytestmark = pytest.mark.clause("P8.3")

TESTS = SystemActor("tests")
TAKING = "takes the registers as they stood then: INC-7F3K-92QX"


def compared() -> RegisterReport:
    with log_reader.connect() as connection:
        return Registers(connection).verify()


@pytest.fixture
def auditor(portal_database: PortalDatabase) -> Client:
    client = Client()
    client.force_login(make_aram())
    seal(portal_database)
    return client


def verified_now(client: Client, language: str = "en") -> str:
    """Return the words of the page after «verify now»."""
    with translation.override(language):
        address = reverse("admin:ledger_verify")
    return words(client.post(address).content.decode())


def words(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<(style|script).*?</\1>|<[^>]+>", " ", page, flags=re.DOTALL))


@pytest.mark.truth("rows-compared")
def test_only_rows_of_registers_that_were_taken_up_are_counted(
    auditor: Client, portal_database: PortalDatabase
) -> None:
    every = len(TABLES)
    before = compared()
    assert (before.rows, before.tables, len(before.unadopted)) == (0, 0, every)
    told = portal_database.manage("verify_ledger", "--registers", role="portal_auditor").stdout
    assert "0 rows of 0 registers compared" in told and "not all compared until manage.py sync_schedules" in told
    page = verified_now(auditor)
    assert "Register rows compared 0" in page and f"Registers not yet taken up {every}" in page
    assert f"아직 대조 대상이 아닌 대장 {every}" in verified_now(auditor, "ko")

    adopt(portal_database)
    after = compared()
    assert after.rows > 0
    assert (after.tables, after.unadopted) == (every, [])
    page = verified_now(auditor)
    assert f"Register rows compared {compared().rows}" in page and "not yet taken up" not in page


@pytest.mark.truth("rows-compared")
def test_an_adoption_after_an_incident_is_shown_on_the_page_and_in_the_scrub(
    auditor: Client, portal_database: PortalDatabase
) -> None:
    adopt(portal_database)
    assert "takes the registers" not in verified_now(auditor)
    adopt(portal_database, because="INC-7F3K-92QX")
    assert TAKING in verified_now(auditor)
    ledger.start_scrub(actor=TESTS, at=clock.now())
    ledger.continue_scrub(actor=TESTS, at=clock.now())
    scrub = Scrub.objects.finished().get()
    assert not any(TAKING in message for _code, message in scrub.findings)
    (note,) = scrub.notes
    assert TAKING in note
    assert TAKING in words(auditor.get(reverse("admin:ledger_scrub_change", args=[scrub.pk])).content.decode())


@pytest.mark.truth("rows-compared")
def test_the_page_says_up_to_how_many_entries_the_registers_are_compared(
    auditor: Client, portal_database: PortalDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    adopt(portal_database)
    page = verified_now(auditor)
    assert "here up to 100,000 entries about rows, at night up to 200,000" in page
    assert "여기서는 대장 항목에 관한 기록이 100,000건 이하, 야간에는 200,000건 이하" in verified_now(auditor, "ko")
    monkeypatch.setattr(scrubs, "MOST_IN_A_JOB", 7)
    assert "at night up to 7" in verified_now(auditor)
    monkeypatch.setattr(checkpoints, "MAX_VERIFIED_IN_REQUEST", 0)
    page = verified_now(auditor)
    assert "Register rows compared Not compared here: more than 0 entries are about rows." in page
    assert "여기서는 대조하지 않음" in verified_now(auditor, "ko")
