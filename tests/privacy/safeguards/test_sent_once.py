"""A page of a new record in the console makes one record, however often the same showing of it is sent."""

import re
from functools import partial
from typing import Any

import pytest
from django.contrib import admin
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, RequestFactory
from django.urls import reverse

from privacy.accounts import actions as accounts
from privacy.accounts.models import SentForm, User
from privacy.accounts.signin import actions as signin
from privacy.lib.errors.refusals import Refusal
from privacy.lib.http import form_submissions
from privacy.policies.models import Officer
from privacy.safeguards.admin.records import RecordAdmin
from privacy.safeguards.models import Inspection
from tests.base import PortalTestCase
from tests.database import PortalDatabase
from tests.factory import NOON, make_aram, make_odile, make_omar
from tests.privacy.retention.test_races import at_once
from tests.sample_uploads import PDF

NEW = "admin:safeguards_inspection_new"
MARK = re.compile(r'name="submission" value="([\w-]+)"')


def filled(submission: str, **more: str) -> dict[str, str]:
    return {
        "kind": "occasion", "scope": "점검 범위", "method": "면담", "inspector": make_aram().ref,
        "planned_on": "2026-12-01", "submission": submission, **more,
    }  # fmt: skip


def shown_mark(client: Client) -> str:
    found = MARK.search(client.get(reverse(NEW), secure=True).content.decode())
    assert found is not None
    return found[1]


def send(user: User, given: dict[str, str]) -> str:
    """Send the form in a session of its own; return where it led."""
    client = Client()
    client.force_login(user)
    answer = client.post(reverse(NEW), given, secure=True)
    assert answer.status_code == 302, answer.content.decode()[:2_000]
    return str(answer.headers["Location"])


class SentAgainTest(PortalTestCase):
    def setUp(self) -> None:
        self.odile = make_odile()
        self.client.force_login(self.odile)

    def test_back_and_sent_again_leads_to_the_record_and_other_words_make_another(self) -> None:
        mark, another = shown_mark(self.client), shown_mark(self.client)
        first = send(self.odile, filled(mark))
        assert send(self.odile, filled(mark)) == first
        assert Inspection.objects.count() == 1
        assert send(self.odile, filled(mark, scope="다른 범위")) != first
        assert send(make_aram(), filled(mark)) != first, "a mark is its sender's alone"
        assert send(self.odile, filled(another)) != first
        assert Inspection.objects.count() == 4

    def test_what_was_refused_is_sent_again_with_the_same_mark(self) -> None:
        mark = shown_mark(self.client)
        answer = self.client.post(reverse(NEW), filled(mark, inspector="U-NOBODY"), secure=True)
        assert (answer.status_code, SentForm.objects.count()) == (200, 0)
        assert MARK.findall(answer.content.decode()) == [mark]
        send(self.odile, filled(mark))
        assert Inspection.objects.count() == 1

    def test_what_the_first_sending_took_leads_the_second_to_it(self) -> None:
        """A designation has one appointment and one filing: once it has them these forms offer it no more."""
        officer = str(Officer.objects.latest("designated_from").pk)
        appointment = {
            "officer": officer, "standing": "executive", "position": "상무", "appointed_on": "2026-11-20",
            "document": "인사발령", "submission": "mark",
        }  # fmt: skip
        filing = {
            "officer": officer, "qualification": "경력 6년", "resolved_on": "2026-11-20", "resolution": "이사회 제12호",
            "filed_on": "2026-11-21", "receipt": "접수 제3호", "submission": "mark",
        }  # fmt: skip
        for register, given in (("officerappointment", appointment), ("officerfiling", filing)):
            with self.subTest(register):
                first, again = self.post(register, given), self.post(register, given)
                assert (first.status_code, again.status_code) == (302, 302), again.content.decode()[-4_000:]
                assert again.headers["Location"] == first.headers["Location"]
                # Whoever sends something else is told that it is taken, and so is another person.
                assert self.post(register, given | {"submission": "another"}).status_code == 200
                self.client.force_login(make_omar())
                assert self.post(register, given).status_code == 200
                self.client.force_login(self.odile)
        assert self.post("officerappointment", appointment, PDF + b" ").status_code == 200, "another paper"

    def post(self, register: str, given: dict[str, str], paper: bytes = PDF) -> Any:
        """Send a form of a register, with a paper: only one of the two asks for it."""
        file = SimpleUploadedFile("a.pdf", paper)
        return self.client.post(reverse(f"admin:safeguards_{register}_new"), {**given, "file": file}, secure=True)

    def test_what_a_verb_refuses_takes_no_mark(self) -> None:
        def refuse() -> Inspection:
            raise Refusal("no")

        for _ in range(2):
            with pytest.raises(Refusal):
                accounts.make_once(Inspection, "mark", [], refuse, actor=self.odile, at=NOON)
        assert not SentForm.objects.exists()

    def test_marks_are_forgotten_after_a_week_and_not_before(self) -> None:
        send(self.odile, filled("mark"))
        sent = SentForm.objects.get().sent_at
        signin.delete_expired(at=sent + signin.SENT_FORM_RETENTION)
        assert SentForm.objects.count() == 1
        signin.delete_expired(at=sent + 2 * signin.SENT_FORM_RETENTION)
        assert not SentForm.objects.exists()

    def test_every_page_of_a_new_record_has_its_mark(self) -> None:
        registers = [one for one in admin.site._registry.values() if isinstance(one, RecordAdmin) and one.record_form]
        assert len(registers) > 15
        for register in registers:
            with self.subTest(register.opts.label):
                assert type(register).new is RecordAdmin.new
                opened = self.client.get(reverse(f"admin:{register._route}_new"), secure=True)
                assert opened.status_code == 403 or MARK.search(opened.content.decode())


def test_a_file_that_was_read_already_counts_with_all_of_it() -> None:
    said = []
    for paper in (PDF, PDF + b" "):
        request = RequestFactory().post("/", {"file": SimpleUploadedFile("a.pdf", paper)})
        request.FILES["file"].read()
        said.append(form_submissions.content_of(request))
    assert said[0] != said[1]


def test_two_sendings_at_the_same_moment_make_one_record(portal_database: PortalDatabase) -> None:
    odile = make_odile()
    make_aram()
    for number in (1, 2, 3):
        both = [partial(send, odile, filled(f"mark-{number}"))] * 2
        assert len(set(at_once(*both))) == 1
        assert Inspection.objects.count() == SentForm.objects.count() == number
    # The control: with a mark each, both make a record.
    assert len(set(at_once(*[partial(send, odile, filled(f"own-{one}")) for one in "ab"]))) == 2
    assert Inspection.objects.count() == 5
