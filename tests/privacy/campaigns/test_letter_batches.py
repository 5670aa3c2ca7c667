"""Letters by a mailing house: one batch a person, its report taken whole or not at all, and a returned letter."""

import csv
import io
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from datetime import date, timedelta
from itertools import chain
from uuid import UUID

import pytest
from django.contrib import admin
from django.db import connections, transaction
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.html import strip_tags

from config.demonstration.text_provider import TextProvider
from privacy.campaigns import actions as campaigns
from privacy.campaigns import letters, untold
from privacy.campaigns.admin.letter_batches import LetterBatchAdmin
from privacy.campaigns.letter_reports import UnreadableReport
from privacy.campaigns.models import PREFERS_LETTER, BatchProgress, Campaign, Delivery, LetterBatch
from privacy.campaigns.untold import Untold
from privacy.jobs.dispatcher import dispatch_due
from privacy.ledger.entries.payloads import facts_in
from privacy.ledger.models import Entry
from privacy.lib.dates import clock
from privacy.lib.identifiers.ids import new_id
from privacy.subjects.models import Subject
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON
from tests.privacy.disclosures.smtp_server import mailbox

POSTED_ON = NOON.date() + timedelta(days=1)
LATER = NOON + timedelta(days=3)


@pytest.mark.clause("P0.3")
@pytest.mark.law("B-06")
class LetterBatches(PortalTestCase):
    def setUp(self) -> None:
        self.odile = factory.make_odile()
        self.people = [self.person(f"{number}, Seoul") for number in range(3)]
        self.silent = factory.make_mina()
        self.campaign = campaigns.notify_of_version(factory.make_policy(), actor=self.odile, at=NOON)
        dispatch_due(at=NOON)

    def person(self, address: str) -> Subject:
        made = factory.make_mina()
        factory.make_contact(made, kind="address", value=f"Mina\n{address}")
        return made

    def batch(self) -> LetterBatch:
        return campaigns.make_batch(self.campaign, actor=self.odile, at=NOON)

    def handed(self) -> LetterBatch:
        batch = self.batch()
        campaigns.take_batch(batch, reason="posting", actor=self.odile, at=NOON)
        batch.refresh_from_db()
        return batch

    def report(self, batch: LetterBatch, *rows: tuple[str, str, str]) -> campaigns.Reported:
        said = "letter,state,date\n" + "".join(f"{','.join(row)}\n" for row in rows)
        return campaigns.report_letters(batch, name="r.csv", content=said.encode(), actor=self.odile, at=LATER)

    def state(self, place: int) -> tuple[str, str, str]:
        row = Delivery.objects.get(batch_place=place)
        return row.state, row.way, row.trouble

    @pytest.mark.asvs("1.2.10")
    def test_a_batch_holds_whoever_a_letter_reaches_once_and_its_pages_are_told(self) -> None:
        batch = self.batch()
        assert (batch.count, batch.letters.count()) == (3, 3)
        with pytest.raises(letters.NoPostalAddress):
            self.batch()
        with pytest.raises(letters.NoPostalAddress):
            letters.print_letters(self.campaign, reason="twice", actor=self.odile, at=NOON)
        files = campaigns.take_batch(batch, reason="posting", actor=self.odile, at=NOON)
        assert files["letters.pdf"].startswith(b"%PDF-")
        rows = list(csv.DictReader(io.StringIO(files["addresses.csv"].decode("utf-8-sig"))))
        assert [row["letter"] for row in rows] == [batch.letter_number(place) for place in (1, 2, 3)]
        pages = [int(row["page"]) for row in rows]
        assert pages[0] == 1 and pages == sorted(set(pages))
        assert {row["address"] for row in rows} == {f"Mina\n{number}, Seoul" for number in range(3)}
        assert b"'=HYPERLINK(1)" in letters._table(["address"], [["=HYPERLINK(1)"]])
        taken = self.assertLedgered("campaigns.batch.taken", batch)
        assert "Seoul" not in taken.payload
        assert Entry.objects.naming(self.people[0].id).filter(task="campaigns.letters.printed").exists()
        with pytest.raises(campaigns.BatchClosed):
            campaigns.cancel_batch(batch, reason="printed wrongly", actor=self.odile, at=NOON)

    def test_a_batch_is_taken_back_or_handed_over_and_only_what_was_handed_over_is_reported_on(self) -> None:
        batch = self.batch()
        lines = [(batch.letter_number(place), "posted", str(POSTED_ON)) for place in (1, 2, 3)]
        with pytest.raises(UnreadableReport):
            self.report(batch, lines[0])
        campaigns.cancel_batch(batch, reason="too many", actor=self.odile, at=NOON)
        with pytest.raises(campaigns.BatchClosed):
            campaigns.take_batch(batch, reason="posting", actor=self.odile, at=NOON)
        batch = self.batch()
        lines = [(batch.letter_number(place), "posted", str(POSTED_ON)) for place in (1, 2, 3)]
        # Whoever was told another way before has no letter in the file.
        told = batch.letters.get(batch_place=2)
        campaigns.record_offline_notice(told, way="phone", on=NOON.date(), actor=self.odile, at=NOON)
        taken_at = NOON + timedelta(days=2)
        files = campaigns.take_batch(batch, reason="posting", actor=self.odile, at=taken_at)
        assert lines[1][0] not in files["report.csv"].decode()
        batch.refresh_from_db()
        assert batch.letters.count() == 2
        day = str(taken_at.date())
        for wrong in (lines[0], (lines[1][0], "returned", day)):
            with pytest.raises(UnreadableReport, match="2"):
                self.report(batch, wrong)
        assert self.report(batch, (lines[0][0], "posted", day), (lines[2][0], "posted", day)).posted == 2

    def test_who_was_posted_to_is_told_and_a_returned_letter_tells_nobody(self) -> None:
        batch = self.handed()
        first, second, third = (batch.letter_number(place) for place in (1, 2, 3))
        rows = [(first, "posted", str(POSTED_ON)), (second, "발송", str(POSTED_ON)), (third, "posted", str(POSTED_ON))]
        told = self.report(batch, *rows)
        assert (told.posted, told.returned, told.known) == (3, 0, 0)
        assert self.state(1) == ("told", "letter", "")
        assert Delivery.objects.get(batch_place=1).settled_at.date() == POSTED_ON  # type: ignore[union-attr]
        entries = Entry.objects.count()
        assert self.report(batch, *rows) == campaigns.Reported(0, 0, 3)
        assert Entry.objects.count() == entries
        Delivery.objects.filter(subject_id=self.silent.id).delete()
        campaigns.finish_if_settled(self.campaign, actor=self.odile, at=LATER)
        came_back = (second, "returned", str(LATER.date()))
        assert self.report(batch, *rows, came_back) == campaigns.Reported(0, 1, 3)
        assert self.state(2) == ("parked", "", "LetterReturned")
        self.campaign.refresh_from_db()
        assert self.campaign.state == Campaign.State.RUNNING
        # Neither the same file nor the earlier one tells this person after all, and no other batch takes them.
        assert self.report(batch, *rows, came_back) == campaigns.Reported(0, 0, 4)
        assert self.report(batch, *rows) == campaigns.Reported(0, 0, 3)
        assert self.state(2) == ("parked", "", "LetterReturned")
        with pytest.raises(letters.NoPostalAddress):
            self.batch()
        with pytest.raises(campaigns.BatchClosed):
            campaigns.cancel_batch(batch, reason="late", actor=self.odile, at=LATER)

    def test_a_report_with_a_wrong_line_is_taken_by_nobody(self) -> None:
        batch, other = self.handed(), "LB-OTHER123-0001"
        good, day = batch.letter_number(1), str(POSTED_ON)
        for wrong in (
            (other, "posted", day), (batch.letter_number(4), "posted", day), (f"{batch.reference}-1", "posted", day),
            (batch.letter_number(2), "lost", day), (batch.letter_number(2), "posted", "1.3.2026"),
            (batch.letter_number(2), "posted", str(date(2020, 1, 1))),
            (batch.letter_number(2), "posted", str(LATER.date() + timedelta(days=1))), (good, "posted", day),
            ("", "", day),
        ):  # fmt: skip
            with pytest.raises(UnreadableReport, match="3"):
                self.report(batch, (good, "posted", day), wrong)
            assert self.state(1) == ("without-address", "", "")
        for content in (b"", b"a,b\n1,2\n", b"letter,state,date\n", b"PK\x03\x04", b"\xff\xfe\x00"):
            with pytest.raises(UnreadableReport):
                campaigns.report_letters(batch, name="r.csv", content=content, actor=self.odile, at=LATER)
        assert not Entry.objects.filter(word="campaigns.batch.reported").exists()

    def test_who_was_told_another_way_stays_told_that_way(self) -> None:
        batch = self.handed()
        row = batch.letters.get(batch_place=1)
        campaigns.record_offline_notice(row, way="phone", on=NOON.date(), actor=self.odile, at=NOON)
        day = str(POSTED_ON)
        told = self.report(batch, *((batch.letter_number(place), "returned", day) for place in (1, 2)))
        assert told == campaigns.Reported(0, 1, 1)
        row.refresh_from_db()
        assert (row.state, row.way) == ("told", "phone")

    def test_a_letter_of_the_office_is_no_letter_of_the_mailing_house(self) -> None:
        batch, day = self.handed(), str(POSTED_ON)
        numbers = [batch.letter_number(place) for place in (1, 2)]
        by_hand = {"way": "letter", "on": LATER.date(), "actor": self.odile, "at": LATER}
        campaigns.record_offline_notice(batch.letters.get(batch_place=2), **by_hand)
        assert batch.progress == BatchProgress(posted=0, returned=0, open=2)
        came_back = [(numbers[0], "posted", day), (numbers[0], "returned", day), (numbers[1], "returned", day)]
        assert self.report(batch, *came_back) == campaigns.Reported(1, 1, 1)
        campaigns.record_offline_notice(batch.letters.get(batch_place=1), **by_hand)
        # The house reports all of it again, with the letter that came back before the office wrote by itself.
        assert self.report(batch, *came_back) == campaigns.Reported(0, 0, 3)
        assert self.state(1) == self.state(2) == ("told", "letter", "")
        assert batch.progress == BatchProgress(posted=0, returned=1, open=1)

    def test_what_was_posted_of_a_stopped_notice_counts_and_what_returned_reopens_nothing(self) -> None:
        batch = self.handed()
        first, second, third = (batch.letter_number(place) for place in (1, 2, 3))
        self.report(batch, (third, "posted", str(POSTED_ON)))
        campaigns.stop_campaign(self.campaign, reason="wrong text", actor=self.odile, at=LATER)
        dispatch_due(at=LATER)
        assert self.state(1)[0] == "stopped"
        rows = [(one, "posted", str(POSTED_ON)) for one in (first, second, third)]
        rows += [(one, "returned", str(POSTED_ON)) for one in (second, third)]
        assert self.report(batch, *rows) == campaigns.Reported(2, 2, 1)
        assert self.report(batch, *rows) == campaigns.Reported(0, 0, 5)
        assert self.state(1) == ("told", "letter", "")
        assert self.state(2) == self.state(3) == ("stopped", "", "LetterReturned")
        assert batch.progress == BatchProgress(posted=1, returned=2, open=0)
        self.campaign.refresh_from_db()
        assert self.campaign.state == Campaign.State.FINISHED

    def test_whoever_prefers_letters_gets_one_except_of_a_breach(self) -> None:
        both = factory.make_mina()
        factory.make_contact(both, value="mina@example.org")
        factory.make_contact(both, kind="address", value="Mina\nSeoul", is_preferred=True)
        for kind, state in ((Campaign.Kind.POLICY, "without-address"), (Campaign.Kind.BREACH, "waiting")):
            words = {"ko": "x", "en": "x"}
            made = campaigns.start_campaign(
                kind=kind, about=kind, occasion="x", title=words, text=words, subject_ids=[both.id], actor=self.odile,
                at=NOON,
            )  # fmt: skip
            assert made.deliveries.get().state == state
            if kind == Campaign.Kind.POLICY:
                batch = campaigns.make_batch(made, actor=self.odile, at=NOON)
        campaigns.take_batch(batch, reason="posting", actor=self.odile, at=NOON)
        back = [(batch.letter_number(1), state, str(POSTED_ON)) for state in ("posted", "returned")]
        with transaction.atomic():
            # Of a notice whose day has come nothing else goes out: nobody was told.
            Campaign.objects.filter(batches=batch).update(told_before=NOON + timedelta(days=2))
            assert self.report(batch, *back) == campaigns.Reported(1, 1, 0)
            assert batch.letters.get().state == "stopped"
            transaction.set_rollback(True)
        assert self.report(batch, *back) == campaigns.Reported(1, 1, 0)
        with mailbox() as box:
            dispatch_due(at=LATER)
        assert [str(mail["to"]) for mail in box.arrived].count("mina@example.org") == 2, "of the letter and the breach"
        assert self.report(batch, *back) == campaigns.Reported(0, 0, 2)
        assert batch.letters.get().state == "sent"

    def test_a_letter_whose_notice_ended_by_its_day_waits_for_its_report(self) -> None:
        batch = self.handed()
        self.overtake()
        assert batch.progress == BatchProgress(posted=0, returned=0, open=3)
        self.report(batch, *((batch.letter_number(place), "posted", str(POSTED_ON)) for place in (1, 2, 3)))
        assert batch.progress == BatchProgress(posted=3, returned=0, open=0)

    @pytest.mark.truth("notice-of-a-day-that-has-passed")
    def test_a_letter_that_was_posted_on_the_day_or_later_tells_nobody(self) -> None:
        batch = self.handed()
        self.overtake(days=1)
        posted = tuple((batch.letter_number(place), "posted", str(POSTED_ON)) for place in (1, 2, 3))
        assert [self.report(batch, *posted).posted for _again in range(2)] == [3, 0]
        assert set(batch.letters.values_list("state", "posted_on")) == {("stopped", POSTED_ON)}
        assert batch.progress == BatchProgress(posted=3, returned=0, open=0)
        assert untold.why_missed(self.campaign, at=LATER) == Untold.UNTOLD
        assert not Entry.objects.filter(word="campaigns.delivery.told").exists()
        letter = batch.letters.get(batch_place=1)
        campaigns.record_offline_notice(letter, way="phone", on=POSTED_ON, actor=self.odile, at=LATER)
        assert self.state(1)[0] == "told"

    def test_whoever_the_day_closed_is_counted_late_once_where_the_letter_comes_back(self) -> None:
        factory.make_contact(self.people[0], value="mina@example.org")
        batch = self.handed()
        self.overtake()
        place = batch.letters.get(subject_id=self.people[0].id).batch_place
        assert place is not None
        posted, returned = ((batch.letter_number(place), state, str(POSTED_ON)) for state in ("posted", "returned"))
        with transaction.atomic():
            # It was posted in time, and is known to have come back in another report.
            self.report(batch, posted)
            assert self.state(place)[0] == "told"
            self.report(batch, posted, returned)
            assert self.late() == [3]
            transaction.set_rollback(True)
        self.report(batch, returned)
        assert self.state(place) == ("stopped", "", "LetterReturned")
        assert self.late() == [3]

    def test_a_mail_that_goes_out_while_the_day_closes_it_and_comes_back_is_counted_late_once(self) -> None:
        factory.make_contact(self.silent, value="mina@example.org")
        mailed = self.campaign.deliveries.get(subject_id=self.silent.id)
        with TextProvider() as box, override_settings(TEXT_MESSAGES_URL=box.url, TEXT_MESSAGES_FROM="02-6928-6774"):
            factory.make_contact(self.silent, kind="phone", value="010-1234-5678")
            Delivery.objects.filter(pk=mailed.pk).update(state="waiting")
            Campaign.objects.filter(pk=self.campaign.pk).update(told_before=LATER)
            campaigns.end_late(actor=self.odile, at=LATER)
            campaigns.mark_sent(mailed, actor=self.odile, at=LATER)
            assert campaigns.mark_bounced(mailed, why="5.1.1", actor=self.odile, at=LATER)
        mailed.refresh_from_db()
        assert (mailed.state, self.late()) == ("stopped", [1])

    def late(self) -> list[int]:
        """How many people each entry on the trail says were not told before the day."""
        entries = Entry.objects.filter(word="campaigns.campaign.late").order_by("id")
        return [facts_in(one.payload)["people"] for one in entries]

    def shown(self, batch: LetterBatch) -> tuple[str, int]:
        """What the console says of a batch, and of how many letters it says that nothing is reported yet."""
        batch = LetterBatch.objects.select_related("campaign").get(pk=batch.pk)
        console = LetterBatchAdmin(LetterBatch, admin.site)
        return strip_tags(console.state_shown(batch)), console.open_shown(batch)

    def test_a_batch_of_whose_people_all_were_told_another_way_is_not_reported_on(self) -> None:
        batch = self.handed()
        assert self.shown(batch) == ("인계됨", 3)
        for letter in batch.letters.all():
            campaigns.record_offline_notice(letter, way="phone", on=NOON.date(), actor=self.odile, at=NOON)
        assert self.shown(batch) == ("보고 불필요", 0)

    def test_a_batch_that_its_day_finds_with_the_office_waits_for_no_report(self) -> None:
        batch = self.batch()
        assert self.shown(batch) == ("인계 전", 0)
        self.overtake()
        assert self.shown(batch) == ("인계되지 않음", 0)
        batch = LetterBatch.objects.select_related("campaign").get(pk=batch.pk)
        assert LetterBatchAdmin(LetterBatch, admin.site).buttons_for(batch) == ("cancel",)

    def overtake(self, *, days: int = 2) -> None:
        """Let the day come that the notice is about: what only waits for a letter is closed."""
        self.campaign.refresh_from_db()
        self.campaign.told_before = NOON + timedelta(days=days)
        self.campaign.save(update_fields=["told_before"])
        assert campaigns.end_unwritten(self.campaign, actor=self.odile, at=LATER) == 3

    def test_whom_no_letter_reaches_makes_no_statement_more_on_the_way_to_whom_one_does(self) -> None:
        waiting = self.campaign.deliveries.all()
        written = sorted(waiting.filter(subject_id__in=[one.id for one in self.people]).values_list("id", flat=True))
        waiting.filter(subject_id__in=[self.people[0].id, self.silent.id]).update(trouble=PREFERS_LETTER)
        prefers = waiting.get(subject_id=self.silent.id).id
        questions: list[tuple[Callable[[], Iterable[UUID]], list[UUID]]] = [
            (lambda: chain.from_iterable(untold.unwritten(waiting, at=NOON)), sorted([*written, prefers])),
            (lambda: letters.next_letters(self.campaign, at=NOON), written),
        ]
        asked: dict[int, set[tuple[int, int]]] = {0: set(), 1: set()}
        for silent in (1, 2_001):
            people = {"campaign": self.campaign, "language": "ko", "state": Delivery.State.WITHOUT_ADDRESS}
            Delivery.objects.bulk_create(Delivery(**people, subject_id=new_id()) for _one in range(silent))
            for number, (question, expected) in enumerate(questions):
                for at_once in (0, letters.MAX_WAITING):
                    with ExitStack() as stack:
                        stack.enter_context(pytest.MonkeyPatch.context()).setattr(letters, "MAX_WAITING", at_once)
                        captured = [stack.enter_context(CaptureQueriesContext(connections[one])) for one in connections]
                        assert sorted(question()) == expected, (number, at_once)
                    asked[number].add((at_once, sum(len(one) for one in captured)))
        assert [len(each) for each in asked.values()] == [2, 2], asked

    def test_an_officer_makes_hands_over_and_reports_on_a_batch_in_the_console(self) -> None:
        browser = Client()
        browser.force_login(self.odile)
        made = self.press(browser, self.campaign, "make_batch", confirmed="yes")
        batch = LetterBatch.objects.get()
        assert made.headers["Location"].endswith(f"{batch.pk}/change/")
        sealed = self.press(browser, batch, "take", confirmed="yes", reason="posting")
        if sealed.status_code == 302:  # asks to confirm who it is first
            assert "reauthenticate" in sealed.headers["Location"]
        report = io.BytesIO(f"letter,state,date\n{batch.letter_number(1)},posted,{clock.today()}\n".encode())
        report.name = "report.csv"
        page = self.press(browser, batch, "report", confirmed="yes", file=report)
        assert page.status_code == 302, page.content
        assert batch.progress.posted == 1

    def press(self, browser: Client, record: Campaign | LetterBatch, name: str, **more: object):  # type: ignore[no-untyped-def]
        address = reverse(f"admin:campaigns_{record._meta.model_name}_change", args=[record.pk])
        chosen = {"CHANGE_FORM-action": name, "index": "0", "_selected_action": str(record.pk), **more}
        return browser.post(address, chosen, secure=True)
