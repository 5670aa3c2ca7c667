"""Pledges: texts with versions, a signature that binds, a seal that tells what was altered (P8.10, law S-32)."""

from datetime import date, timedelta
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse

from privacy.accounts import actions as accounts
from privacy.ledger.authorization import NotPermitted
from privacy.lib.dates import clock
from privacy.workforce import actions as workforce
from privacy.workforce import compliance, integrity
from privacy.workforce.models import Pledge, PledgeText
from privacy.workforce.models.pledges import Occasion
from tests.base import PortalTestCase
from tests.database import PortalDatabase
from tests.factory import NOON, PASSWORD, make_emin, make_hana, make_odile, make_omar, make_user

TODAY = date(2026, 11, 24)
PAPER = b"%PDF-1.7 %%EOF"


def text_of(occasion: str) -> PledgeText:
    found = PledgeText.objects.in_force(occasion, on=TODAY)
    assert found is not None
    return found


@pytest.mark.clause("P8.10")
class SigningTest(PortalTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.nina = make_user("nina@extrus.example", "Nina Kim", "employee", fit=False)

    def sign(self, occasion: str = "entry", **changes: Any) -> Pledge:
        given = {"typed_name": "nina kim", "language": "ko", "actor": self.nina, "at": NOON, **changes}
        return workforce.sign(text_of(occasion), **given)

    @pytest.mark.law("S-32")
    def test_every_occasion_has_a_text_from_the_start_in_both_languages(self) -> None:
        for occasion in Occasion.values:
            text = text_of(occasion)
            assert text.words_ko
            assert text.words_en

    @pytest.mark.law("F-15")
    def test_it_holds_for_the_months_of_the_rulebook_and_is_on_record_with_its_seal(self) -> None:
        pledge = self.sign()
        assert (pledge.signed_on, pledge.valid_until) == (TODAY, date(2027, 11, 24))
        assert pledge.seal in self.assertLedgered("workforce.pledge.signed", pledge).payload
        assert integrity.is_intact(pledge)

    def test_the_months_are_those_in_force_on_the_day_of_signing(self) -> None:
        from privacy.policies import actions as policies

        policies.set_parameter(
            code="pledge.months", value=6, effective_on=TODAY + timedelta(days=1), basis="S-32",
            actor=make_odile(granted=False), at=NOON,
        )  # fmt: skip
        assert self.sign().valid_until == date(2027, 11, 24)
        assert self.sign("yearly", at=NOON + timedelta(days=1)).valid_until == date(2027, 5, 25)

    @pytest.mark.truth("pressed-twice")
    def test_a_signature_pressed_twice_is_one(self) -> None:
        assert self.sign() == self.sign()
        assert Pledge.objects.filter(user=self.nina).count() == 1

    @pytest.mark.truth("pledge-of-another-kind")
    def test_outside_staff_do_not_sign_the_employees_pledge(self) -> None:
        olga = make_user("olga@partner.example", "Olga", "employee", fit=False, is_outside=True)
        with pytest.raises(workforce.NotTextInForce):
            self.sign(actor=olga, typed_name="Olga")

    @pytest.mark.truth("pledge-of-another-kind")
    def test_a_form_that_sends_back_another_text_or_nonsense_signs_nothing(self) -> None:
        self.client.force_login(self.nina)
        for sent in (str(text_of("leaving").pk), "nonsense", ""):
            given = {"read": "on", "typed_name": "Nina Kim", "password": PASSWORD, "text": sent}
            assert self.client.post(reverse("workforce:sign", args=["entry"]), given).status_code == 404, sent
        assert not Pledge.objects.filter(user=self.nina).exists()

    @pytest.mark.truth("paper-of-an-older-text")
    def test_paper_is_registered_under_the_text_that_was_in_force_on_its_day(self) -> None:
        old = text_of("entry")
        draft = workforce.draft_text(
            occasion="entry", title_ko="새", title_en="New", words_ko="새 문안", words_en="new words",
            actor=make_hana(granted=False), at=NOON,
        )  # fmt: skip
        workforce.approve_text(draft, effective_on=TODAY, actor=make_odile(granted=False), at=NOON)
        given = {"typed_name": "Nina", "scan": PAPER, "actor": make_odile(granted=False), "at": NOON}
        with pytest.raises(workforce.NotTextInForce):
            workforce.register_paper(self.nina, old, signed_on=TODAY, **given)
        workforce.register_paper(self.nina, old, signed_on=TODAY - timedelta(days=1), **given)

    @pytest.mark.truth("25")
    def test_the_page_shows_the_name_that_has_to_be_typed(self) -> None:
        self.client.force_login(self.nina)
        page = self.client.get(reverse("workforce:sign", args=["entry"]))
        self.assertContains(page, f"계정에 있는 이름을 그대로 입력하십시오: {self.nina.name}.")

    def test_another_name_does_not_sign(self) -> None:
        with pytest.raises(workforce.NameMismatch):
            self.sign(typed_name="Hana")
        assert not Pledge.objects.filter(user=self.nina).exists()

    def test_a_text_that_is_no_longer_in_force_is_not_signed(self) -> None:
        old = text_of("entry")
        draft = workforce.draft_text(
            occasion="entry", title_ko="새 서약", title_en="New", words_ko="새 문안", words_en="new words",
            actor=make_hana(granted=False), at=NOON,
        )  # fmt: skip
        workforce.approve_text(draft, effective_on=TODAY, actor=make_odile(granted=False), at=NOON)
        with pytest.raises(workforce.NotTextInForce):
            workforce.sign(old, typed_name="Nina Kim", language="ko", actor=self.nina, at=NOON)
        assert self.sign().text.version == 2

    def test_a_renewal_adds_and_never_replaces(self) -> None:
        first = self.sign()
        later = NOON + timedelta(days=300)
        assert compliance.next_occasion(self.nina, clock.kst_date(later)) == Occasion.YEARLY
        second = self.sign("yearly", at=later)
        assert set(Pledge.objects.filter(user=self.nina)) == {first, second}
        for change in ("UPDATE workforce_pledge SET valid_until = '2099-01-01'", "DELETE FROM workforce_pledge"):
            with pytest.raises(DatabaseError, match="final"), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(change)

    @pytest.mark.law("S-32")
    def test_outside_staff_sign_their_own_text_and_nobody_else_does(self) -> None:
        outsider = make_user("vera@vendor.example", "Vera", "employee", fit=False, is_outside=True)
        assert compliance.next_occasion(outsider, TODAY) == Occasion.OUTSIDE
        self.sign("outside", actor=outsider, typed_name="Vera")
        with pytest.raises(workforce.NotTextInForce):
            self.sign("outside")

    @pytest.mark.law("S-32")
    def test_the_leaving_pledge_opens_nothing_and_is_owed_until_it_is_registered(self) -> None:
        self.sign("leaving")
        assert compliance.valid_pledge(self.nina, TODAY) is None
        emin = make_emin()
        accounts.deactivate_user(emin, why="leaves", actor=make_odile(granted=False), at=NOON)
        owing = {one.user for one in compliance.compliance_on(TODAY) if one.owes_leaving}
        assert owing == {emin}
        workforce.register_paper(
            emin, text_of("leaving"), signed_on=TODAY, typed_name="Emin", scan=PAPER,
            actor=make_odile(granted=False), at=NOON,
        )  # fmt: skip
        assert not [one for one in compliance.compliance_on(TODAY) if one.owes_leaving]


@pytest.mark.clause("P8.10")
class TextTest(PortalTestCase):
    def draft(self) -> PledgeText:
        return workforce.draft_text(
            occasion="yearly", title_ko="제목", title_en="Title", words_ko="문안", words_en="Words",
            actor=make_odile(granted=False), at=NOON,
        )  # fmt: skip

    def test_another_person_approves_and_then_it_is_final(self) -> None:
        draft = self.draft()
        with pytest.raises(workforce.OwnText):
            workforce.approve_text(draft, effective_on=TODAY, actor=make_odile(granted=False), at=NOON)
        workforce.approve_text(draft, effective_on=TODAY + timedelta(days=7), actor=make_omar(), at=NOON)
        assert text_of("yearly").version == 1
        assert PledgeText.objects.in_force("yearly", on=TODAY + timedelta(days=7)) == draft
        with pytest.raises(DatabaseError, match="final"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("UPDATE workforce_pledgetext SET words_ko = 'other' WHERE version = 2")

    def test_an_employee_drafts_nothing(self) -> None:
        with pytest.raises(NotPermitted):
            workforce.draft_text(
                occasion="yearly", title_ko="a", title_en="a", words_ko="a", words_en="a", actor=make_emin(), at=NOON
            )


@pytest.mark.clause("P8.10")
class PageTest(PortalTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.nina = make_user("nina@extrus.example", "Nina", "handler", fit=False)
        self.client.login(username=self.nina.email, password=PASSWORD)
        self.page = reverse("workforce:sign", args=["entry"])

    def post(self, **changes: str) -> Any:
        text = PledgeText.objects.get(occasion="entry", version=1)
        given = {"text": str(text.pk), "read": "on", "typed_name": "Nina", "password": PASSWORD, **changes}
        return self.client.post(self.page, given)

    def test_the_password_is_asked_again(self) -> None:
        assert self.post(password="another one entirely").status_code == 400
        assert not self.nina.pledges.exists()
        self.assertLedgered("accounts.session.failed")
        assert self.post().status_code == 302
        assert self.nina.pledges.get().request

    @pytest.mark.truth("hunt")
    def test_the_button_pressed_twice_leads_to_the_one_pledge(self) -> None:
        """The first one changes which pledge is next, and the second was told that there is no such page."""
        first, second = self.post(), self.post()
        assert (second.status_code, second.headers["Location"]) == (302, first.headers["Location"])
        assert self.nina.pledges.count() == 1
        assert self.post(text="").status_code == 404

    def test_reading_is_confirmed(self) -> None:
        assert self.post(read="").status_code == 400
        assert not self.nina.pledges.exists()

    def test_the_pdf_is_for_its_signer(self) -> None:
        self.post()
        paper = reverse("workforce:pledge-paper", args=[self.nina.pledges.get().reference])
        assert self.client.get(paper).content.startswith(b"%PDF-")
        self.client.force_login(make_emin())
        assert self.client.get(paper).status_code == 404

    def test_the_console_says_who_owes_what(self) -> None:
        self.client.force_login(make_odile())
        page = self.client.get("/en/office/workforce/pledge/").content.decode()
        assert "Nina" in page
        assert "never signed" in page
        assert "Omar" not in page.split("</table>")[0]


@pytest.mark.clause("P8.10")
def test_what_the_superuser_alters_no_longer_matches_and_the_page_says_so(portal_database: PortalDatabase) -> None:
    """Text or signature, with its seal or without: recomputed, and compared with the audit trail."""
    nina = make_user("nina@extrus.example", "Nina", "handler", fit=False)
    pledge = workforce.sign(text_of("entry"), typed_name="Nina", language="en", actor=nina, at=NOON)
    client = Client()
    client.force_login(nina)
    page = f"/en/staff/pledges/{pledge.reference}/"
    assert "The text matches its seal" in client.get(page).content.decode()

    def altered(statement: str) -> None:
        url = settings.EMBEDDED_SERVER.url("postgres", settings.DATABASES["default"]["NAME"])
        with psycopg.connect(url, autocommit=True) as superuser:
            superuser.execute("SET session_replication_role = replica")
            superuser.execute(statement)

    altered("UPDATE workforce_pledgetext SET words_en = words_en || ' Or not.' WHERE occasion = 'entry'")
    told = client.get(page).content.decode()
    assert "The text does not match its seal" in told
    assert compliance.valid_pledge(nina, TODAY) is None, "the vault shuts too"

    fresh = integrity.compute_seal(Pledge.objects.select_related("text", "user").get(pk=pledge.pk))
    altered(f"UPDATE workforce_pledge SET seal = '{fresh}'")
    changed = Pledge.objects.select_related("text", "user").get(pk=pledge.pk)
    assert integrity.matches_own_seal(changed), "a seal made to fit fits the text"
    assert not integrity.is_intact(changed), "but not the audit trail"
    assert "The text does not match its seal" in client.get(page).content.decode()
