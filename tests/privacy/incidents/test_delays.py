"""A notice that waited for a reason is due at once when the reason has ended (law B-05, Decree art. 39(1) proviso)."""

from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

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

    def offered(self) -> list[str]:
        self.client.force_login(self.odile)
        address = reverse("admin:incidents_incident_change", args=[self.incident.pk])
        pressed = {"CHANGE_FORM-action": "delay", "_selected_action": str(self.incident.pk)}
        form = self.client.post(address, pressed, secure=True).context["form"]
        return [value for value, _label in form.fields["delay"].choices]

    @pytest.mark.law("B-05")
    def test_it_waits_for_one_of_the_two_reasons_of_the_decree_alone(self) -> None:
        assert set(Incident.Delay.values) == {"spread", "force-majeure"}
        said = {"reason": "홍수로 통신 두절", "actor": self.odile, "at": NOON}
        row = incidents.delay_notice(self.incident, delay=Incident.Delay("force-majeure"), **said)
        assert row.delay == Incident.Delay.FORCE
        with pytest.raises(ValueError, match="convenience"):
            incidents.delay_notice(self.incident, delay="convenience", **said)

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

    @pytest.mark.law("B-05", "B-07")
    def test_that_of_a_possible_breach_waits_for_force_majeure_alone(self) -> None:
        """Decree art. 39-3(1) proviso: no measures against the spread put it off."""
        self.incident = factory.make_known_incident(certainty="possible")
        said = {"reason": "홍수로 통신 두절", "actor": self.odile, "at": NOON}
        with pytest.raises(Contradiction) as refused:
            incidents.delay_notice(self.incident, delay=Incident.Delay("spread"), **said)
        assert refused.value.pointer == "/delay"
        assert self.offered() == ["force-majeure"]
        incidents.delay_notice(self.incident, delay=Incident.Delay("force-majeure"), **said)
        due_at = self.clocks()["possible-notice"]
        self.end(due_at - HOUR)
        assert "possible-after-delay" not in self.clocks()
        Incident.objects.filter(pk=self.incident.pk).update(delay_ended_at=None)
        self.end(due_at + HOUR)
        assert self.clocks()["possible-after-delay"] == due_at + HOUR
        assert self.clocks()["possible-notice"] == due_at

    @pytest.mark.law("B-08")
    def test_the_report_keeps_its_72_hours_whatever_the_notice_waits_for(self) -> None:
        incidents.describe_incident(self.incident, outside_access=True, actor=self.odile, at=NOON)
        said = {"reason": "홍수로 통신 두절", "actor": self.odile, "at": NOON}
        incidents.delay_notice(self.incident, delay=Incident.Delay("force-majeure"), **said)
        self.end(self.due_at + 5 * HOUR)
        assert self.clocks()["report"] == self.due_at

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
