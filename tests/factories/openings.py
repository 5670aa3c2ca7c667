"""Random openings of people's data, as the office makes them: few people and many, several roles and tasks."""

import random
from collections.abc import Callable
from pathlib import Path
from uuid import UUID, uuid4

from django.test import Client
from django.urls import reverse

from devices.models import Device
from privacy.ledger import actions as ledger
from privacy.ledger.actors import SystemActor
from privacy.ledger.entries.payloads import MAX_SUBJECTS
from tests import factory
from tests.database import PortalDatabase
from tests.factories.ledger import make_notary, publish_keys, seal, sign

TASKS = ("devices.device.viewed", "devices.device.listed", "campaigns.delivery.addressed", "devices.device.unmasked")
PURPOSES = ("rights", "legal-duty", "registration", "destruction")
REASONS = ("", "", "R-24", "request 2026-000001", "the customer called, Mrs Kim answered")


def make_openings(people: list[Device], count: int, *, seed: int) -> dict[UUID, list[int]]:
    """Open data ``count`` times at random; return which entries each person must find."""
    dice = random.Random(seed)
    staff = (factory.make_officer(), factory.make_handler(), SystemActor("sweep"))
    found: dict[UUID, list[int]] = {one.subject_id: [] for one in people}
    for _ in range(count):
        about = dice.sample(people, dice.choice((1, 1, 1, min(2, len(people)))))
        others = dice.choice((0, 0, 0, 3, MAX_SUBJECTS + dice.randrange(50)))
        names = [str(one.subject_id) for one in about] + [str(uuid4()) for _ in range(others)]
        dice.shuffle(names)
        number = ledger.record_read(
            actor=dice.choice(staff), at=None, subjects=names, task=dice.choice(TASKS), purpose=dice.choice(PURPOSES),
            reason=dice.choice(REASONS),
        )  # fmt: skip
        for one in about:
            found[one.subject_id].append(number)
    return found


def enter_as(device: int) -> Client:
    """Return a browser that has proven whose it is, as the status page asks for today."""
    receipt = factory.ask(target=factory.imei(device))
    factory.make_verified(receipt)
    client = Client()
    answer = client.post(reverse("rights:case"), {"number": receipt.number, "code": receipt.code})
    assert answer.status_code == 302
    return client


def notary_of(database: PortalDatabase, folder: Path) -> Callable[[], list[str]]:
    """Return what seals and signs the trail and gives the notary's verifier keys."""
    notary = make_notary(folder)
    publish_keys(notary)

    def catch_up() -> list[str]:
        seal(database)
        sign(database, notary)
        return list(notary.signer.vkeys)

    return catch_up
