"""What PIPA 34 and its Decree want said of a possible breach, and done before an incident is closed (B-07, B-11)."""

import pytest
from django.utils.translation import override

from privacy.incidents import actions as incidents
from privacy.incidents import duties, notice_texts
from privacy.incidents.models import Incident
from privacy.incidents.refusals import Incomplete
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON


class PossibleBreachTests(PortalTestCase):
    def setUp(self) -> None:
        self.mina = factory.make_mina()
        factory.make_contact(self.mina, value="mina@example.org")

    @pytest.mark.law("B-07")
    def test_it_says_what_is_suspected_what_to_do_whom_to_ask_and_that_more_follows(self) -> None:
        incident = factory.make_known_incident(self.mina, certainty="possible")
        said = {
            "en": ("1. Items that may be affected", "A partner's laptop", "3. What you can do", "4. What we are doing",
                   "5. Who to contact", "02-6928-6774", "If a breach is confirmed, we will tell you at once."),
            "ko": ("모델명", "협력사 노트북 분실", "정경수", "02-6928-6774"),
        }  # fmt: skip
        for language, parts in said.items():
            with override(language):
                text = notice_texts.notice_text(incident, "possible", language, on=NOON.date())  # type: ignore[arg-type]
            assert [part for part in parts if part not in text] == []

    @pytest.mark.law("B-07")
    def test_without_the_suspected_items_and_course_it_is_not_sent(self) -> None:
        incident = factory.make_known_incident(self.mina, certainty="possible")
        incidents.describe_incident(incident, items=[], actor=factory.make_odile(), at=NOON)
        with pytest.raises(Incomplete):
            incidents.notify_subjects(Incident.objects.get(), actor=factory.make_odile(), at=NOON)


class MeasuresTests(PortalTestCase):
    @pytest.mark.law("B-11")
    def test_no_incident_is_closed_without_a_measure_against_the_harm(self) -> None:
        incident = factory.make_incident()
        with override("en"):
            assert "No measure is recorded." in duties.closing_blockers(incident)
            with pytest.raises(Incomplete, match="No measure is recorded"):
                incidents.propose_closing(incident, conclusion="done", actor=factory.make_odile(), at=NOON)
            incidents.take_measure(incident, what="wiped", taken_at=NOON, actor=factory.make_odile(), at=NOON)
            assert "No measure is recorded." not in duties.closing_blockers(incident)
