"""What the steps of the walk share: the portal and what stands around it, who plays, and how long to wait."""

import email
import email.policy
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import psycopg
from django.conf import settings
from django_q.tasks import async_task

from config.demonstration import example_data
from config.demonstration.example_recipients import CARRIER
from config.demonstration.http_client import BrowserClient, GatewayClient
from config.served_databases import has_unapplied_migrations
from privacy.accounts.models import User
from privacy.accounts.signin import second_factors
from privacy.disclosures.models import ThirdParty
from privacy.lib.dates import clock
from privacy.policies import rulebook

# More than a job that is put off once needs: a minute, and up to the next minute after it.
WAIT_SECONDS = 180
OLD_MODEL = "XM-G119"
NEW_MODEL = "XM-G191"
LOCAL = ("127.0.0.1", "localhost")


class StepFailed(Exception):
    """A step did not happen; the message says what was seen instead."""


class NotDemo(Exception):
    """There is no demo to walk through."""


class RunningPortal:
    """What stands around a portal that runs as `make demo` starts it: its worker, its mail folder, its clock.

    A test puts another in its place, whose clock it sets: the steps are the same with the waits of production.
    """

    def wait_until[T](self, ask: Callable[[], list[T]], otherwise: str) -> list[T]:
        """Return what ``ask`` finds as soon as it finds something; raise StepFailed after WAIT_SECONDS."""
        deadline = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < deadline:
            found = ask()
            if found:
                return found
            time.sleep(0.3)
        raise StepFailed(otherwise)

    def let_pass(self, code: str) -> int:
        """Let the hours of a number of the rulebook pass and return them: none in the demo, whose waits are 0."""
        hours = rulebook.parameter(code, clock.today())
        if hours:
            raise StepFailed(f"the rulebook waits {hours} hours ({code}): nobody plays that in one sitting")
        return hours

    def sweep(self) -> None:
        """Let the worker do its nightly sweep now."""
        async_task("privacy.retention.tasks.sweep")

    def mails(self) -> dict[str, EmailMessage]:
        """Return every mail that went out, by a name of its own."""
        return {
            path.name: email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            for path in sorted((Path(settings.PORTAL_HOME) / "mail").glob("*.eml"))
        }

    def verify(self) -> tuple[int, str]:
        """Run ``manage.py verify_ledger`` as the auditor's role; return its exit status and what it said."""
        run = subprocess.run(
            [sys.executable, "manage.py", "verify_ledger"],
            cwd=settings.BASE_DIR,
            env={**os.environ, "PORTAL_ROLE": "portal_auditor"},
            capture_output=True,
            text=True,
            check=False,
        )
        return run.returncode, run.stdout.strip() or run.stderr.strip()[-300:]

    def superuser(self) -> psycopg.Connection[Any] | None:
        """Connect as the database's superuser, where the server is the embedded one."""
        if not settings.EMBEDDED:
            return None
        return psycopg.connect(settings.EMBEDDED_SERVER.url("postgres"), autocommit=True)


@dataclass
class WalkContext:
    """The state that the steps hand on."""

    portal: RunningPortal
    base: str
    gateway: GatewayClient
    people: dict[str, User]
    party: ThirdParty
    at: datetime
    device: UUID = field(default_factory=uuid4)
    number: int = 0
    serial: str = ""
    reference: str = ""
    case_number: str = ""
    case_code: str = ""
    seen: set[str] = field(default_factory=set)
    signed_in: dict[str, BrowserClient] = field(default_factory=dict)

    def let_pass(self, code: str) -> int:
        """Let the hours of a number of the rulebook pass; whoever was signed in signs in again."""
        hours = self.portal.let_pass(code)
        if hours:
            self.signed_in.clear()
        return hours

    def new_mails(self, to: str) -> list[EmailMessage]:
        """Return the mails to an address since the walk began."""
        return [mail for name, mail in self.portal.mails().items() if name not in self.seen and to in str(mail["To"])]

    def somebody(self) -> BrowserClient:
        """Return the browser of the device's user, who has an address of their own: so many requests come from one."""
        host = urlsplit(self.base).hostname or ""
        n = self.number
        return BrowserClient(
            self.base, address=f"127.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}" if host in LOCAL else ""
        )

    def person(self, name: str) -> BrowserClient:
        """Return a browser in which this colleague is signed in, with password and second factor."""
        if name not in self.signed_in:
            person, user = BrowserClient(self.base), self.people[name]
            person.sign_in(user.email, example_data.PASSWORD, lambda: next_code(user))
            self.signed_in[name] = person
        return self.signed_in[name]


def next_code(user: User) -> str:
    """Return the next code of a colleague's app; each works once, so it may have to wait for the clock."""
    secret = second_factors.totp_secret(user)
    if secret is None:
        raise NotDemo(
            f"{user.email} has no authenticator app. Start `make demo` again: it gives the example accounts one."
        )
    step = second_factors.next_time_step(user, at=clock.now())
    while step > clock.now().timestamp() // second_factors.PERIOD_SECONDS + second_factors.TOLERATED_STEPS:
        time.sleep(0.5)
    return second_factors.totp_code(secret, step)


def prepare(base: str, portal: RunningPortal) -> WalkContext:
    """Return a walk against the portal at ``base`` with its example accounts."""
    at = clock.now()
    if has_unapplied_migrations("default"):
        raise NotDemo("No portal here. Start `make demo` in another terminal and wait until it is ready.")
    people = {user.name: user for user in User.objects.filter(email__in=[person[0] for person in example_data.PEOPLE])}
    if len(people) < len(example_data.PEOPLE) or not ThirdParty.objects.filter(code=CARRIER.code).exists():
        raise NotDemo("No example data here. Start `make demo` in another terminal and wait until it is ready.")
    token = example_data.make_token("Walk gateway", people, at=at)
    walk = WalkContext(portal, base, GatewayClient(base, token), people, ThirdParty.objects.get(code=CARRIER.code), at)
    walk.number = 100_000 + int(time.time()) % 800_000
    walk.seen = set(portal.mails())
    return walk


def expect(claim: bool, otherwise: str) -> None:
    """Go on if the claim holds."""
    if not claim:
        raise StepFailed(otherwise)
