"""Entries of the audit trail in bulk: composed by the ledger, stamped as its trigger stamps them, sealed and signed."""

import json
import os
import random
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import batched
from secrets import token_urlsafe
from typing import Any
from uuid import UUID

import load_progress
import psycopg
from harness import ROOT

PLACE = UUID(int=0)
# What the trigger would do for each row, done for the stretch: numbers in a row, the transaction, the generation.
NUMBERED = "SELECT setval('ledger.entry_id', nextval('ledger.entry_id') + %s)"
STAMP = "SELECT pg_current_xact_id()::text, (SELECT max(generation) FROM ledger.recovery_epoch)"
# The search columns too, which the trigger fills from the payload.
SEARCH = ("word", "actor", "about", "subjects", "task", "purpose")
COPY = f"COPY ledger.entry (id, xid, generation, kind, {', '.join(SEARCH)}, payload) FROM STDIN"


@dataclass(frozen=True)
class Stretch:
    """Some entries that name people of these ids."""

    count: int
    people: list[UUID]
    at: datetime
    number: int


def append(stretch: Stretch) -> None:
    """Append entries as the server's administrator, while the trigger is off."""
    from django.conf import settings

    source = random.Random(os.urandom(8))
    templates = _templates(stretch)
    people = [str(person) for person in stretch.people]
    step = f"entries {stretch.number}"
    with psycopg.connect(settings.EMBEDDED_SERVER.url("postgres", "portal_general")) as connection:
        if load_progress.has_done(connection, step):
            return
        # One at a time takes its numbers, and keeps them also if it fails: holes are as in life.
        connection.execute("SELECT pg_advisory_xact_lock(7)")
        row = connection.execute(NUMBERED, [stretch.count]).fetchone()
        assert row is not None
        first = row[0] - stretch.count
        connection.commit()
        row = connection.execute(STAMP).fetchone()
        assert row is not None
        xid, generation = row
        with connection.cursor() as cursor, cursor.copy(COPY) as copy:
            for numbers in batched(range(stretch.count), 1_000):
                copy.write("".join(_lines(numbers, first, f"{xid}\t{generation}", templates, people, source)))
        load_progress.note_done(connection, step)


def _lines(
    numbers: Iterable[int], first: int, stamp: str, templates: list[Any], people: list[str], source: random.Random
) -> Iterator[str]:
    for number in numbers:
        kind, parts = templates[number % len(templates)]
        columns = source.choice(people).join(parts).replace("NONCE", token_urlsafe(16))
        yield f"{first + number}\t{stamp}\t{kind}\t{columns}\n"


def _templates(stretch: Stretch) -> list[tuple[str, list[str]]]:
    """Return the search columns and payload of entries as the portal composes them.

    They are cut where the person stands, with ``NONCE`` for their nonce.
    """
    from devices.events import Event
    from privacy.ledger.actors import SystemActor
    from privacy.ledger.entries.payloads import compose
    from privacy.ledger.events import Event as Ledger

    made = []
    for number in range(50):
        actor, about = SystemActor(f"benchmark-{number % 20}"), ("devices.device", PLACE)
        if number == 0:
            page = stretch.people[:50]
            kind, (text, nonce) = "read", compose(
                Ledger.READ, actor=actor, at=None, subjects=page, task="devices.device.listed", purpose="registration"
            )  # fmt: skip
        elif number % 3 == 0:
            kind, (text, nonce) = "read", compose(
                Ledger.READ, actor=actor, at=None, about=about, subjects=[PLACE], task="devices.device.viewed",
                purpose="rights", reason="request 2026-114",
            )  # fmt: skip
        elif number % 3 == 1:
            facts = {"items": ["imei", "model"], "licence": str(PLACE)}
            kind, (text, nonce) = "act", compose(
                Event.UPDATED, actor=actor, at=stretch.at, about=about, subjects=[PLACE], facts=facts
            )  # fmt: skip
        else:
            kind, (text, nonce) = "act", compose(
                Event.LICENCE_RENEWED, actor=actor, at=stretch.at, about=about, subjects=[PLACE]
            )  # fmt: skip
        # Nothing in it needs escaping in COPY's text, and a page of people names nobody twice.
        assert "\\" not in text
        columns = "\t".join([*_search(json.loads(text)), text.replace(nonce, "NONCE")])
        made.append((kind, columns.split(str(PLACE))))
    return made


def _search(said: dict[str, Any]) -> Iterator[str]:
    """Return what the stamp writes into the search columns, as COPY's text."""
    for name in SEARCH:
        value = said.get(name)
        yield r"\N" if value is None else f"{{{','.join(value)}}}" if isinstance(value, list) else str(value)


def seal() -> None:
    """Seal the entries into the tree, and have the notary sign its head."""
    from django.conf import settings

    from privacy.ledger.merkle import log_sequencer

    url = settings.EMBEDDED_SERVER.url("portal_sequencer", "portal_general")
    with psycopg.connect(url, autocommit=True) as connection:
        while log_sequencer.seal(connection):
            continue
    environment = {**os.environ, "PORTAL_ROLE": "portal_notary"}
    notary = [sys.executable, "manage.py", "notary", "--once"]
    subprocess.run(notary, cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)
