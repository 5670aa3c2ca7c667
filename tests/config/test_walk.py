"""The main job as `walk` plays it, with production's numbers: its clock is the test's, and no wait is 0 (17.3).

The clock runs behind the real one and catches up where the rulebook waits: the database lets no moment to come forgive
a wait, and nothing is destroyed by a clock that is not the database's.
"""

import email
import email.policy
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.core import mail
from django.core.handlers.wsgi import WSGIHandler
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.utils import timezone

from config.demonstration import example_accounts, example_data, walk_context, walk_proof_steps, walk_steps
from privacy.accounts.models import Invitation
from privacy.jobs.dispatcher import dispatch_due
from privacy.ledger.integrity import append_only
from privacy.lib.dates import clock
from privacy.policies import actions as policies
from privacy.policies import rulebook
from privacy.policies.models import Parameter
from privacy.retention import tasks as retention
from privacy.rights import tasks as rights
from privacy.rights.models import Right
from tests.database import PortalDatabase
from tests.factories.ledger import keep_in, make_entries, make_notary, publish_keys, seal, sign
from tests.factories.outbox import let_pass

# Waits, ages and second persons: what production asks of people, and the demo's example rulebook sets to 0.
SHIPPED = {
    "duties.account.days": 1,
    "duties.apart.days": 30,
    "duties.emergency.wait.hours": 24,
    "duties.emergency.review.hours": 72,
    "withdrawal.wait.hours": 24,
    "contact.wait.hours": 72,
}
REAL_NOW: Callable[[], datetime] = timezone.now


class QuietHandler(WSGIRequestHandler):
    def log_message(self, format: str, *arguments: object) -> None:
        pass


class PortalUnderTest(walk_context.RunningPortal):
    """The portal of one test: its worker works when the walk waits, and its clock moves when the rulebook waits."""

    def __init__(self, database: PortalDatabase, folder: Path, behind: timedelta) -> None:
        self.database, self.notary, self.behind = database, make_notary(folder), behind
        self.waited: list[tuple[str, int]] = []

    def now(self) -> datetime:
        return REAL_NOW() - self.behind

    def wait_until[T](self, ask: Callable[[], list[T]], otherwise: str) -> list[T]:
        for _look in range(20):
            if found := ask():
                return found
            dispatch_due(at=clock.now())
            rights.resume()
            if not self.behind:
                retention.resume()
            seal(self.database)
            sign(self.database, self.notary)
            publish_keys(self.notary)
        raise walk_context.StepFailed(otherwise)

    def let_pass(self, code: str) -> int:
        """Let all but ten minutes pass, in which nothing may begin, and then the rest, up to the real clock."""
        hours = rulebook.parameter(code, clock.today())
        self.behind -= timedelta(hours=hours, minutes=-10)
        rights.resume()
        assert not Right.objects.filter(destruction_began_at__isnull=False).exists()
        assert timedelta(minutes=10) < self.behind < timedelta(hours=1)
        self.behind = timedelta()
        let_pass(timedelta(hours=hours, minutes=1))
        self.waited.append((code, hours))
        return hours

    def sweep(self) -> None:
        retention.sweep()

    def mails(self) -> dict[str, EmailMessage]:
        sent = [one.message().as_bytes() for one in getattr(mail, "outbox", [])]
        return {str(n): email.message_from_bytes(one, policy=email.policy.default) for n, one in enumerate(sent)}

    def verify(self) -> tuple[int, str]:
        run = self.database.manage("verify_ledger", role="portal_auditor")
        return run.returncode, run.stdout.strip() or run.stderr.strip()[-300:]

    def superuser(self) -> psycopg.Connection[Any]:
        return self.database.connect()


@pytest.fixture
def portal(
    portal_database: PortalDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[PortalUnderTest]:
    keep_in(tmp_path, monkeypatch)
    made = PortalUnderTest(portal_database, tmp_path, timedelta(hours=24, minutes=30))
    monkeypatch.setattr(timezone, "now", made.now)
    yield made


@pytest.fixture
def base(portal: PortalUnderTest) -> Iterator[str]:
    server = ThreadedWSGIServer(("127.0.0.1", 0), QuietHandler, connections_override={})
    server.set_app(WSGIHandler())
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def open_office() -> None:
    """An office that has been there for two months, with the recipient that the walk provides to."""
    at = clock.now()
    policies.record_shipped_seals(actor=example_data.DEMO, at=at)
    people = example_accounts.make_people(at - timedelta(days=60))
    example_accounts.grant_access(people, at - timedelta(days=58))
    example_data.announce_recipient(people, at - example_data.ANNOUNCED)
    policies.take_effect(actor=example_data.DEMO, at=at)


@pytest.mark.attack("17.3")
def test_every_step_happens_with_the_waits_of_production(portal: PortalUnderTest, base: str) -> None:
    assert {code: rulebook.parameter(code, clock.today()) for code in SHIPPED} == SHIPPED
    assert not Parameter.objects.filter(code__in=SHIPPED, value=0).exists()
    open_office()
    assert not Invitation.objects.filter(used_at__gt=clock.now() - timedelta(days=1)).exists()
    walk = walk_context.prepare(base, portal)
    said = {name: step(walk) for name, step in walk_steps.STEPS}
    assert portal.waited == [("withdrawal.wait.hours", 24)]
    assert "destroyed after 24 hours" in said["6 erased"]
    assert settings.STEP_UP_SECONDS > 0


@pytest.mark.attack("17.3")
def test_the_walk_of_a_running_portal_says_that_it_does_not_wait(portal: PortalUnderTest) -> None:
    with pytest.raises(walk_context.StepFailed, match="waits 24 hours"):
        walk_context.RunningPortal().let_pass("withdrawal.wait.hours")


@pytest.mark.truth("15")
def test_a_change_that_fails_leaves_every_guard_of_the_trail_on(portal: PortalUnderTest) -> None:
    """The office works on beside the walk: nothing is written while the stamp is off, and no failure leaves it off."""
    make_entries(portal.database, 1)
    with portal.superuser() as superuser:
        with pytest.raises(psycopg.Error):
            walk_proof_steps.tamper(superuser, 1, "\x00")
        assert append_only.weaknesses() == []
        walk_proof_steps.tamper(superuser, 1, "{}")
        assert superuser.execute("SELECT payload FROM ledger.entry WHERE id = 1").fetchone() == ("{}",)
    assert append_only.weaknesses() == []
