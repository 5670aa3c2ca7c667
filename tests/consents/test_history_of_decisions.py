"""A person finds everything they decided about an agreement, the newest first."""

import pytest

from consents.models import Decision
from tests.base import PortalTestCase
from tests.consents import test_public_pages


@pytest.mark.truth("claims")
class HistoryTest(PortalTestCase):
    setUp = test_public_pages.ConsentPagesTest.setUp
    prove = test_public_pages.ConsentPagesTest.prove
    press = test_public_pages.ConsentPagesTest.press

    def test_everything_that_was_decided_stands_there_the_newest_first(self) -> None:
        self.prove()
        for choice in ("agree", "withdraw", "agree"):
            self.press("app-log", choice)
        page = self.client.get("/consents/app-log/").content.decode()
        history = page[page.index("<caption>") :]
        decided = Decision.objects.filter(agreement__code="app-log").order_by("-decided_at", "-recorded_at")
        assert decided.count() == 3
        places = [history.index(decision.reference) for decision in decided]
        assert places == sorted(places)
