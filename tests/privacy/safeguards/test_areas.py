"""Protected areas: only with a permit, visitors with company, media approved by another and encrypted (P8.11)."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from privacy.lib.dates import clock
from privacy.safeguards import actions as safeguards
from privacy.safeguards.events import Event
from privacy.safeguards.models import Area, AreaEntry, AreaPermit, MediaMovement
from tests.base import PortalTestCase
from tests.factory import NOON, make_area, make_emin, make_hana, make_odile, make_omar

DAY = timedelta(days=1)
TODAY = NOON.date()


def permit(area: Area, **changes: object) -> AreaPermit:
    values = {"person": make_hana().ref, "reason": "서버 점검", "valid_from": TODAY, "valid_until": TODAY + 30 * DAY}
    return safeguards.permit_entry(area, actor=make_odile(), at=NOON, **(values | changes))  # type: ignore[arg-type]


def enter(area: Area, **changes: object) -> AreaEntry:
    values = {"person": make_hana().ref, "purpose": "디스크 교체", "entered_at": NOON} | changes
    return safeguards.record_entry(area, actor=make_odile(), at=NOON + DAY, **values)  # type: ignore[arg-type]


def carry(area: Area, **changes: object) -> MediaMovement:
    values = {
        "medium": "USB-001", "kind": "USB", "direction": "out", "purpose": "백업 소산", "carried_by": make_hana().ref,
        "encrypted": True, "back_on": TODAY + 7 * DAY,
    } | changes  # fmt: skip
    return safeguards.move_medium(area, actor=make_odile(), at=NOON, **values)  # type: ignore[arg-type]


@pytest.mark.clause("P8.11")
class AreaTest(PortalTestCase):
    @pytest.mark.law("S-25")
    def test_it_says_where_it_is_and_how_it_is_locked(self) -> None:
        for name in ("title", "place", "lock"):
            with pytest.raises(safeguards.Incomplete) as refused:
                make_area(**{name: " "})
            assert refused.value.pointer == f"/{name}"
        assert not Area.objects.exists()
        assert make_area(lock=" 출입카드와 지문 ").lock == "출입카드와 지문"

    @pytest.mark.law("S-25")
    def test_only_with_a_permit_on_that_very_day(self) -> None:
        area = make_area()
        with pytest.raises(safeguards.NoPermit):
            enter(area)
        with pytest.raises(safeguards.Incomplete) as refused:
            permit(area, valid_from=TODAY - DAY)
        assert refused.value.pointer == "/valid_from", "no entry of before becomes permitted"
        held = permit(area, valid_until=TODAY)
        assert enter(area).person == make_hana().ref
        with pytest.raises(safeguards.NoPermit):  # the last second of the last day in Korea was before
            enter(area, entered_at=NOON.replace(hour=15))
        assert enter(area, entered_at=NOON.replace(hour=14, minute=59))
        with pytest.raises(safeguards.NoPermit):
            enter(area, person=make_emin().ref)
        safeguards.revoke_permit(held, actor=make_odile(), at=NOON)
        with pytest.raises(safeguards.NoPermit):
            enter(area)

    @pytest.mark.truth("entry-before-revocation")
    def test_a_permit_that_is_revoked_later_held_when_somebody_entered(self) -> None:
        area = make_area()
        safeguards.revoke_permit(permit(area), actor=make_odile(), at=NOON + timedelta(hours=1))
        assert enter(area).person == make_hana().ref
        with pytest.raises(safeguards.NoPermit):
            enter(area, entered_at=NOON + timedelta(hours=1))

    @pytest.mark.truth("area-forms-twice")
    def test_a_form_that_is_sent_twice_is_one_permit_one_entry_and_one_medium_outside(self) -> None:
        area = make_area()
        assert permit(area) == permit(area)
        assert enter(area) == enter(area)
        assert enter(area, purpose="다른 일") != enter(area)
        gone = carry(area)
        with pytest.raises(safeguards.WrongState):
            carry(area)
        safeguards.return_medium(gone, actor=make_odile(), at=NOON + DAY)
        assert carry(area) != gone

    def test_nobody_lets_themselves_in(self) -> None:
        area = make_area()
        with pytest.raises(safeguards.SamePerson):
            permit(area, person=make_odile().ref)
        made = permit(area)
        with pytest.raises(IntegrityError), transaction.atomic():
            AreaPermit.objects.filter(pk=made.pk).update(approved_by=made.person)

    @pytest.mark.law("S-25")
    def test_a_visitor_goes_along_with_somebody_who_may(self) -> None:
        area = make_area()
        permit(area)
        visit = {"person": "", "visitor_of": "한빛전자 유지보수"}
        with pytest.raises(safeguards.Incomplete):
            enter(area, **visit)
        with pytest.raises(safeguards.NoPermit):
            enter(area, **visit, companion=make_emin().ref)
        made = enter(area, **visit, companion=make_hana().ref)
        assert (made.who, made.companion) == ("한빛전자 유지보수", make_hana().ref)
        with pytest.raises(safeguards.Incomplete):
            enter(area, visitor_of="둘 다")

    @pytest.mark.truth("left-in-the-future")
    def test_in_comes_before_out(self) -> None:
        area = make_area()
        permit(area)
        with pytest.raises(safeguards.Incomplete):
            enter(area, left_at=NOON - DAY)
        with pytest.raises(safeguards.Incomplete):
            enter(area, entered_at=NOON + 2 * DAY)
        with pytest.raises(safeguards.Incomplete):
            enter(area, left_at=NOON + 2 * DAY)
        made = safeguards.end_entry(enter(area), actor=make_odile(), at=NOON + DAY)
        self.assertLedgered(Event.ENTRY_ENDED, made)
        with pytest.raises(safeguards.WrongState):
            safeguards.end_entry(made, actor=make_odile(), at=NOON + DAY)

    @pytest.mark.law("S-21", "S-25")
    def test_media_leave_encrypted_approved_by_another_and_come_back(self) -> None:
        area = make_area()
        for wrong in ({"encrypted": False}, {"back_on": None}, {"back_on": TODAY - DAY}):
            with pytest.raises(safeguards.Incomplete):
                carry(area, **wrong)
        with pytest.raises(safeguards.SamePerson):
            carry(area, carried_by=make_odile().ref)
        out = carry(area)
        with pytest.raises(IntegrityError), transaction.atomic():
            MediaMovement.objects.filter(pk=out.pk).update(encrypted=False)
        assert MediaMovement.objects.overdue(on=date(2026, 12, 2)).get() == out
        assert not MediaMovement.objects.overdue(on=date(2026, 12, 1)).exists()
        safeguards.return_medium(out, actor=make_omar(), at=NOON + DAY)
        assert not MediaMovement.objects.outside().exists()
        assert carry(area, direction="in", encrypted=False, back_on=None).back_on is None

    def test_the_console_records_an_entry(self) -> None:
        area = make_area()
        self.client.force_login(make_odile())
        page = reverse("admin:safeguards_area_change", args=[area.pk])
        pressed = {"_selected_action": str(area.pk), "index": "0", "confirmed": "yes"}
        person = make_hana().ref
        long_ago = NOON.replace(year=2020)
        safeguards.permit_entry(
            area, person=person, reason="점검", valid_from=long_ago.date(), actor=make_odile(), at=long_ago
        )
        today = clock.today()
        permitting = pressed | {"CHANGE_FORM-action": "permit", "person": person, "reason": "점검"}
        for first, count in (("2020-01-01", 1), (f"{today + 9 * DAY}", 2)):
            self.client.post(page, permitting | {"valid_from": first})
            assert AreaPermit.objects.count() == count, first
        answer = self.client.post(
            page,
            pressed
            | {"CHANGE_FORM-action": "record_entry", "person": person, "purpose": "점검"}
            | {"entered_at": f"{today}T00:00"},
        )  # fmt: skip
        assert answer.status_code == 302
        made = AreaEntry.objects.get()
        assert made.entered_at == clock.midnight(today)
        assert "점검" in self.client.get(page).content.decode()
