"""The officer's calendar: every register that has dates puts them there, and only what is still open."""

from datetime import date, timedelta

from privacy.accounts import actions as accounts
from privacy.accounts.models import User
from privacy.incidents import actions as incidents
from privacy.incidents.models import Complaint
from privacy.ledger.exports import register_export
from privacy.lib.registries import deadlines, registers
from privacy.rights.models import Request
from tests.base import PortalTestCase
from tests.factories.accounts import NOON
from tests.factory import agree, ask, make_aram, make_device, make_hold, make_odile

FIRST, LAST = date(2020, 1, 1), date(2031, 12, 31)
TODAY = date(2026, 11, 24)


def names(user: User, first: date = FIRST, last: date = LAST) -> dict[str, list[deadlines.Deadline]]:
    found: dict[str, list[deadlines.Deadline]] = {}
    for line in deadlines.deadlines_between(first, last, on=TODAY, may=user.may):
        found.setdefault(line.source.name, []).append(line.dated)
    return found


class AgendaTest(PortalTestCase):
    def test_a_request_stands_there_until_it_is_answered(self) -> None:
        odile, case = make_odile(), ask().request
        (found,) = names(odile)["rights.request"]
        assert (found.on, found.reference) == (case.due_on, case.number)
        assert case.number in found.path or str(case.pk) in found.path
        Request.objects.filter(pk=case.pk).update(state=Request.State.WITHDRAWN)
        assert "rights.request" not in names(odile)

    def test_both_ends_of_the_window_belong_to_it(self) -> None:
        odile, case = make_odile(), ask().request
        day = timedelta(1)
        assert "rights.request" in names(odile, case.due_on, case.due_on)
        assert "rights.request" not in names(odile, case.due_on + day, LAST)
        assert "rights.request" not in names(odile, FIRST, case.due_on - day)

    def test_complaints_holds_and_grants(self) -> None:
        odile = make_odile()
        incidents.file_complaint(explanation="zebra", at=NOON)
        hold = make_hold(until=date(2027, 3, 31))
        found = names(odile)
        assert found["incidents.complaint"][0].on == Complaint.objects.get().target_on
        assert found["retention.hold"][0].on == hold.until

    def test_advertising_consents_are_counted_by_the_day_before_two_years(self) -> None:
        odile = make_odile()
        for number in (1, 2, 3):
            agree(make_device(number), "advertising-sms", at=NOON - timedelta(days=number // 3))
        found = names(odile)["consents.confirmation"]
        assert [(one.on, one.count) for one in found] == [(date(2028, 11, 22), 1), (date(2028, 11, 23), 2)]

    def test_one_sees_only_what_one_may_see(self) -> None:
        ask()
        make_hold(until=date(2027, 3, 31))
        aram, odile = make_aram(), make_odile()
        register_export.export_register(
            registers.get("measures"), first=TODAY, last=TODAY, form="xlsx", reason="x", actor=odile, at=NOON
        )
        assert set(names(aram)) == {"rights.request", "retention.hold", "safeguards.copies-untold"}
        accounts.revoke(grant=aram.grants.get(role="auditor"), actor=odile, at=NOON)
        assert not names(User.objects.get(pk=aram.pk))

    def test_what_only_ends_is_gone_when_it_is_over(self) -> None:
        odile = make_odile()
        hold = make_hold(until=TODAY)
        assert [one.reference for one in names(odile)["retention.hold"]] == [hold.reference]
        later = deadlines.deadlines_between(FIRST, LAST, on=TODAY + timedelta(1), may=odile.may)
        assert "retention.hold" not in {line.source.name for line in later}

    def test_names_can_be_chosen(self) -> None:
        odile = make_odile()
        ask()
        make_hold(until=date(2027, 3, 31))
        found = deadlines.deadlines_between(FIRST, LAST, on=TODAY, may=odile.may, names={"retention.hold"})
        assert [line.source.name for line in found] == ["retention.hold"]
