"""The notice of a possible breach speaks of an illegal access only where one is on record."""

import pytest
from django.utils.translation import override

from privacy.incidents import notice_texts
from privacy.incidents.models import Stage
from privacy.lib.dates import clock
from privacy.lib.display.badges import datetime_text
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON


@pytest.mark.truth("claims")
class SuspicionTests(PortalTestCase):
    def said(self, language: str = "en", **facts: object) -> str:
        incident = factory.make_incident(certainty="possible", **facts)
        return notice_texts.notice_text(incident, Stage.POSSIBLE, language, on=NOON.date())

    @pytest.mark.law("B-07", "N-09")
    def test_an_illegal_access_is_said_where_one_is_on_record(self) -> None:
        assert "illegal access" not in self.said() and "불법적인 접근" not in self.said("ko")
        assert "may have been affected by an incident (loss)" in self.said(kind="loss")
        for fact in ("outside_access", "intrusion"):
            assert "Someone gained access illegally" in self.said(**{fact: True})
            assert "불법적인 접근" in self.said("ko", **{fact: True})

    def test_the_moment_of_awareness_is_the_one_on_record(self) -> None:
        incident = factory.make_incident()
        said = notice_texts.notice_text(incident, Stage.FULL, "en", on=clock.today())
        with override("en"):
            assert f"We became aware of it on {datetime_text(incident.aware_at)}." in said

    def test_a_notice_is_headed_by_what_it_is(self) -> None:
        incident = factory.make_incident(certainty="possible")
        heads = {stage: notice_texts.notice_title(incident, stage, "en") for stage in Stage}
        assert heads[Stage.POSSIBLE] == "Notice of a possible breach of personal information"
        assert heads[Stage.NONE] == "Notice: there was no breach of personal information"
        assert heads[Stage.SUPPLEMENT] == "Supplement to the notice of a breach of personal information"
        assert heads[Stage.FULL] == heads[Stage.FIRST] == "Notice of a breach of personal information"
