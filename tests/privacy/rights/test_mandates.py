"""A power of attorney says what it covers, from whom and until when; nothing else is carried out for an agent."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from privacy.ledger.models import Entry
from privacy.lib.dates import clock
from privacy.rights import actions as rights
from privacy.rights import power_of_attorney
from privacy.rights.actions import RequestedRight
from privacy.rights.models import COVERED_BY, Package, Particulars, Request, Right
from privacy.rights.models.access_packages import DOWNLOAD_RETRY_PERIOD
from privacy.rights.refusals import WrongState
from privacy.rights.representation import is_represented
from tests import factory
from tests.base import PortalTestCase
from tests.factory import NOON
from tests.pdf_text import text_of, without_spaces

LATER = NOON + timedelta(minutes=10)
ACCESS, DELETION = RequestedRight("access"), RequestedRight("deletion")


class AgentCase(PortalTestCase):
    def setUp(self) -> None:
        self.officer, self.hana = factory.make_officer(), factory.make_handler()
        self.device = factory.make_device(1)

    def ask(self, *asked: RequestedRight) -> Request:
        return factory.ask(*asked, target=factory.imei(1), requester="agent", address="").request

    def verify(self, case: Request, mandate: rights.Mandate | None, **changes: Any) -> Request:
        factory.show_documents(case, to=self.hana)
        said = {"method": "documents", "authority": "power-of-attorney", "mandate": mandate, **changes}
        return rights.verify(case, actor=self.hana, at=NOON, **said)


@pytest.mark.law("R-26")
class ScopeTests(AgentCase):
    def test_each_right_is_covered_by_one_box_of_the_form(self) -> None:
        assert set(COVERED_BY) == set(Right.Kind.values)
        assert set(COVERED_BY.values()) == set(Request.Mandate.values) == set(power_of_attorney.SCOPE)

    def test_one_that_covers_less_than_is_asked_verifies_nothing(self) -> None:
        case = self.ask(ACCESS, DELETION)
        with pytest.raises(rights.MissingAuthority, match="삭제"):
            self.verify(case, factory.make_mandate("access"))
        case.refresh_from_db()
        assert not case.is_verified
        assert self.verify(case, factory.make_mandate("access", "correction-or-deletion")).is_verified
        assert case.requester == "agent"

    def test_one_that_no_longer_covers_a_right_stops_it_until_another_is_recorded(self) -> None:
        case = self.verify(self.ask(ACCESS), factory.make_mandate("access"))
        (right,) = case.rights.all()
        rights.grant(right, actor=self.officer, at=NOON)
        Request.objects.filter(id=case.id).update(mandate_covers=["suspension"])
        with pytest.raises(rights.MissingAuthority):
            rights.carry_out(right, actor=self.officer, at=NOON)
        right.refresh_from_db()
        assert right.started_at is None
        with pytest.raises(rights.MissingAuthority):
            self.renew(case, factory.make_mandate("suspension"))
        self.renew(case, factory.make_mandate("access"))
        assert rights.carry_out(right, actor=self.officer, at=NOON).carried_out_at == NOON
        Request.objects.filter(id=case.id).update(mandate_covers=["suspension"])
        package = Package.objects.get(right=right)
        with pytest.raises(rights.MissingAuthority):
            rights.download(package, code=factory.pickup_code(package), at=NOON)

    def renew(self, case: Request, mandate: rights.Mandate) -> None:
        factory.show_another_document(case, to=self.hana, at=LATER)
        rights.renew_authority(case, authority="power-of-attorney", mandate=mandate, actor=self.hana, at=LATER)

    def close_with_a_copy(self) -> tuple[Request, Package]:
        """A case that is closed while its copy waits to be fetched."""
        case = self.verify(self.ask(ACCESS), factory.make_mandate("access"))
        (right,) = case.rights.all()
        rights.grant(right, actor=self.officer, at=NOON)
        rights.carry_out(right, actor=self.officer, at=NOON)
        rights.mark_letter_sent(case.letters.get(kind="result"), actor=self.officer, at=NOON)
        return rights.close_case(case, actor=self.officer, at=NOON), Package.objects.get(right=right)

    def test_another_is_recorded_in_a_closed_case_as_long_as_its_copy_can_be_fetched(self) -> None:
        case, package = self.close_with_a_copy()
        Request.objects.filter(id=case.id).update(mandate_covers=["suspension"])
        code = factory.pickup_code(package)
        with pytest.raises(rights.MissingAuthority):
            rights.download(package, code=code, at=NOON)
        Package.objects.update(expires_at=clock.now() + DOWNLOAD_RETRY_PERIOD)
        self.client.force_login(self.officer)
        page = self.client.get(reverse("admin:rights_request_change", args=[case.pk])).content.decode()
        assert 'value="renew_authority"' in page
        self.renew(case, factory.make_mandate("access"))
        assert b"".join(rights.download(package, code=code, at=NOON))
        Package.objects.update(downloaded_at=NOON - DOWNLOAD_RETRY_PERIOD)
        with pytest.raises(WrongState):
            self.renew(case, factory.make_mandate("access"))

    def test_what_was_carried_out_before_the_scope_was_asked_for_is_handed_over(self) -> None:
        case, package = self.close_with_a_copy()
        Request.objects.filter(id=case.id).update(mandate_covers=[], mandate_given_on=None, mandate_signed=False)
        assert b"".join(rights.download(package, code=factory.pickup_code(package), at=NOON))
        case.refresh_from_db()
        assert not is_represented(case, "deletion", at=NOON)

    def test_the_agent_reads_words_of_their_own(self) -> None:
        _case, package = self.close_with_a_copy()
        for changed, said in (
            ({"authority_until": date(2020, 1, 1)}, "제출한 뒤 다시 시도"),
            ({"authority_until": None, "mandate_covers": ["suspension"]}, "열람이 포함되어 있지 않습니다"),
        ):
            Request.objects.update(**changed)
            with pytest.raises(rights.MissingAuthority, match=said):
                rights.download(package, code="", at=NOON)

    def test_one_recorded_before_its_scope_was_asked_for_covers_nothing(self) -> None:
        case = self.verify(self.ask(ACCESS), factory.make_mandate("access"))
        Request.objects.filter(id=case.id).update(mandate_covers=[], mandate_given_on=None, mandate_signed=False)
        (right,) = case.rights.all()
        rights.grant(right, actor=self.officer, at=NOON)
        with pytest.raises(rights.MissingAuthority):
            rights.carry_out(right, actor=self.officer, at=NOON)

    def test_a_legal_representative_and_a_data_subject_need_none(self) -> None:
        for requester, authority in (("self", ""), ("legal-representative", "family-record")):
            receipt = factory.ask(target=factory.imei(1), requester=requester, address="")
            case = factory.make_verified(receipt, authority=authority)
            (right,) = case.rights.all()
            rights.grant(right, actor=self.officer, at=NOON)
            assert rights.carry_out(right, actor=self.officer, at=NOON).carried_out_at
            assert (case.mandate_covers, case.mandate_given_on, case.mandate_signed) == ([], None, False)


@pytest.mark.law("F-4")
class FieldsTests(AgentCase):
    def test_both_people_scope_date_and_signature_are_recorded_and_the_people_sealed(self) -> None:
        people = {name: f"{name}-said" for name in rights.PEOPLE}
        case = self.verify(self.ask(ACCESS), factory.make_mandate("access", people=people))
        assert (case.mandate_covers, case.mandate_given_on, case.mandate_signed) == (
            ["access"],
            date(2020, 12, 2),
            True,
        )
        (sealed,) = Particulars.objects.filter(about="mandate")
        assert sealed.subject_id == case.holder_id
        assert rights.read_mandate(case, actor=self.officer, at=NOON) == people
        assert Entry.objects.filter(task="rights.mandate.read").count() == 1
        self.assertLedgered("rights.identity.verified", case)

    def test_an_unsigned_undated_or_nameless_one_is_none(self) -> None:
        case = self.ask(ACCESS)
        whole = factory.make_mandate()
        for lacking in (
            None,
            factory.make_mandate(signed=False),
            factory.make_mandate(given_on=date(2026, 11, 25)),
            factory.make_mandate("everything"),
            rights.Mandate((), whole.given_on, True, whole.people),
            *(factory.make_mandate(people={**whole.people, name: " "}) for name in ("name", "principal_birth_date")),
        ):
            with pytest.raises(rights.MissingAuthority):
                self.verify(case, lacking)
        with pytest.raises(rights.MissingAuthority):
            self.verify(case, factory.make_mandate(given_on=date(2026, 11, 24)), authority_until=date(2026, 11, 23))
        assert not Particulars.objects.filter(about="mandate").exists()

    def test_the_database_keeps_no_half_of_one(self) -> None:
        case = self.verify(self.ask(ACCESS), factory.make_mandate("access"))
        for half in ({"mandate_signed": False}, {"mandate_given_on": None}, {"mandate_covers": []}):
            with pytest.raises(IntegrityError), transaction.atomic():
                Request.objects.filter(id=case.id).update(**half)
        other = factory.make_verified(factory.ask(target=factory.imei(1)))
        with pytest.raises(IntegrityError), transaction.atomic():
            Request.objects.filter(id=other.id).update(
                mandate_covers=["access"], mandate_given_on=NOON.date(), mandate_signed=True
            )

    def test_the_console_asks_for_it_of_agents_only_and_keeps_what_was_typed(self) -> None:
        case = self.ask(ACCESS, DELETION)
        factory.show_documents(case, to=self.hana)
        self.client.force_login(self.hana)
        address = reverse("admin:rights_request_change", args=[case.pk])
        press = {"CHANGE_FORM-action": "verify", "_selected_action": str(case.pk)}
        assert 'name="principal_birth_date"' in self.client.post(address, press).content.decode()
        given = {
            **press, **factory.make_mandate().people, "method": "documents", "authority": "power-of-attorney",
            "covers": ["access"], "given_on": "2026-11-20", "signed": "on", "confirmed": "yes",
        }  # fmt: skip
        again = self.client.post(address, given).content.decode()
        assert 'value="1990-03-04"' in again
        assert "포함되지 않은" in again
        self.client.post(address, {**given, "covers": ["access", "correction-or-deletion"]})
        case.refresh_from_db()
        assert case.mandate_covers == ["access", "correction-or-deletion"]
        page = self.client.get(address).content.decode()
        assert "위임 범위" in page
        self.client.force_login(self.officer)
        read = {"CHANGE_FORM-action": "read", "_selected_action": str(case.pk)}
        assert "1990-03-04" in self.client.post(address, read).content.decode()
        own = factory.ask(target=factory.imei(1), address="").request
        address = reverse("admin:rights_request_change", args=[own.pk])
        press = {"CHANGE_FORM-action": "verify", "_selected_action": str(own.pk)}
        self.client.force_login(self.hana)
        assert 'name="principal_birth_date"' not in self.client.post(address, press).content.decode()


@pytest.mark.law("F-4")
class FormTests(PortalTestCase):
    def test_anybody_can_print_it_with_the_fields_of_the_form(self) -> None:
        for page in ("rights:guide", "rights:request"):
            assert reverse("rights:power-of-attorney") in self.client.get(reverse(page)).content.decode()
        answer = self.client.get("/rights/power-of-attorney/")
        assert answer.headers["Content-Type"] == "application/pdf"
        said = text_of(answer.content)
        for field in (
            "위임장", "위임받는 자", "위임자", "성명", "전화번호", "생년월일", "정보주체와의 관계", "주소", "위임 범위",
            "열람", "정정·삭제", "처리정지", "동의 철회", "위임 종료일", "년 월 일", "서명 또는 인",
        ):  # fmt: skip
            assert without_spaces(field) in said, field

    def test_in_english_each_field_says_what_it_means(self) -> None:
        said = text_of(self.client.get("/en/rights/power-of-attorney/").content)
        for field in (
            "위임장 (Power of attorney)",
            "birth date",
            "relation",
            "suspension of processing",
        ):
            assert without_spaces(field) in said, field
