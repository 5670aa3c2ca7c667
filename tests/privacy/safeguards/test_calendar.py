"""The calendar page and its feed: what one may see, nothing personal, behind an address that can be closed."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils.translation import override

from privacy.accounts import actions as accounts
from privacy.accounts.models import User
from privacy.lib.dates import clock
from privacy.safeguards import actions as safeguards
from privacy.safeguards.models import Calendar
from tests.base import PortalTestCase
from tests.factory import NOON, ask, make_aram, make_emin, make_hold, make_odile
from tests.privacy.lib.test_icalendar import parsed, values


class CalendarPageTest(PortalTestCase):
    def setUp(self) -> None:
        self.page = reverse("admin:safeguards_calendar_changelist")
        self.client.force_login(make_odile())

    def test_overdue_stands_on_top_and_the_rest_below(self) -> None:
        late = ask(at=clock.now() - timedelta(days=40)).request
        soon = ask(at=clock.now()).request
        text = self.client.get(self.page).content.decode()
        assert text.index(late.number) < text.index("다가올 일") < text.index(soon.number)

    @pytest.mark.truth("13")
    def test_what_is_overdue_for_years_still_stands_there(self) -> None:
        late = ask(at=clock.now() - timedelta(days=800)).request
        assert late.number in self.client.get(self.page).content.decode()

    def test_filters_by_kind_and_by_time(self) -> None:
        soon = ask(at=clock.now()).request
        hold = make_hold(until=clock.today() + timedelta(days=60))
        assert hold.reference not in self.client.get(self.page).content.decode()
        text = self.client.get(self.page, {"span": "90"}).content.decode()
        assert hold.reference in text and soon.number in text
        text = self.client.get(self.page, {"span": "90", "of": "retention.hold"}).content.decode()
        assert hold.reference in text and soon.number not in text
        assert self.client.get(self.page, {"span": "0x", "of": "nothing"}).status_code == 200

    def test_an_empty_calendar_says_so(self) -> None:
        text = self.client.get(self.page, {"of": "retention.hold"}).content.decode()
        assert "이 기간에는 일정이 없습니다" in text

    def test_an_employee_has_no_console(self) -> None:
        self.client.force_login(make_emin())
        assert self.client.get(self.page).status_code in (302, 403)


class FeedTest(PortalTestCase):
    def make(self, user: User, language: str = "ko") -> str:
        return reverse("safeguards:calendar", args=[self.token(user, language)])

    def token(self, user: User, language: str = "ko") -> str:
        return safeguards.create_calendar_feed(language=language, actor=user, at=NOON).token

    def test_it_holds_what_one_may_see_and_nothing_personal(self) -> None:
        contact = {"email": "canary.mina@example.org"}
        case = ask(contact=contact, at=clock.now()).request
        address = self.make(make_odile())
        answer = self.client.get(address)
        assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
        lines = parsed(answer.content)
        assert f"요구에 대한 답변 {case.number}" in [value for _parameters, value in values(lines, "SUMMARY")]
        assert "canary" not in answer.content.decode()
        assert (";VALUE=DATE", f"{case.due_on:%Y%m%d}") in values(lines, "DTSTART")
        with override("ko"):  # a request leaves its language behind
            assert self.client.get(address.replace("/calendar/", "/en/calendar/")).status_code == 200

    def test_its_language_is_that_of_whoever_made_it(self) -> None:
        case = ask(at=clock.now()).request
        lines = parsed(self.client.get(self.make(make_odile(), "en")).content)
        assert f"Answer to a request {case.number}" in [value for _parameters, value in values(lines, "SUMMARY")]

    def test_the_same_matter_keeps_its_uid(self) -> None:
        ask(at=clock.now())
        address = self.make(make_odile())
        first, second = (values(parsed(self.client.get(address).content), "UID") for _ in range(2))
        assert first == second and len(set(first)) == len(first)

    def test_a_new_address_ends_the_one_before_and_a_closed_one_is_gone(self) -> None:
        odile = make_odile()
        old, new = self.make(odile), self.make(odile)
        assert self.client.get(old).status_code == 404
        assert self.client.get(new).status_code == 200
        safeguards.revoke_calendar_feed(actor=odile, at=NOON)
        assert self.client.get(new).status_code == 404
        assert self.client.get(reverse("safeguards:calendar", args=["x"])).status_code == 404

    def test_a_leaver_reads_nothing_any_more_and_a_right_lost_is_lost_here(self) -> None:
        case = ask(at=clock.now()).request
        aram = make_aram()
        address = self.make(aram)
        assert case.number in self.client.get(address).content.decode()
        accounts.revoke(grant=aram.grants.get(role="auditor"), actor=make_odile(), at=clock.now())
        assert case.number not in self.client.get(address).content.decode()
        User.objects.filter(pk=aram.pk).update(is_active=False)
        assert self.client.get(address).status_code == 404

    def test_only_a_digest_is_kept_and_the_page_shows_the_address_once(self) -> None:
        odile = make_odile()
        self.client.force_login(odile)
        shown = self.client.post(reverse("admin:safeguards_calendar_address")).content.decode()
        token = shown.partition("/calendar/")[2].partition(".ics")[0]
        assert len(token) >= 43
        row = Calendar.objects.get(revoked_at=None)
        assert token.encode() not in bytes(row.digest)
        assert token not in self.client.get(reverse("admin:safeguards_calendar_changelist")).content.decode()
        assert self.client.get(reverse("admin:safeguards_calendar_address")).status_code == 405
        self.client.post(reverse("admin:safeguards_calendar_revoke"))
        assert not Calendar.objects.filter(revoked_at=None).exists()
