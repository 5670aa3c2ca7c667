"""Somebody goes on reading while another process freezes, destroys, or ends the grant: what was read after the commit.

Two read at once: the vault's door with its caches, and a process that was taken over, which kept the wrapped keys and a
lease and asks the key service alone.
"""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event, Thread
from typing import Any
from uuid import UUID

from django.db import connections

from privacy.accounts.models import AccessGrant, User
from privacy.ledger.actions import LedgerUnavailable
from privacy.ledger.actors import Actor, SystemActor
from privacy.ledger.entries import autocommit
from privacy.lib.dates import clock
from privacy.lib.errors.refusals import Refusal
from privacy.vault import actions as vault
from privacy.vault.keyservice import client
from privacy.vault.models import EncryptedFile
from privacy.vault.purposes import Purpose
from tests import factory
from tests.database import PortalDatabase
from tests.factory import make_sealed_file
from tests.privacy.vault.decryption_sessions import decryption_session
from tests.privacy.vault.key_requests import record_of, request_for

TESTS = SystemActor("tests")
CATEGORY, PURPOSE = "device-registration", Purpose.REGISTRATION
# How often a reading that nothing closes is let go on, and how long one that is closed may take to be refused.
MOST_AFTER, SECONDS = 3, 30.0
FREEZE = """
INSERT INTO vault_freeze (id, subject_id, category, item, cause, "case", frozen_at)
VALUES (gen_random_uuid(), %s, '', '', 'suspension', 'K7-RACE', now())
"""
TOMBSTONE = """
INSERT INTO vault_tombstone (id, subject_id, category, cause, certificate, destroyed_at)
VALUES (gen_random_uuid(), %s, '', 'race', 'C', now())
"""
REVOCATION = """
UPDATE accounts_accessgrant SET revoked_at = now(), revocation = 'race' WHERE category = %s AND revoked_at IS NULL
"""


@dataclass
class Reader:
    """One who reads again and again; ``begun`` has the moment before each reading that was answered."""

    name: str
    prepare: Callable[[], Callable[[], Any]]
    wait_for: int
    begun: list[float] = field(default_factory=list)
    error: BaseException | None = None
    going: Event = field(default_factory=Event)

    def run(self, closed: list[float]) -> None:
        """Read until it is refused, or a few times too often."""
        try:
            read, until = self.prepare(), time.monotonic() + SECONDS
            while len(self.after(closed)) < MOST_AFTER:
                moment = time.monotonic()
                assert moment < until, "it is neither closed nor refused"
                read()
                self.begun.append(moment)
                if len(self.begun) >= self.wait_for:
                    self.going.set()
        except (vault.KeyServiceUnavailable, vault.CeilingReached, LedgerUnavailable) as error:
            self.error = error
        except Refusal:
            pass
        except BaseException as error:
            self.error = error
        finally:
            self.going.set()
            client.forget_connection()
            autocommit.close()
            connections.close_all()

    def after(self, closed: list[float]) -> list[float]:
        """Return the readings that began after it was closed, and were answered."""
        return [moment for moment in self.begun if closed and moment > closed[0]]


def _readers(file: EncryptedFile, actor: Callable[[], Actor], dice: random.Random) -> list[Reader]:
    def through_the_door() -> Callable[[], Any]:
        def read() -> None:
            with decryption_session(PURPOSE, actor=actor(), at=clock.now()) as vault_session:
                vault_session.decrypt(file, "name")

        return read

    def past_the_door() -> Callable[[], Any]:
        record = record_of([file.subject_id], purpose=PURPOSE.value, actor=actor())
        request = request_for([file], record)
        return lambda: client.ask(request)

    ways = {"through the door": through_the_door, "past the door": past_the_door}
    return [Reader(name, prepare, dice.randint(1, 5)) for name, prepare in ways.items()]


def frozen(subject: UUID) -> tuple[str, list[Any], Callable[[], Actor]]:
    """A freeze of everything of a person."""
    return FREEZE, [subject], lambda: TESTS


def destroyed(subject: UUID) -> tuple[str, list[Any], Callable[[], Actor]]:
    """The end of all keys of a person."""
    return TOMBSTONE, [subject], lambda: TESTS


def without_grant(subject: UUID) -> tuple[str, list[Any], Callable[[], Actor]]:
    """The end of the grant by which a colleague reads."""
    hana, omar, today = factory.make_hana(granted=False), factory.make_omar(), clock.today()
    AccessGrant.objects.create(
        user=hana, category=CATEGORY, purpose=PURPOSE.value, reason="race", asked_by=hana.ref, approved_by=omar,
        granted_by=omar.ref, granted_at=clock.now(), valid_from=today, valid_until=today,
    )  # fmt: skip
    return REVOCATION, [CATEGORY], lambda: User.objects.get(pk=hana.pk)


KINDS = (frozen, destroyed, without_grant)


def race(database: PortalDatabase, close: Callable[..., Any], *, rounds: int, dice: random.Random) -> list[str]:
    """Return who was answered a question that began after what it asks for was closed."""
    late = []
    with database.connect() as other:
        for number in range(rounds):
            file = make_sealed_file(category=CATEGORY)
            statement, values, actor = close(file.subject_id)
            readers, closed = _readers(file, actor, dice), []  # type: ignore[var-annotated]
            threads = [Thread(target=reader.run, args=(closed,)) for reader in readers]
            for thread in threads:
                thread.start()
            assert all(reader.going.wait(SECONDS) for reader in readers)
            other.execute(statement, values)
            closed.append(time.monotonic())
            for thread in threads:
                thread.join()
            for reader in readers:
                if reader.error is not None:
                    raise reader.error
                assert len(reader.begun) >= reader.wait_for, f"{reader.name} was refused before it was closed"
                if reader.after(closed):
                    late.append(f"round {number}: {reader.name}")
    return late
