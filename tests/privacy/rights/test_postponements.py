"""Putting access off: bounds, a second officer, days that can't be, and the term of the whole case (R-09, R-10)."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.urls import reverse

from privacy.ledger.actors import SystemActor
from privacy.lib.registries import deadlines
from privacy.policies import actions as policies
from privacy.rights import actions as rights
from privacy.rights.actions import RequestedRight
from privacy.rights.models import Letter, Package, Postponement, Request
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON
from tests.privacy.rights.test_case_actions import confirmed

MODEL = RequestedRight("correction", category="device-registration", item="model", wanted="SM-X")
LATER = datetime(2026, 12, 21, 3, tzinfo=UTC)


@pytest.mark.truth("17")
@pytest.mark.clock(NOON)
class PostponingCase(PortalTestCase):
    def setUp(self) -> None:
        self.odile, self.omar = factory.make_officer(), factory.make_omar()
        factory.make_device(1)
        self.case = factory.make_verified(factory.ask(RequestedRight("access"), MODEL, target=factory.imei(1)))
        assert self.case.due_on == date(2026, 12, 4)

    def postpone(self, expected_on: date, at: datetime = NOON) -> Postponement:
        access = self.case.rights.get(kind="access")
        return rights.postpone(access, reason="restoring", expected_on=expected_on, actor=self.odile, at=at)

    def tell(self, at: datetime = NOON) -> None:
        rights.mark_letter_sent(Letter.objects.get(kind="postponed"), actor=self.odile, at=at)

    def tell_part(self, at: datetime = NOON) -> None:
        rights.tell_what_is_due_first(actor=SystemActor("rights"), at=at)
        rights.mark_letter_sent(self.case.letters.get(kind="part-result"), actor=self.odile, at=at)

    def due_on(self) -> date:
        self.case.refresh_from_db()
        return self.case.due_on


@pytest.mark.truth("17")
class BoundsTests(PostponingCase):
    def test_one_officer_alone_puts_access_off_for_thirty_days(self) -> None:
        assert not self.postpone(date(2027, 1, 3)).needs_approval
        assert Letter.objects.filter(kind="postponed").exists()

    def test_beyond_that_nothing_is_put_off_or_told_until_a_second_officer_approves(self) -> None:
        rights.refuse(self.case.rights.get(kind="correction"), ground="accurate", actor=self.odile, at=NOON)
        made = self.postpone(date(2027, 1, 4))
        assert made.needs_approval
        assert self.due_on() == date(2026, 12, 4)
        assert not Letter.objects.filter(kind="postponed").exists()
        with pytest.raises(rights.NotPostponable):
            rights.end_postponement(made, ended_on=NOON.date(), actor=self.odile, at=NOON)
        with pytest.raises(rights.SamePerson):
            rights.approve_postponement(made, actor=self.odile, at=NOON)
        with pytest.raises(rights.NotPostponable):
            rights.approve_postponement(made, actor=self.omar, at=LATER)
        rights.approve_postponement(made, actor=self.omar, at=NOON)
        self.tell()
        assert self.due_on() == date(2026, 12, 4), "the refusal is not told yet"
        self.tell_part()
        assert self.due_on() == date(2027, 1, 14)
        assert Letter.objects.filter(kind="postponed").exists()
        self.assertLedgered("rights.access.postponed", self.case)

    def test_a_declined_one_leaves_the_first_term_and_another_can_be_proposed(self) -> None:
        made = self.postpone(date(2027, 2, 1))
        rights.decline_postponement(made, actor=self.omar, at=NOON)
        assert not Postponement.objects.exists()
        assert self.due_on() == date(2026, 12, 4)
        self.assertLedgered("rights.postponement.declined", self.case)
        self.postpone(date(2026, 12, 20))

    def test_nobody_puts_access_off_beyond_the_bound_of_the_rulebook(self) -> None:
        for day in (date(2027, 6, 3), date(2031, 1, 1), date(9999, 12, 31)):
            with pytest.raises(rights.NotPostponable):
                self.postpone(day)
        assert self.postpone(date(2027, 6, 2)).needs_approval

    def test_both_bounds_hold_from_their_day_on(self) -> None:
        for code, value in (("rights.postponed.alone.days", 3), ("rights.postponed.most.days", 5)):
            policies.set_parameter(
                code=code, value=value, effective_on=date(2026, 11, 25), basis="x", actor=self.odile, at=NOON
            )
        tomorrow = datetime(2026, 11, 25, 3, tzinfo=UTC)
        with pytest.raises(rights.NotPostponable):
            self.postpone(date(2026, 12, 10), at=tomorrow)
        assert self.postpone(date(2026, 12, 8), at=tomorrow).needs_approval

    def test_the_console_offers_the_second_step_to_the_second_officer(self) -> None:
        made = self.postpone(date(2027, 2, 1))
        self.client.force_login(self.omar)
        address = reverse("admin:rights_request_change", args=[self.case.pk])
        assert "approve_postponement" in self.client.get(address).content.decode()
        pressed = {"CHANGE_FORM-action": "approve_postponement", "_selected_action": str(self.case.pk), "index": "0"}
        asked = self.client.post(address, pressed).content.decode()
        assert "restoring" in asked
        confirmed(self.client, address, {**pressed, "confirmed": "1", "read": rights.digest_of_proposal(made)})
        assert Postponement.objects.get().approved_by == self.omar.reference
        page = self.client.get(address).content.decode()
        assert "approve_postponement" not in page
        assert "end_postponement" in page


@pytest.mark.truth("17")
class DaysThatCannotBeTests(PostponingCase):
    def test_nothing_is_received_in_the_future(self) -> None:
        with pytest.raises(rights.DateInFuture):
            factory.ask(actor=self.odile, channel="writing", received_on=date(2026, 11, 25))
        assert factory.ask(actor=self.odile, channel="writing", received_on=date(2026, 11, 24)).number

    def test_a_reason_has_not_ended_in_the_future_nor_before_it_began(self) -> None:
        made = self.postpone(date(2026, 12, 20))
        for day in (date(2026, 11, 25), date(2031, 1, 1), date(2026, 11, 23)):
            with pytest.raises(rights.NotPostponable):
                rights.end_postponement(made, ended_on=day, actor=self.odile, at=NOON)
        assert rights.end_postponement(made, ended_on=date(2026, 11, 24), actor=self.odile, at=NOON).due_on


@pytest.mark.truth("17")
class TermOfTheCaseTests(PostponingCase):
    def test_once_the_other_right_is_settled_the_case_is_overdue_no_longer(self) -> None:
        self.postpone(date(2026, 12, 20))
        self.tell()
        correction = self.case.rights.get(kind="correction")
        rights.refuse(correction, ground="accurate", actor=self.odile, at=NOON)
        self.tell_part()
        assert self.due_on() == date(2026, 12, 30)
        assert self.case not in Request.objects.overdue(on=date(2026, 12, 5))

    def test_what_is_granted_and_not_carried_out_keeps_the_first_term(self) -> None:
        self.postpone(date(2026, 12, 20))
        self.tell()
        correction = rights.grant(self.case.rights.get(kind="correction"), actor=self.odile, at=NOON)
        assert self.due_on() == date(2026, 12, 4)
        assert self.case in Request.objects.overdue(on=date(2026, 12, 5))
        rights.carry_out(correction, actor=self.odile, at=NOON)
        assert self.due_on() == date(2026, 12, 4), "what was done is owed until it is told"
        self.tell_part()
        assert self.due_on() == date(2026, 12, 30)

    def test_a_holiday_added_later_moves_the_postponement_as_it_moves_the_case(self) -> None:
        made = self.postpone(date(2026, 12, 20))
        rights.end_postponement(made, ended_on=date(2026, 12, 18), actor=self.odile, at=LATER)
        made.refresh_from_db()
        assert made.due_on == date(2026, 12, 28)
        assert self.due_on() == date(2026, 12, 4), "the correction is still owed within the first term"
        holiday = policies.add_holiday(day=date(2026, 12, 28), name="임시공휴일", actor=self.odile, at=LATER)
        made.refresh_from_db()
        assert made.due_on == date(2026, 12, 29)
        self.assertLedgered("rights.deadline.moved", self.case)
        policies.withdraw_holiday(holiday, actor=self.odile, at=LATER)
        made.refresh_from_db()
        assert made.due_on == date(2026, 12, 28)

    def test_a_holiday_added_later_moves_the_target_of_an_objection(self) -> None:
        correction = self.case.rights.get(kind="correction")
        rights.refuse(correction, ground="accurate", actor=self.odile, at=NOON)
        objection = rights.object_to(correction, statement="no", actor=self.odile, at=NOON)
        assert objection.target_on == date(2026, 12, 4)
        policies.add_holiday(day=date(2026, 12, 4), name="임시공휴일", actor=self.odile, at=NOON)
        objection.refresh_from_db()
        assert objection.target_on == date(2026, 12, 7)


@pytest.mark.truth("18")
@pytest.mark.clock(NOON + timedelta(hours=1))
class MandateTests(PortalTestCase):
    def test_a_mandate_that_has_ended_proves_nothing(self) -> None:
        factory.make_device(1)
        case = factory.ask(target=factory.imei(1), requester="agent").request
        for day in (date(2025, 10, 20), date(2026, 11, 23)):
            with pytest.raises(rights.MissingAuthority):
                factory.verify_by_documents(
                    case,
                    actor=factory.make_handler(),
                    at=NOON,
                    authority="power-of-attorney",
                    authority_until=day,
                )
        case = factory.verify_by_documents(
            case,
            actor=factory.make_handler(),
            at=NOON,
            authority="power-of-attorney",
            authority_until=date(2026, 11, 24),
        )
        assert case.authority_until == date(2026, 11, 24)

    def represented(self) -> Request:
        factory.make_device(1)
        return factory.verify_by_documents(
            factory.ask(target=factory.imei(1), requester="agent").request,
            actor=factory.make_handler(),
            at=NOON,
            authority="power-of-attorney",
            authority_until=date(2026, 11, 30),
        )

    @pytest.mark.law("R-26")
    @pytest.mark.truth("ended-mandate")
    def test_one_that_ends_before_it_is_carried_out_stops_it_until_a_new_one_is_recorded(self) -> None:
        case, officer = self.represented(), factory.make_officer()
        (right,) = case.rights.all()
        rights.grant(right, actor=officer, at=NOON)
        late = datetime(2026, 11, 30, 15, tzinfo=UTC)  # midnight in Korea
        with pytest.raises(rights.MissingAuthority):
            rights.carry_out(right, actor=officer, at=late)
        right.refresh_from_db()
        assert right.started_at is None
        with pytest.raises(rights.MissingAuthority):
            rights.renew_authority(
                case, authority="power-of-attorney", authority_until=date(2026, 11, 30),
                mandate=factory.make_mandate(), actor=officer, at=late,
            )  # fmt: skip
        hana = factory.make_handler()
        factory.show_another_document(case, to=hana, at=late)
        rights.renew_authority(
            case, authority="power-of-attorney", authority_until=date(2026, 12, 24),
            mandate=factory.make_mandate(), actor=hana, at=late,
        )  # fmt: skip
        self.assertLedgered("rights.authority.renewed", case)
        assert rights.carry_out(right, actor=officer, at=late).carried_out_at == late

    @pytest.mark.truth("ended-mandate")
    def test_one_that_has_ended_opens_no_package(self) -> None:
        case, officer = self.represented(), factory.make_officer()
        (right,) = case.rights.all()
        rights.grant(right, actor=officer, at=NOON)
        rights.carry_out(right, actor=officer, at=NOON)
        package = Package.objects.get(right=right)
        late = datetime(2026, 11, 30, 15, tzinfo=UTC)
        code = factory.pickup_code(package, at=late)
        with pytest.raises(rights.MissingAuthority):
            rights.download(package, code=code, at=late)

    @pytest.mark.truth("ended-mandate")
    def test_the_console_records_a_new_one_for_representatives_only(self) -> None:
        case, officer = self.represented(), factory.make_officer()
        Request.objects.filter(id=case.id).update(authority_until=date(2020, 12, 31))
        factory.show_another_document(case, to=officer, at=NOON + timedelta(minutes=1))
        self.client.force_login(officer)
        address = reverse("admin:rights_request_change", args=[case.pk])
        assert 'value="renew_authority"' in self.client.get(address).content.decode()
        given = {"authority": "power-of-attorney", "authority_until": "2027-01-31", "confirmed": "yes"}
        given |= {"covers": Request.Mandate.values, "given_on": "2026-11-20", "signed": "on"}  # type: ignore[dict-item]
        given |= factory.make_mandate().people
        press = {"CHANGE_FORM-action": "renew_authority", "_selected_action": str(case.pk)}
        self.client.post(address, {**press, **given})
        case.refresh_from_db()
        assert case.authority_until == date(2027, 1, 31)
        own = factory.make_verified(factory.ask(target=factory.imei(1)))
        with pytest.raises(rights.WrongState):
            rights.renew_authority(own, authority="power-of-attorney", actor=factory.make_officer(), at=NOON)


@pytest.mark.truth("refused-after-postponed")
class RefusedAfterAllTests(PostponingCase):
    def test_access_that_was_refused_after_all_is_no_longer_told_as_owed(self) -> None:
        self.postpone(date(2026, 12, 20))

        def owed() -> list[deadlines.SourcedDeadline]:
            names = ["rights.postponement"]
            span = (date(2026, 12, 1), date(2027, 1, 31))
            return deadlines.deadlines_between(*span, on=NOON.date(), may=lambda _permission: True, names=names)

        assert [line.dated.on for line in owed()] == [date(2026, 12, 20)]
        access = self.case.rights.get(kind="access")
        rights.refuse(access, ground="property-or-interests", actor=self.odile, at=NOON)
        assert owed() == []


@pytest.mark.truth("postponed-only-when-told")
class ToldWithinTheTermTests(PostponingCase):
    def setUp(self) -> None:
        super().setUp()
        rights.refuse(self.case.rights.get(kind="correction"), ground="accurate", actor=self.odile, at=NOON)
        self.postpone(date(2026, 12, 20))
        self.letter = Letter.objects.get(kind="postponed")

    @pytest.mark.law("R-09")
    def test_the_due_date_moves_when_the_notice_has_gone_out(self) -> None:
        assert self.due_on() == date(2026, 12, 4)
        rights.mark_letter_sent(self.letter, actor=self.odile, at=NOON)
        self.tell_part()
        assert self.due_on() == date(2026, 12, 30)

    @pytest.mark.law("R-09", "T-03")
    def test_a_notice_that_went_out_after_the_first_term_moves_nothing(self) -> None:
        rights.mark_letter_sent(self.letter, actor=self.odile, at=datetime(2026, 12, 4, 15, tzinfo=UTC))
        assert self.due_on() == date(2026, 12, 4)
        assert self.case in Request.objects.overdue(on=date(2026, 12, 5))

    def test_a_notice_that_came_back_told_nobody_and_one_posted_in_its_place_did(self) -> None:
        rights.mark_letter_sent(self.letter, actor=self.odile, at=NOON)
        rights.mark_letter_bounced(self.letter, actor=self.odile, at=NOON)
        assert self.due_on() == date(2026, 12, 4)
        rights.mark_letter_posted(self.letter, actor=self.odile, at=datetime(2026, 12, 4, 14, tzinfo=UTC))
        self.tell_part()
        assert self.due_on() == date(2026, 12, 30)


@pytest.mark.truth("decided-as-read")
class ApprovedAsReadTests(PostponingCase):
    def press(self, action: str, read: str) -> str:
        self.client.force_login(self.omar)
        address = reverse("admin:rights_request_change", args=[self.case.pk])
        pressed = {"CHANGE_FORM-action": action, "_selected_action": str(self.case.pk), "index": "0"}
        data = {**pressed, "confirmed": "1", "read": read}
        return str(confirmed(self.client, address, data, follow=True).content.decode())

    def test_another_proposal_than_the_one_that_was_read_is_neither_approved_nor_declined(self) -> None:
        read = rights.digest_of_proposal(first := self.postpone(date(2027, 2, 1)))
        rights.decline_postponement(first, actor=self.odile, at=NOON)
        second = self.postpone(date(2027, 5, 1))
        for action in ("approve_postponement", "decline_postponement"):
            assert "이 화면을 연 뒤에 연기 또는 요구 내용이 바뀌었습니다" in self.press(action, read)
            assert Postponement.objects.get() == second
            assert Postponement.objects.get().approved_at is None
        self.press("approve_postponement", rights.digest_of_proposal(second))
        assert Postponement.objects.get().approved_by == self.omar.reference
