"""A notice that waited for a reason is due at once when the reason has ended (law B-05, Decree art. 39(1) proviso)."""

from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from privacy.incidents import actions as incidents
from privacy.incidents import duties
from privacy.incidents.models import Incident
from privacy.incidents.refusals import Contradiction
from privacy.ledger.authorization import NotPermitted
from privacy.lib.registries import deadlines
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON

HOUR = timedelta(hours=1)


class DelayTest(PortalTestCase):
    def setUp(self) -> None:
        self.odile = factory.make_odile(granted=False)
        self.incident = factory.make_known_incident()
        incidents.delay_notice(self.incident, delay="spread", reason="경로 차단 중", actor=self.odile, at=NOON)
        self.incident.refresh_from_db()
        assert self.incident.notify_due_at is not None
        self.due_at = self.incident.notify_due_at

    def end(self, ended_at: datetime, *, at: datetime | None = None) -> Incident:
        return incidents.end_delay(self.incident, ended_at=ended_at, actor=self.odile, at=at or ended_at)

    def clocks(self) -> dict[str, datetime]:
        row = Incident.objects.with_facts().get(pk=self.incident.pk)
        return {one.duty: one.due_at for one in duties.deadlines_of(row)}

    @pytest.mark.law("B-05")
    def test_past_the_72_hours_it_is_due_at_the_moment_the_reason_ended(self) -> None:
        assert "after-delay" not in self.clocks()
        ended = self.end(self.due_at + 5 * HOUR)
        self.assertLedgered("incidents.notice.delay-ended", ended)
        assert self.clocks()["after-delay"] == self.due_at + 5 * HOUR
        assert self.clocks()["notice"] == self.due_at, "the 72 hours stay what they are"
        first = (self.due_at - 48 * HOUR).date()
        told = deadlines.deadlines_between(
            first, first + timedelta(days=9), on=first, may=lambda _p: True, names={"incidents.incident"}
        )
        assert self.due_at + 5 * HOUR in {line.dated.at for line in told}, "it stands on the calendar"

    @pytest.mark.law("B-05")
    def test_within_the_72_hours_these_are_the_term(self) -> None:
        self.end(self.due_at - HOUR)
        assert "after-delay" not in self.clocks()

    def test_only_what_waits_can_end_and_never_before_it_was_known(self) -> None:
        for wrong in (self.incident.aware_at - HOUR, NOON + 90 * HOUR):
            with pytest.raises(Contradiction):
                self.end(wrong, at=NOON + 80 * HOUR)
        with pytest.raises(NotPermitted):
            incidents.end_delay(self.incident, ended_at=NOON, actor=factory.make_hana(), at=NOON)
        self.end(NOON + HOUR)
        with pytest.raises(Contradiction):
            self.end(NOON + 2 * HOUR)
        other = factory.make_incident()
        with pytest.raises(Contradiction):
            incidents.end_delay(other, ended_at=NOON, actor=self.odile, at=NOON)
        with pytest.raises(IntegrityError, match="delay_ends_only"), transaction.atomic():
            Incident.objects.filter(pk=other.pk).update(delay_ended_at=NOON)
