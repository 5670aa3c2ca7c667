"""Random policies, people and jumps of the clock: what a simulation says, and what the sweeps then really do."""

import random
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path

from django.db import connections, transaction
from django.test import override_settings

from devices import partitions
from devices.models import Device
from privacy.ledger.actors import SystemActor
from privacy.policies import actions as policies
from privacy.policies.models import PolicyVersion, PreservationRule, RetentionRule
from privacy.retention import actions as retention
from privacy.retention.models import DestructionList, Prediction
from privacy.retention.schedule.simulation.comparison import compare, happened
from privacy.retention.schedule.simulation.simulate import Simulation, simulate
from privacy.subjects.models import Subject
from privacy.vault import actions as vault
from tests import factory

START = date(2026, 3, 2)
KINDS = ("status", "access", "configuration", "app-log")
JOB = SystemActor("simulated-histories")
Counted = dict[tuple[str, str, date], tuple[int, int, int, int]]


class History:
    """One office: people with pasts of their own, what stands in the way of some, and a draft of other rules."""

    def __init__(self, seed: int) -> None:
        self.source = random.Random(seed)
        self.odile, self.omar = factory.make_odile(granted=False), factory.make_omar()
        self.hana = factory.make_hana(granted=False)
        factory.end_waits_at_once()
        self.at = factory.at_noon(START)
        self.devices = [self._device(number) for number in range(1, self.source.randint(4, 7))]
        self.draft = self._draft()
        for _number in range(self.source.randrange(4)):
            self._obstacle()

    def _device(self, number: int) -> Device:
        source = self.source
        registered = START - timedelta(days=source.randint(1, 500))
        agreed: tuple[str, ...] = ("activation", "service-analytics", "app-log")
        if source.random() < 0.2:
            agreed = ()
        device = factory.make_expired_device(
            number,
            ended_on=START - timedelta(days=source.randint(-600, 1000)),
            at=factory.at_noon(registered),
            agreed=agreed,
        )
        for _number in range(source.randrange(4) if agreed else 0):
            happened = registered + timedelta(days=source.randrange((START - registered).days + 1))
            partitions.create_partitions([happened.replace(day=1)])
            kinds = [source.choice(KINDS) for _one in range(source.randint(1, 3))]
            factory.make_reports(device, kinds, at=factory.at_noon(happened) + timedelta(hours=number))
        if source.random() < 0.6:
            ended = START - timedelta(days=source.randint(0, 1500))
            Subject.objects.filter(id=device.subject_id).update(service_ended_on=ended)
        if source.random() < 0.4:
            factory.make_contact(Subject.objects.get(id=device.subject_id), at=factory.at_noon(registered))
        return device

    def _draft(self) -> PolicyVersion:
        source = self.source
        draft = policies.create_draft(actor=self.hana, at=self.at)
        rules = list(RetentionRule.objects.filter(category__version=draft).order_by("category__code"))
        for rule in rules:
            if rule.clock != "purpose-achieved":
                rule.years, rule.months = source.choice([(0, 6), (1, 0), (1, 7), (2, 0), (3, 0), (5, 0)])
            rule.approval_required = source.random() < 0.5
            rule.wait_hours = source.choice([0, 24, 96])
        preserving = list(PreservationRule.objects.filter(version=draft, applied=True).order_by("code"))
        for preserved in preserving:
            preserved.months = source.choice([1, 3, 12, 30])
            preserved.record_kinds = source.sample(["access", "status", "configuration", "app-log"], 2)
        policies.revise_draft(draft, rows=[*rules, *preserving], actor=self.hana, at=self.at)
        return policies.describe_draft(
            draft,
            effective_on=START + timedelta(days=source.choice([30, 31, 45, 200])),
            reason_ko="보유기간 변경",
            reason_en="Other retention periods",
            adverse=True,
            actor=self.hana,
            at=self.at,
        )

    def _obstacle(self) -> None:
        source = self.source
        device = source.choice(self.devices)
        days = source.choice([None, 3, 20, 100, 400])
        if source.random() < 0.4:
            until = None if days is None else self.at + timedelta(days=days)
            vault.freeze(
                subject_id=device.subject_id,
                category=source.choice(["", "device-registration", "service-analytics", "app-log"]),
                cause="correction",
                case=f"K7-{source.randrange(9999):04d}",
                actor=JOB,
                at=self.at,
                until=until,
            )
            return
        factory.make_hold(
            subject_id=device.subject_id if source.random() < 0.8 else None,
            category=source.choice(["", "device-registration", "service-analytics", "app-log", "archive", "contact"]),
            until=None if days is None else START + timedelta(days=days),
            at=self.at,
        )

    def moments(self) -> list[datetime]:
        """Return when the sweep runs: mostly the next nights, and now and then after a jump of the clock."""
        found = [self.at + timedelta(hours=1)]
        while len(found) < 12:
            jump = self.source.choice((1, 1, 1, 2, 3, 7, 20, 33, 50, 95))
            found.append(found[-1] + timedelta(days=jump, hours=self.source.choice((0, 0, -1, 1))))
        return found

    def publish(self) -> None:
        """Publish the draft with the effective date that it states."""
        policies.submit(self.draft, actor=self.hana, at=self.at)
        factory.settle_assessments(self.draft, at=self.at)
        policies.approve(self.draft, actor=self.odile, at=self.at)
        policies.publish(self.draft, actor=self.odile, at=self.at)

    def sweep(self, at: datetime) -> None:
        """Run the nightly sweep's two halves, and have officers approve in between what needs it.

        The sweep itself also asks the database's clock, which no test moves.
        """
        retention.plan(as_of=factory.kst(at), actor=factory.SWEEPER, at=at)
        for row in DestructionList.objects.to_approve():
            retention.approve(row, actor=self.odile, at=at)
            row.refresh_from_db()
            if row.state == DestructionList.State.PROPOSED:
                retention.approve(row, actor=self.omar, at=at)
        retention.execute_ready(actor=factory.SWEEPER, at=at)


def said_by(simulation: Simulation, *, published: bool) -> Counted:
    """Return what a simulation says of the months with or without its version, by category, unit and month."""
    return {
        (row.category, str(row.unit), row.month): (one.people, one.months, one.records, one.archived)
        for row in simulation.rows
        if (one := row.then if published else row.now) and (one.people or one.months or one.records)
    }


@contextmanager
def nothing_is_written() -> Iterator[None]:
    """Have each database refuse every write meanwhile: read only until the end of this block's transactions."""
    with ExitStack() as stack:
        for alias in connections:
            stack.enter_context(transaction.atomic(using=alias))
            with connections[alias].cursor() as cursor:
                cursor.execute("SET TRANSACTION READ ONLY")
        yield


def differences(seed: int, *, lie: bool = False) -> tuple[list[str], int]:
    """Live through a history; return what was said otherwise, and how many figures were said.

    Of a version that is published the prediction is kept and compared as the portal does; of one that is not, what the
    simulation says of the rules in force. With ``lie`` the sweeps go by the other rules than those that were asked
    about.
    """
    with ExitStack() as undo:
        for alias in connections:
            undo.enter_context(transaction.atomic(using=alias))
            undo.callback(transaction.set_rollback, True, using=alias)
        journal = undo.enter_context(tempfile.TemporaryDirectory())
        undo.enter_context(override_settings(DESTRUCTION_JOURNAL_DIR=Path(journal)))
        history = History(seed)
        published = history.source.random() < 0.7
        moments = history.moments()
        with nothing_is_written():
            simulation = simulate(history.draft, START, moments=moments)
        if published != lie:
            history.publish()
        made = None
        if published and not lie:
            made = retention.predict(history.draft, on=START, moments=moments, actor=JOB, at=history.at)
            assert made is not None
            assert made.is_intact
        for moment in moments:
            history.sweep(moment)
        if made is not None:
            rows = compare(made, moments[-1].date() + timedelta(days=400)).rows
            wrong = [f"{row.category} {row.month}: {row.predicted}, done {row.happened}" for row in rows if row.differs]
            return wrong, len(rows)
        anchor = Prediction(version=history.draft, predicted_on=START, made_at=history.at)
        done = {key: (of.people, of.months, of.records, of.archived) for key, of in happened(anchor).items()}
        said = said_by(simulation, published=published)
        wrong = [
            f"{key}: said {said.get(key)}, done {done.get(key)}"
            for key in sorted({*said, *done})
            if said.get(key) != done.get(key)
        ]
        return wrong, len(said)
