"""A document that has just arrived with an objection is not taken for one that is left over (F-5)."""

import time
from concurrent.futures import ThreadPoolExecutor

from django.db import connections, transaction

from privacy.ledger.actors import SystemActor
from privacy.ledger.entries import autocommit
from privacy.rights import actions as rights
from privacy.rights.actors import Requester
from tests import factory
from tests.database import PortalDatabase
from tests.factories.accounts import NOON
from tests.sample_uploads import PDF

WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


def clean_up() -> int:
    try:
        return rights.destroy_leftover_evidence(actor=SystemActor("rights"), at=NOON)
    finally:
        autocommit.close()
        connections.close_all()


def test_the_cleanup_waits_for_an_objection_on_its_way(portal_database: PortalDatabase) -> None:
    """Its file is committed before it is: the worker saw a file and no objection, and destroyed it."""
    odile = factory.make_officer()
    case = factory.make_verified(factory.ask(answer_by="portal"))
    right = rights.refuse(case.rights.get(), ground="life-or-body", actor=odile, at=NOON)
    with portal_database.connect() as look, ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            made = rights.object_to(
                right, statement="no", evidence=[("proof.pdf", PDF)], actor=Requester(case.reference), at=NOON
            )
            cleaned = pool.submit(clean_up)
            until = time.monotonic() + 10
            while not cleaned.done() and look.execute(WAITING).fetchone() == (0,) and time.monotonic() < until:
                time.sleep(0.02)
        assert cleaned.result(timeout=60) == 0
    assert rights.evidence_of(made).count() == made.documents == 1
