"""The other host: a process of its own that does one thing after the other as it is told; "done" follows the commit."""

import sys
from datetime import timedelta
from uuid import UUID

from django.db.backends.signals import connection_created

from devices import actions as devices
from devices.models import Device, GatewayToken
from privacy.ledger.actors import SystemActor
from privacy.lib.dates import clock
from privacy.subjects import actions as subjects
from privacy.subjects.models import Subject
from privacy.vault import actions as vault
from tests import factory, own_writes

actor = SystemActor("other-host")


def freeze(device: UUID, category: str, item: str, cause: str) -> None:
    vault.freeze(
        subject_id=device,
        category=category,
        item=item,
        cause=cause,
        case=f"K7-{cause}-{item}",
        actor=actor,
        at=clock.now(),
    )


def unfreeze(cause: str, item: str) -> None:
    vault.unfreeze(case=f"K7-{cause}-{item}", actor=actor, at=clock.now())


def withdraw(device: UUID) -> None:
    factory.decide(device, "app-log", "withdraw", at=clock.now())


def shred(device: UUID, category: str) -> None:
    vault.shred_subject(
        subject_id=device, categories=[category], cause="test", certificate="C", actor=actor, at=clock.now()
    )


def end(device: UUID) -> None:
    subjects.mark_withdrawn(Subject.objects.get(pk=device), actor=actor, at=clock.now())


def shred_month(category: str) -> None:
    vault.shred_month(
        category=category, month=clock.today(), cause="test", certificate="C", actor=actor, at=clock.now()
    )


def serve_no_more(device: UUID) -> None:
    Device.objects.filter(pk=device).update(service_ended_on=clock.today() - timedelta(days=1))


def hand_over(device: UUID) -> None:
    Device.objects.filter(pk=device).update(gateway_id=device)


def revoke() -> None:
    devices.revoke_token(GatewayToken.objects.get(), actor=actor, at=clock.now())


def serve() -> None:
    connection_created.connect(own_writes.install)
    print("ready", flush=True)
    for line in sys.stdin:
        exec(line, globals())
        print("done", flush=True)
