"""Each write to a contact is explained by the entry of its act, or the nightly reconciliation would name it."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import transaction

from privacy.jobs.models import PersonalOutbox
from privacy.ledger import actions as ledger
from privacy.ledger import request_context
from privacy.ledger.actors import SystemActor
from privacy.lib.dates import clock
from privacy.subjects import actions as subjects
from privacy.subjects.models import Contact
from privacy.subjects.tasks import tell_change
from tests import factory
from tests.database import PortalDatabase
from tests.privacy.disclosures.smtp_server import mailbox

TESTS = SystemActor("tests")


@pytest.mark.attack("17.11")
def test_every_act_on_a_contact_explains_its_writes(portal_database: PortalDatabase) -> None:
    at = clock.now()
    mina = factory.make_mina(at=at)

    def record(**said: str) -> Contact:
        return subjects.record_contact(mina, actor=TESTS, at=at, **said)

    def verify() -> None:
        code = subjects.issue_contact_code(Contact.objects.current().get(kind="email"), mark="x", actor=TESTS, at=at)
        subjects.verify_contact(code, address="203.0.113.9", at=at)

    def tell() -> None:
        with mailbox():
            for row in Contact.objects.filter(ended_at__isnull=False):
                tell_change({"contact": str(row.pk)}, event=uuid4(), starts=1, at=at)

    def correct() -> None:
        with transaction.atomic(using="personal"):
            subjects.correct_contact(
                mina.id, "phone", "010-8765-4321", event=uuid4(), actor=TESTS, at=at, record_id=None
            )

    def remove() -> None:
        PersonalOutbox.objects.update(done_at=at)
        assert subjects.remove_ended_contacts(actor=TESTS, at=at + timedelta(hours=72)) > 0

    acts = (
        lambda: record(kind="email", value="mina@old.example"),
        lambda: record(kind="phone", value="010-1234-5678"),
        verify,
        lambda: record(kind="email", value="mina@old.example", language="en"),
        lambda: subjects.prefer_contact(Contact.objects.get(kind="phone"), actor=TESTS, at=at),
        lambda: record(kind="email", value="mina@new.example"),
        tell,
        correct,
        lambda: subjects.end_contact(Contact.objects.current().get(kind="email"), actor=TESTS, at=at),
        tell,
        lambda: record(kind="email", value="mina@third.example"),
        remove,
    )
    for number, act in enumerate(acts):
        with request_context.override(request_id=request_context.new_request_id()):
            act()
        found = ledger.reconcile_writes(actor=TESTS, at=clock.now() + timedelta(seconds=1))["personal"]
        assert found == 0, number
