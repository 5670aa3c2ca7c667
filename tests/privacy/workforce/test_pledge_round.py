"""The round of pledges on one page: who owes what, how many are covered, and reminding once a day from it."""

from datetime import timedelta
from unicodedata import normalize

import pytest
from django.urls import reverse

from privacy.accounts.actions.work_reminders import AlreadyReminded, NobodyToRemind
from privacy.accounts.models import User
from privacy.jobs.dispatcher import dispatch_due
from privacy.ledger.authorization import NotPermitted
from privacy.ledger.models import Entry
from privacy.lib.dates import clock
from privacy.workforce import actions as workforce
from privacy.workforce import pledge_round
from privacy.workforce.models import Pledge, PledgeText
from privacy.workforce.pledge_round import Order, Shown, Standing
from tests import factory
from tests.base import PortalTestCase
from tests.privacy.disclosures.smtp_server import mailbox


@pytest.mark.clause("P8.10")
class RoundTests(PortalTestCase):
    def setUp(self) -> None:
        self.odile = factory.make_odile()
        self.emin = factory.make_user("emin@extrus.example", "Emin", "employee", fit=False)
        self.client.force_login(self.odile)
        self.address = reverse("admin:workforce_pledge_round")

    def line(self, user: User) -> pledge_round.RoundLine:
        return next(one for one in pledge_round.lines_on(clock.today()) if one.person.user == user)

    def asked(self) -> int:
        return Entry.objects.filter(word="workforce.reminder.asked").count()

    def test_each_stands_as_their_own_pledges_and_trainings_do(self) -> None:
        assert (self.line(self.emin).pledge, self.line(self.emin).training) == (Standing.MISSING, Standing.MISSING)
        pledge = Pledge.objects.filter(user=self.odile).first()
        if pledge is not None and pledge.valid_until is not None:
            last = pledge.valid_until
            by_day = {
                on: next(one for one in pledge_round.lines_on(on) if one.person.user == self.odile).pledge
                for on in (last, last + timedelta(days=1))
            }
            assert by_day == {last: Standing.SOON, last + timedelta(days=1): Standing.ENDED}

    def test_coverage_counts_those_who_work_here(self) -> None:
        lines = pledge_round.lines_on(clock.today())
        found = pledge_round.coverage_of(lines)
        assert found.people == User.objects.filter(is_active=True).count()
        assert found.pledged == sum(not one.person.owes_pledge for one in lines if not one.person.has_left)
        assert found.pledged < found.people
        assert pledge_round.Coverage(1000, 999, 0).pledged_share == 99
        assert pledge_round.Coverage(0, 0, 0).trained_share == 0

    def test_the_filter_and_the_order(self) -> None:
        lines = pledge_round.lines_on(clock.today())
        every = pledge_round.chosen(lines, shown=Shown.ALL, order=Order.NAME, name="")
        assert [one.person.user.name for one in every] == sorted(one.person.user.name for one in lines)
        owing = pledge_round.chosen(lines, shown=Shown.OWING, order=Order.DAY, name="")
        assert owing
        assert all(one.owes for one in owing)
        (emin,) = pledge_round.chosen(lines, shown=Shown.ALL, order=Order.DAY, name=self.emin.reference)
        assert emin.person.user == self.emin
        page = self.client.get(self.address, {"shown": "all", "name": "emin"}).content.decode()
        assert self.emin.reference in page
        assert self.odile.reference not in page.partition("<table")[2].partition("</table>")[0]

    def test_a_name_is_found_however_a_keyboard_puts_it_together(self) -> None:
        user = factory.make_user("haneul@extrus.example", "김하늘", "employee", fit=False)
        pasted = normalize("NFD", "하늘")
        found = pledge_round.chosen(pledge_round.lines_on(clock.today()), shown="all", order="name", name=pasted)
        assert [one.person.user for one in found] == [user]
        text = PledgeText.objects.in_force("entry", on=clock.today())
        assert text is not None
        typed = normalize("NFD", " 김 하늘")
        assert workforce.sign(text, typed_name=typed, language="ko", actor=user, at=clock.now()).user == user

    def test_selected_people_are_reminded_once_a_day_and_the_filter_stays(self) -> None:
        address = f"{self.address}?shown=all&name=emin"
        answer = self.client.post(address, {"person": [self.emin.reference], "selected": "yes"})
        assert answer.headers["Location"] == address
        assert self.asked() == 1
        page = self.client.post(address, {"person": [self.emin.reference]}, follow=True).content.decode()
        assert "오늘 이미" in page
        assert self.asked() == 1
        with mailbox() as box:
            dispatch_due(at=clock.now())
        assert [one["To"] for one in box.arrived if "서약" in str(one["Subject"])] == [self.emin.email]

    def test_everybody_shown_is_reminded_and_nobody_else(self) -> None:
        self.client.post(f"{self.address}?shown=owing&name=emin", {"everybody": "yes"})
        assert self.asked() == 1
        # Who is not shown isn't reminded, whatever is sent.
        other = factory.make_aram()
        self.client.post(f"{self.address}?shown=owing&name=emin", {"person": [other.reference]})
        assert self.asked() == 1

    def test_who_owes_nothing_or_may_not_ask_is_refused(self) -> None:
        with pytest.raises(NotPermitted):
            workforce.remind_person(self.emin, actor=factory.make_aram(), at=clock.now())
        workforce.remind_person(self.emin, actor=self.odile, at=clock.now())
        with pytest.raises(AlreadyReminded):
            workforce.remind_person(self.emin, actor=self.odile, at=clock.now())
        self.emin.is_active = False
        self.emin.save()
        with pytest.raises(NobodyToRemind):
            workforce.remind_person(self.emin, actor=self.odile, at=clock.now())

    def test_an_auditor_sees_the_round_without_a_button(self) -> None:
        self.client.force_login(factory.make_aram())
        page = self.client.get(self.address).content.decode()
        assert self.emin.reference in page
        assert 'name="everybody"' not in page
        self.client.force_login(factory.make_hana())
        assert self.client.get(self.address).status_code == 403
