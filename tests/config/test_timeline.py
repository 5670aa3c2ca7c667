"""What happened to a record is told beside it; where it is more than the page tells, the page says so."""

import pytest

from config.templatetags import office
from devices.events import Event
from privacy.ledger import actions as ledger
from privacy.ledger.actors import SystemActor
from privacy.lib.dates import clock
from tests import factory
from tests.base import PortalTestCase


@pytest.mark.truth("a-cut-list-says-so")
class TimelineTest(PortalTestCase):
    def test_a_long_story_is_told_to_go_on_elsewhere(self) -> None:
        odile = factory.make_odile()
        self.client.force_login(odile)
        gateway = factory.make_gateway()
        address = f"/en/office/devices/gateway/{gateway.pk}/change/"
        said = "Earlier history is on the audit trail."
        self.assertNotContains(self.client.get(address), said)
        for _number in range(office.TIMELINE):
            ledger.record(Event.GATEWAY_REGISTERED, actor=SystemActor("tests"), at=clock.now(), about=gateway)
        page = self.client.get(address)
        self.assertContains(page, said)
        assert page.content.decode().count('class="what"') == office.TIMELINE
