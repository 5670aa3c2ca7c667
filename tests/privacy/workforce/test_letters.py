"""The representative's signed letter that a colleague is who they are: one officer records it, another confirms it."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from privacy.accounts import actions as accounts
from privacy.accounts.models import User
from privacy.accounts.second_person import NotASecondPerson, why_not
from privacy.ledger.actors import SystemActor
from privacy.ledger.authorization import NotPermitted
from privacy.lib.dates import clock
from privacy.lib.errors.refusals import Refusal
from privacy.vault.models import EncryptedFile
from privacy.workforce import actions as workforce
from privacy.workforce.models import ColleagueLetter
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import grant_pairs
from tests.privacy.accounts.test_second_person import second_account
from tests.sample_uploads import PDF

TESTS = SystemActor("tests")


class LetterTestCase(PortalTestCase):
    """Nari came five days ago, by Odile's request and Omar's approval."""

    def setUp(self) -> None:
        self.now = clock.now()
        self.odile, self.omar = factory.make_odile(), factory.make_omar()
        for officer, other in ((self.odile, self.omar), (self.omar, self.odile)):
            grant_pairs(officer, [("workforce", "legal-duty")], by=other, on=clock.today() - timedelta(days=9))
        self.nari = second_account(asked_by=self.odile, approved_by=self.omar)

    def record(
        self, *, by: User, at: datetime | None = None, days_ago: int = 0, content: bytes = PDF
    ) -> ColleagueLetter:
        dated_on = clock.today() - timedelta(days=days_ago)
        letter = workforce.record_letter(
            self.nari, dated_on=dated_on, name="letter.pdf", content=content, actor=by, at=at or self.now
        )
        EncryptedFile.objects.filter(pk=letter.file_id).update(state=EncryptedFile.State.CLEAN, scanned_at=self.now)
        return letter

    def still_apart(self) -> bool:
        return why_not(self.nari.ref, asked_by=self.odile.ref, at=self.now) == "related"


@pytest.mark.attack("17.3")
class TwoOfficersTests(LetterTestCase):
    def test_recorded_by_one_read_and_confirmed_by_another_it_makes_them_two_people(self) -> None:
        assert self.still_apart()
        letter = self.record(by=self.odile)
        with pytest.raises(workforce.LetterUnread):
            workforce.confirm_letter(letter, actor=self.omar, at=self.now)
        assert workforce.open_letter(letter, actor=self.omar, at=self.now)[0] == PDF
        assert self.still_apart()
        workforce.confirm_letter(letter, actor=self.omar, at=self.now)
        assert not self.still_apart()
        for word in ("recorded", "read", "confirmed"):
            self.assertLedgered(f"workforce.letter.{word}", letter)
        with pytest.raises(workforce.LetterDecided):
            workforce.confirm_letter(letter, actor=self.omar, at=self.now)

    def test_who_recorded_it_takes_nobodys_reading_away(self) -> None:
        letter = self.record(by=self.odile)
        for reader in (self.omar, self.odile):
            workforce.open_letter(letter, actor=reader, at=self.now)
        workforce.confirm_letter(letter, actor=self.omar, at=self.now)
        assert not self.still_apart()

    def test_of_two_readers_each_may_confirm(self) -> None:
        olga = factory.make_user("olga2@extrus.example", "Olga", "officer")
        grant_pairs(olga, [("workforce", "legal-duty")], by=self.odile, on=clock.today() - timedelta(days=9))
        letter = self.record(by=self.odile)
        workforce.open_letter(letter, actor=self.omar, at=self.now)
        workforce.open_letter(letter, actor=olga, at=self.now)
        confirmed = workforce.confirm_letter(letter, actor=self.omar, at=self.now)
        assert (confirmed.read_by, confirmed.confirmed_by) == (self.omar.ref, self.omar.ref)

    def test_what_was_recorded_wrongly_is_refused_and_recorded_again(self) -> None:
        letter = self.record(by=self.odile)
        refused = workforce.refuse_letter(letter, refused_for="date", actor=self.odile, at=self.now)
        self.assertLedgered("workforce.letter.refused", refused)
        workforce.open_letter(letter, actor=self.omar, at=self.now)
        with pytest.raises(workforce.LetterDecided):
            workforce.confirm_letter(letter, actor=self.omar, at=self.now)
        again = self.record(by=self.odile)
        workforce.open_letter(again, actor=self.omar, at=self.now)
        workforce.confirm_letter(again, actor=self.omar, at=self.now)
        assert not self.still_apart()
        with pytest.raises(workforce.LetterDecided):
            workforce.refuse_letter(again, refused_for="date", actor=self.odile, at=self.now)

    def test_nobody_confirms_what_they_recorded_also_not_with_the_colleagues_account(self) -> None:
        letter = self.record(by=self.odile)
        workforce.open_letter(letter, actor=self.odile, at=self.now)
        for actor in (self.odile, self.nari):
            ColleagueLetter.objects.filter(pk=letter.pk).update(read_by=actor.ref, read_at=self.now)
            with pytest.raises(workforce.OwnLetter):
                workforce.confirm_letter(letter, actor=actor, at=self.now)
        with pytest.raises(workforce.OwnLetter):
            workforce.record_letter(
                self.nari, dated_on=clock.today(), name="x.pdf", content=PDF + b"\n", actor=self.nari, at=self.now
            )
        assert self.still_apart()

    def test_with_one_officer_there_it_is_refused_also_in_an_emergency(self) -> None:
        letter = self.record(by=self.odile, at=self.now - timedelta(hours=30), days_ago=2)
        with pytest.raises(accounts.NoEmergency):
            accounts.go_alone(letter, reason="Omar is in hospital until Monday.", actor=self.odile, at=self.now)

    def test_a_letter_of_the_day_of_a_reset_or_before_says_nothing_of_it(self) -> None:
        # The account was asked for an hour before it was set up: in the first hour of a day, on the day before.
        asked = (clock.today() - clock.kst_date(self.now - timedelta(days=5, hours=1))).days
        for n, days_ago in enumerate((asked, asked + 1)):
            letter = self.record(by=self.odile, days_ago=days_ago, content=PDF + b"\n" * n)
            workforce.open_letter(letter, actor=self.omar, at=self.now)
            workforce.confirm_letter(letter, actor=self.omar, at=self.now)
        assert self.still_apart()

    def test_the_same_scan_is_no_second_letter_and_none_is_of_tomorrow(self) -> None:
        self.record(by=self.odile)
        with pytest.raises(workforce.LetterKnown):
            self.record(by=self.omar)
        with pytest.raises(Refusal):
            self.record(by=self.odile, days_ago=-1, content=PDF + b"\n")

    def test_a_handler_neither_records_nor_confirms(self) -> None:
        letter = self.record(by=self.odile)
        hana = factory.make_hana()
        with pytest.raises(NotPermitted):
            workforce.confirm_letter(letter, actor=hana, at=self.now)
        with pytest.raises(NotPermitted):
            self.record(by=hana, content=PDF + b"\n")

    def test_two_accounts_of_one_person_confirm_nothing(self) -> None:
        double = factory.make_user("double2@extrus.example", "Double", "officer")
        factory.make_used_invitation(double, used_at=self.now - timedelta(days=5), asked_by=self.odile.ref)
        letter = self.record(by=self.odile)
        ColleagueLetter.objects.filter(pk=letter.pk).update(read_by=double.ref, read_at=self.now)
        with pytest.raises(NotASecondPerson):
            workforce.confirm_letter(letter, actor=double, at=self.now)

    def test_raw_sql_of_the_portals_role_meets_the_same_rules(self) -> None:
        letter = self.record(by=self.odile)
        confirm = (
            "UPDATE workforce_colleagueletter SET read_by = v.who, read_at = now(), confirmed_by = v.who,"
            " confirmed_at = now() FROM (VALUES (%s)) v(who) WHERE id = %s"
        )
        for name in (self.odile.ref, self.nari.ref, "U-nobody", "EM-NONE-HERE", "system:portal", "representative"):
            self.refused(confirm, name, letter.pk)
        self.refused("UPDATE workforce_colleagueletter SET user_id = %s WHERE id = %s", self.omar.pk, letter.pk)
        self.refused("UPDATE workforce_colleagueletter SET dated_on = dated_on - 9 WHERE id = %s", letter.pk)
        self.refused("UPDATE workforce_colleagueletter SET recorded_by = 'x' WHERE id = %s", letter.pk)
        self.refused("DELETE FROM workforce_colleagueletter WHERE id = %s", letter.pk)
        workforce.refuse_letter(letter, refused_for="colleague", actor=self.omar, at=self.now)
        self.refused(confirm, self.omar.ref, letter.pk)
        self.refused("UPDATE workforce_colleagueletter SET refused_by = '' WHERE id = %s", letter.pk)
        letter = self.record(by=self.odile)
        given: dict[str, Any] = {
            "user": self.nari, "dated_on": clock.today(), "file_id": letter.file_id, "file_digest": "y",
            "recorded_by": self.odile.ref, "recorded_at": self.now,
        }  # fmt: skip
        for changes in (
            {"read_by": self.omar.ref, "read_at": self.now, "confirmed_by": self.omar.ref, "confirmed_at": self.now},
            {"recorded_by": self.nari.ref},
            {"dated_on": clock.today() + timedelta(days=2)},
            {"file_digest": letter.file_digest},
        ):
            with pytest.raises(IntegrityError), transaction.atomic():
                ColleagueLetter.objects.create(**{**given, **changes})
        assert self.still_apart()

    def refused(self, statement: str, *values: object) -> None:
        refused = pytest.raises((IntegrityError, ProgrammingError))
        with refused, transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, values)


class PagesTests(LetterTestCase):
    def test_one_officer_records_it_and_another_reads_and_confirms_it_in_the_console(self) -> None:
        self.client.force_login(self.odile)
        given = {"user": str(self.nari.pk), "dated_on": clock.today().isoformat()}
        page = reverse("admin:workforce_colleagueletter_record")
        assert self.client.get(page).status_code == 200
        self.client.post(
            page,
            {**given, "letter": SimpleUploadedFile("letter.pdf", PDF, content_type="application/pdf")},
        )
        letter = ColleagueLetter.objects.get()
        EncryptedFile.objects.filter(pk=letter.file_id).update(state=EncryptedFile.State.CLEAN, scanned_at=self.now)
        address = reverse("admin:workforce_colleagueletter_change", args=[letter.pk])
        pressed = {"_selected_action": str(letter.pk), "index": "0"}
        self.client.force_login(self.omar)
        read = self.client.post(address, {**pressed, "CHANGE_FORM-action": "read_letter"})
        assert read.content == PDF
        self.client.post(address, {**pressed, "CHANGE_FORM-action": "confirm_letter", "confirmed": "1"})
        letter.refresh_from_db()
        assert (letter.recorded_by, letter.confirmed_by) == (self.odile.ref, self.omar.ref)

    @pytest.mark.attack("17.3")
    def test_its_page_says_who_can_confirm_and_that_nobody_does_alone(self) -> None:
        letter = self.record(by=self.odile, at=self.now - timedelta(hours=30), days_ago=2)
        officer = factory.make_user("olga@extrus.example", "Olga", "officer")
        own = workforce.record_letter(
            officer, dated_on=clock.today(), name="x.pdf", content=PDF + b"\n", actor=self.odile, at=self.now
        )
        page = self.page(letter)
        assert "Can read and confirm it: Olga, Omar." in page
        assert "Odile: asked for it" in page
        assert "Olga: it is about them" in self.page(own)
        assert "Can read and confirm it: Omar." in self.page(own)
        for shown in (page, self.page(own)):
            assert "alone" not in shown.partition("second-person-title")[2].partition("</section>")[0]
        workforce.open_letter(letter, actor=self.omar, at=self.now)
        workforce.confirm_letter(letter, actor=self.omar, at=self.now)
        assert "second-person-title" not in self.page(letter)

    @pytest.mark.truth("hunt")
    def test_with_the_scan_gone_only_who_has_read_it_can_confirm_it(self) -> None:
        letter = self.record(by=self.odile)
        assert "Can read and confirm it: Omar." in self.page(letter)
        EncryptedFile.objects.filter(pk=letter.file_id).delete()
        page = self.page(letter)
        assert "Nobody can approve this at present." in page
        assert "Omar: the scan was destroyed before they read it" in page
        with pytest.raises(workforce.LetterUnread):
            workforce.confirm_letter(letter, actor=self.omar, at=self.now)
        other = self.record(by=self.odile, content=PDF + b"\n")
        workforce.open_letter(other, actor=self.omar, at=self.now)
        EncryptedFile.objects.filter(pk=other.file_id).delete()
        assert "Can read and confirm it" not in self.page(other)
        assert "Can approve now: Omar." in self.page(other)
        workforce.confirm_letter(other, actor=self.omar, at=self.now)

    @pytest.mark.truth("hunt")
    def test_a_reader_sees_the_page_of_a_waiting_letter_too(self) -> None:
        letter = self.record(by=self.odile)
        assert "Can read and confirm it: Omar." in self.page(letter, factory.make_aram())

    @pytest.mark.truth("hunt")
    def test_the_refusal_says_the_reason_and_advises_a_new_record_only_where_one_helps(self) -> None:
        advice = "올바른 내용으로 스캔본을 다시 등록하십시오."
        for n, (why, label) in enumerate(ColleagueLetter.Refusal.choices):
            letter = self.record(by=self.odile, content=PDF + b"\n" * n)
            workforce.refuse_letter(letter, refused_for=why, actor=self.odile, at=self.now)
            with override("ko"):
                assert self.told(letter).startswith(f"이미 반려한 서신입니다({label}).")
                assert (advice in self.told(letter)) is (why != "no-letter"), why
            with override("en"):
                assert self.told(letter).startswith(f"This letter has already been refused (“{label}”).")
            self.record(by=self.odile, content=PDF + b"\n" * n)
            with override("ko"):
                assert advice not in self.told(letter)

    def told(self, letter: ColleagueLetter) -> str:
        with pytest.raises(workforce.LetterDecided) as refused:
            workforce.refuse_letter(letter, refused_for="date", actor=self.omar, at=self.now)
        return str(refused.value)

    @pytest.mark.truth("hunt")
    def test_the_question_before_a_refusal_promises_a_new_record_only_for_wrong_details(self) -> None:
        letter = self.record(by=self.odile)
        pressed = {"CHANGE_FORM-action": "refuse_letter", "_selected_action": str(letter.pk), "index": "0"}
        self.client.force_login(self.omar)
        with override("en"):
            address = reverse("admin:workforce_colleagueletter_change", args=[letter.pk])
        page = " ".join(self.client.post(address, pressed).content.decode().split())
        assert "If its date or colleague was recorded wrongly, its scan can be recorded again" in page

    def page(self, letter: ColleagueLetter, who: User | None = None) -> str:
        client = Client()
        client.force_login(who or self.omar)
        with override("en"):
            address = reverse("admin:workforce_colleagueletter_change", args=[letter.pk])
        return " ".join(client.get(address).content.decode().split())
