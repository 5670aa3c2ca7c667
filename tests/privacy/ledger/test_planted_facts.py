"""What reads facts of entries goes on beside one that somebody planted: whatever it says, no page ends in an error."""

import json
from collections.abc import Callable
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import pytest

from consents.actions import destruction_notices
from consents.models import PlannedDestruction
from privacy.campaigns.models import Campaign, digest_of
from privacy.incidents import later_facts
from privacy.incidents.models import Incident, Report
from privacy.ledger.admin import checkpoints
from privacy.lib.dates import clock
from privacy.policies import integrity as texts
from privacy.policies.models import PolicyVersion, PublishedText
from privacy.safeguards import integrity as plans
from privacy.safeguards.models import ManagementPlan
from privacy.workforce import integrity as pledges
from privacy.workforce.models import Pledge
from tests.database import PortalDatabase
from tests.factories.ledger import make_past_entries, tamper

pytestmark = pytest.mark.attack("20.7")
KEY = UUID("00000000-0000-4000-8000-000000000007")
DEEP = "[" * 15_000 + "]" * 15_000
# What an entry may hold where facts are looked for.
PAYLOADS = {
    "no facts": "{}",
    "no object": "[1]",
    "a list": '{"at":"2026-01-01T00:00:00+00:00","facts":[1]}',
    "nothing": '{"at":"2026-01-01T00:00:00+00:00","facts":{}}',
    "numbers": (
        '{"at":"2026-01-01T00:00:00+00:00","facts":{"seal":7,"digest":[],"reason":{},"changed":7,"before":"x",'
        '"duty":[],"no":"x","incomplete":7,"notice":[],"due_at":{},"receipt_digest":[]}}'
    ),
    "no moment": '{"at":"2026-01-01T00:00:00","facts":{"changed":["x"],"duty":"breach","notice":"held"}}',
    "too deep": f'{{"at":"2026-01-01T00:00:00+00:00","facts":{DEEP}}}',
}


def attached() -> bool:
    text = PublishedText(pk=KEY, text="words", digest=sha256(b"words").hexdigest(), attached_at=clock.now())
    return texts.is_text_intact(text)


def campaign() -> bool:
    started = Campaign(pk=KEY, title_ko="x", started_at=clock.now())
    started.digest = digest_of(started)
    return started.is_intact


def later(moment: datetime) -> list[Any]:
    incident = Incident(pk=KEY, estimate=3)
    form = later_facts.last_form(incident, Report.Duty.BREACH, before=clock.now())
    return [*later_facts.changes_after(incident, moment), later_facts.estimate_at(incident, moment), form]


MOMENT = datetime.fromisoformat("2020-01-01T00:00:00+00:00")
READERS: dict[tuple[str, str], Callable[[], object]] = {
    ("policies.policyversion", "policies.version.published"): lambda: texts.recorded_seal(PolicyVersion(pk=KEY)),
    ("policies.publishedtext", "policies.text.attached"): attached,
    ("safeguards.managementplan", "safeguards.plan.approved"): lambda: plans.recorded_seal(ManagementPlan(pk=KEY)),
    ("workforce.pledge", "workforce.pledge.signed"): lambda: pledges.recorded_seal(Pledge(pk=KEY)),
    ("campaigns.campaign", "campaigns.campaign.started"): campaign,
    (PlannedDestruction.record_label.lower(), "consents.destruction.told"): lambda: destruction_notices._said(
        PlannedDestruction(pk=KEY)
    ),
    ("incidents.incident", "incidents.incident.described"): lambda: later(MOMENT),
    ("incidents.incident", "incidents.form.issued"): lambda: later(MOMENT),
}


def plant(database: PortalDatabase, payload: str, *, about: str, word: str, actor: str = "system:x") -> None:
    [number] = make_past_entries(database, [(clock.now(), "act", {"word": word, "about": about, "actor": actor})])
    tamper(
        database,
        "DROP INDEX IF EXISTS ledger.entry_named_rows",
        f"UPDATE ledger.entry SET payload = '{payload}' WHERE id = {number}",
    )


@pytest.mark.parametrize("name", PAYLOADS)
def test_no_reader_of_facts_fails(portal_database: PortalDatabase, name: str) -> None:
    for (record, word), read in READERS.items():
        plant(portal_database, PAYLOADS[name], about=f"{record}:{KEY}", word=word)
        assert read() not in (True, None), word


@pytest.mark.parametrize("name", PAYLOADS)
def test_the_reason_of_a_refusal_that_somebody_planted_is_no_error(
    portal_database: PortalDatabase, settings: Any, tmp_path: Any, name: str
) -> None:
    settings.NOTARY_STATE_DIR = tmp_path
    plant(portal_database, PAYLOADS[name], about="", word="ledger.notary.refused", actor="system:notary")
    assert isinstance(checkpoints._refusal(None), str)


def test_a_fact_that_is_there_is_read(portal_database: PortalDatabase) -> None:
    payload = json.dumps({"at": "2026-01-01T00:00:00+00:00", "facts": {"seal": "abc", "changed": ["kind"]}})
    for record, word in READERS:
        plant(portal_database, payload, about=f"{record}:{KEY}", word=word)
    for read in (
        lambda: texts.recorded_seal(PolicyVersion(pk=KEY)), lambda: plans.recorded_seal(ManagementPlan(pk=KEY)),
        lambda: pledges.recorded_seal(Pledge(pk=KEY)),
    ):  # fmt: skip
        assert read() == "abc"
    assert len(later(MOMENT)) == 3
