"""Those who decide are reminded each morning of what is due, overdue or stuck; numbers of cases, nothing personal."""

from datetime import date

from privacy.jobs.drain import drain
from privacy.jobs.models import GeneralOutbox
from privacy.rights import tasks
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON
from tests.privacy.disclosures.smtp import mailbox

DUE = date(2026, 12, 4)


class ReminderTests(PortalTestCase):
    def setUp(self) -> None:
        factory.make_odile()
        factory.make_hana()
        self.case = factory.ask(answer_by="portal").request

    def told(self, on: date) -> list[str]:
        tasks.remind_on(on)
        with mailbox() as box:
            drain(at=NOON)
        return [message.get_content() for message in box.arrived]

    def test_nothing_is_sent_while_nothing_presses(self) -> None:
        assert tasks.remind_on(date(2026, 11, 30)) == 0
        assert not GeneralOutbox.objects.exists()

    def test_what_is_due_within_three_days_is_told_to_the_officers(self) -> None:
        texts = self.told(date(2026, 12, 1))
        assert len(texts) == 2
        assert all(self.case.number in text for text in texts)
        assert all("Mina" not in text for text in texts)

    def test_what_is_overdue_is_told_first(self) -> None:
        assert self.told(date(2026, 12, 7))[0].startswith("기한 경과")

    def test_what_is_overdue_goes_up_to_the_designated_officer_where_an_address_is_set(self) -> None:
        tasks.remind_on(date(2026, 12, 7))
        assert GeneralOutbox.objects.filter(ids__to="designated-officer").count() == 1
        with mailbox() as box:
            drain(at=NOON)
        assert len(box.arrived) == 2

    def test_each_officer_is_told_once_a_day(self) -> None:
        for _time in range(3):
            tasks.remind_on(date(2026, 12, 3))
        assert GeneralOutbox.objects.filter(kind="rights.reminder").count() == 2
        tasks.remind_on(DUE)
        assert GeneralOutbox.objects.filter(kind="rights.reminder").count() == 4
