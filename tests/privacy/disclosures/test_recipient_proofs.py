"""Recipients prove a correction (P1.6): one that says so and has not, one that is late, one that no longer exists."""

import hashlib
import hmac
import json
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import translation

from privacy.accounts.second_person import NotASecondPerson
from privacy.disclosures import actions as disclosures
from privacy.disclosures import notice_texts, proof_keys
from privacy.disclosures.models import CorrectionProof, Notice, RecipientAnswer
from privacy.disclosures.tasks import deliver_follow_up
from privacy.jobs import outbox
from privacy.jobs.dispatcher import dispatch_due
from privacy.jobs.models import GeneralOutbox
from privacy.ledger.models import AccessRecord, Entry
from privacy.lib.crypto.commitments import commitment
from privacy.lib.dates import clock
from privacy.lib.registries import deadlines
from privacy.rights import actions as rights
from privacy.rights import letters, recipient_states
from privacy.rights.models import Right
from privacy.vault.models import EncryptedFile
from tests import factory
from tests.base import PortalTestCase
from tests.database import ROOT
from tests.factories.accounts import NOON
from tests.privacy.disclosures.smtp_server import mailbox
from tests.privacy.disclosures.test_webhook_and_letter import receiver
from tests.sample_uploads import PDF

KEY = re.compile(r'class="digest">([0-9a-f]{64})<')
SETTLED = {"note": "commercial register, closed", "name": "register.pdf", "content": PDF}


def corrected(*parties: dict[str, Any]) -> Right:
    """A corrected IMEI, of which each of these third parties was given the wrong one."""
    device = factory.make_device(1)
    for number, party in enumerate(parties):
        made = factory.make_third_party(f"party{number}", **party)
        factory.make_provided(device, "imei", third_party=made)
    right = factory.make_granted(factory.ask_correction(answer_by="portal"))
    rights.carry_out(right, actor=factory.make_officer(), at=NOON)
    right.refresh_from_db()
    return right


def notice_to(code: str) -> Notice:
    return Notice.objects.select_related("third_party", "proof").get(third_party__code=code)


def link_of(notice: Notice) -> str:
    return notice_texts.acknowledgement_link(notice).split("//", 1)[1].split("/", 1)[1].removeprefix("en/")


@pytest.mark.clause("P1.6")
@pytest.mark.clock(NOON)
class RecipientOnItsPage(PortalTestCase):
    """A recipient that is told by e-mail answers on the page behind its link."""

    def setUp(self) -> None:
        self.right = corrected({})
        with mailbox() as box:
            dispatch_due(at=NOON)
        assert "not enough" in str(box.arrived[0])
        self.notice = notice_to("party0")
        self.page = f"/en/{link_of(self.notice)}"

    def proof(self) -> CorrectionProof:
        return CorrectionProof.objects.get()

    def answer(self, *, status: int = 302, **given: Any) -> str:
        """Fill in the page as it is now, and send it."""
        asked = given.pop("asked", self.proof().round)
        sent = self.client.post(f"{self.page}answer/", {"asked": asked, "says-imei": "corrected", **given})
        assert sent.status_code == status, sent.content.decode()
        return self.client.get(f"{self.page}answer/").content.decode()

    def test_a_click_says_no_more_than_that_it_was_received(self) -> None:
        assert self.client.get(f"{self.page}answer/").status_code == 302, "a mail scanner sees no key"
        shown = self.client.post(self.page).content.decode()
        assert factory.RIGHT_IMEI in shown
        assert (notice_to("party0").state, self.proof().state) == ("acknowledged", "asked")
        with translation.override("en"):
            (state,) = recipient_states.states_of(self.right.request, on=clock.kst_date(NOON))
        assert "says that it has received" in state.says and not state.ended
        page = self.client.get(f"{self.page}answer/").content.decode()
        assert factory.RIGHT_IMEI not in page and KEY.search(page)

    def test_one_that_confirms_without_correcting_is_detected_asked_again_and_given_to_the_office(self) -> None:
        self.client.post(self.page)
        first_key = KEY.search(self.client.get(f"{self.page}answer/").content.decode())
        assert "does not match" in self.answer(**{"value-imei": factory.imei(1)})
        proof = self.proof()
        assert (proof.state, proof.round, proof.tries_left) == ("contradicted", 2, 2)
        self.assertLedgered("disclosures.proof.contradicted", proof)
        with mailbox() as box:
            dispatch_due(at=NOON)
        assert [self.notice.reference in str(mail["Subject"]) for mail in box.arrived] == [True]
        # The right value under the key of the first question, and the first question itself, count no more.
        assert first_key is not None
        stale = commitment(bytes.fromhex(first_key[1]), "imei", factory.RIGHT_IMEI)
        self.answer(status=422, asked=1, **{"value-imei": factory.RIGHT_IMEI})
        self.answer(**{"commitment-imei": stale})
        assert self.proof().tries_left == 1
        self.answer(**{"value-imei": factory.imei(2)})
        proof = self.proof()
        assert (proof.state, proof.tries_left, proof.escalated_because) == ("contradicted", 0, "contradicted")
        self.answer(status=422, **{"value-imei": factory.RIGHT_IMEI})
        with translation.override("ko"):
            (state,) = recipient_states.states_of(self.right.request, on=clock.kst_date(NOON))
        assert state.with_the_office and "일치하지" in state.says
        told = deadlines.deadlines_between(proof.due_on, proof.due_on, on=proof.due_on, may=lambda _name: True)
        assert any(line.source.name == "disclosures.proof" for line in told)
        disclosures.ask_for_proof(self.notice, actor=factory.make_odile(), at=NOON)
        assert "corrected information" in self.answer(**{"value-imei": f" {factory.RIGHT_IMEI} "})
        assert (self.proof().state, self.proof().answers.count()) == ("proven", 4)
        kept = json.dumps(list(RecipientAnswer.objects.values_list("items", flat=True)))
        assert factory.RIGHT_IMEI not in kept + json.dumps(list(Entry.objects.values_list("payload", flat=True)))

    def test_a_digest_computed_with_the_key_of_the_page_proves_it_with_a_file(self) -> None:
        self.client.post(self.page)
        found = KEY.search(self.client.get(f"{self.page}answer/").content.decode())
        assert found is not None
        signed = b"imei." + factory.RIGHT_IMEI.encode()
        made = hmac.new(bytes.fromhex(found[1]), signed, hashlib.sha256).hexdigest()
        file = SimpleUploadedFile("shot.pdf", PDF, "application/pdf")
        self.answer(**{"commitment-imei": made, "evidence": file})
        answer = RecipientAnswer.objects.get()
        assert (self.proof().state, answer.late, answer.way) == ("proven", False, "page")
        assert EncryptedFile.objects.get(id=answer.file_id).state == "pending"
        disclosures.discard_orphaned_scans(actor=factory.make_officer(), at=NOON + timedelta(days=1))
        factory.judge_files(at=NOON)
        odile = factory.make_odile()
        factory.grant_scans(odile, by=factory.make_omar())
        content, _kind = disclosures.open_evidence(self.proof(), file_id=answer.file_id, actor=odile, at=NOON)
        assert content == PDF
        assert "disclosures.evidence.shown" in set(AccessRecord.objects.values_list("task", flat=True))

    def test_one_that_answers_late_is_reminded_escalated_and_taken_all_the_same(self) -> None:
        due = self.proof().due_on
        reminder = GeneralOutbox.objects.get(kind="disclosures.proof", done_at=None)
        # What a worker looked at too early goes back until then by its own clock: the row's moment is of today.
        morning = clock.midnight(due - timedelta(days=3)) + timedelta(hours=9)
        with mailbox() as box:
            with pytest.raises(outbox.RetryLater):
                deliver_follow_up(reminder.ids, event=reminder.id, starts=1, at=morning - timedelta(seconds=1))
            assert box.arrived == []
            deliver_follow_up(reminder.ids, event=reminder.id, starts=2, at=morning)
        assert len(box.arrived) == 1
        self.assertLedgered("disclosures.proof.reminded", self.proof())
        late = clock.midnight(due + timedelta(days=1)) + timedelta(hours=9)
        worker = factory.make_officer()
        assert disclosures.escalate_overdue(actor=worker, at=late - timedelta(hours=10)) == 0
        assert disclosures.escalate_overdue(actor=worker, at=late) == 1
        assert disclosures.escalate_overdue(actor=worker, at=late) == 0
        disclosures.acknowledge(self.page.split("/")[-2], at=late)
        given = {"imei": disclosures.ItemAnswer("corrected", value=factory.RIGHT_IMEI)}
        proof = disclosures.answer(self.notice, given, asked=1, way="page", at=late)
        assert proof.state == "proven" and proof.ended_late and proof.answers.get().late
        with translation.override("en"):
            (state,) = recipient_states.states_of(self.right.request, on=clock.kst_date(late))
        assert ", after the deadline," in state.says and state.ended

    def test_an_answer_is_whole_and_the_same_one_counts_once(self) -> None:
        for given in (
            {},
            {"imei": disclosures.ItemAnswer("corrected")},
            {"imei": disclosures.ItemAnswer("corrected", value="x", commitment="0" * 64)},
            {"imei": disclosures.ItemAnswer("corrected", commitment="0" * 63)},
            {"imei": disclosures.ItemAnswer("cannot")},
            {"imei": disclosures.ItemAnswer("gone")},
        ):
            with self.subTest(given), pytest.raises(disclosures.WrongAnswer):
                disclosures.answer(self.notice, given, asked=1, way="page", at=NOON)
        cannot = {"imei": disclosures.ItemAnswer("cannot", reason="law")}
        for _time in range(2):
            proof = disclosures.answer(self.notice, cannot, asked=1, way="page", at=NOON)
        assert (proof.state, proof.escalated_because, proof.answers.count()) == ("cannot", "cannot", 1)
        not_held = {"imei": disclosures.ItemAnswer("not-held")}
        assert disclosures.answer(self.notice, not_held, asked=1, way="page", at=NOON).state == "not-held"

    def test_a_later_correction_is_what_is_proven_and_the_proof_of_the_earlier_one_is_not(self) -> None:
        earlier = self.proof()
        old = commitment(proof_keys.key_of(earlier), "imei", factory.RIGHT_IMEI)
        again = factory.make_granted(
            factory.ask_correction(target=factory.RIGHT_IMEI, answer_by="portal", wanted=factory.imei(7))
        )
        rights.carry_out(again, actor=factory.make_officer(), at=NOON + timedelta(hours=1))
        earlier.refresh_from_db()
        later = Notice.objects.exclude(pk=self.notice.pk).get()
        assert (earlier.state, later.proof.state) == ("superseded", "asked")
        with pytest.raises(disclosures.WrongState):
            disclosures.answer(
                self.notice, {"imei": disclosures.ItemAnswer("corrected", commitment=old)}, asked=1, way="page", at=NOON
            )
        replayed = {"imei": disclosures.ItemAnswer("corrected", commitment=old)}
        assert disclosures.answer(later, replayed, asked=1, way="page", at=NOON).state == "contradicted"

    def test_the_answer_to_the_person_and_old_notices(self) -> None:
        with translation.override("en"):
            assert "Party0 Devices" in letters.decision_text(self.right, on=clock.kst_date(NOON))
        CorrectionProof.objects.all().delete()
        Notice.objects.update(state="acknowledged", acknowledged_at=NOON)
        with translation.override("en"):
            (state,) = recipient_states.states_of(self.right.request, on=clock.kst_date(NOON))
        assert state.says == "It says that it has received our notice."
        asked = disclosures.ask_for_proof(notice_to("party0"), actor=factory.make_odile(), at=NOON)
        assert (asked.state, asked.round) == ("asked", 1)


@pytest.mark.clause("P1.6")
class RecipientsSystem(PortalTestCase):
    """A recipient that is told by webhook answers with a signed call."""

    def send(
        self, notice: Notice, said: dict[str, Any], *, stamp: datetime | None = None, key: str = "",
        question_key: str = "00",
    ) -> Any:  # fmt: skip
        body = json.dumps(said).encode()
        told = str(int((stamp or clock.now()).timestamp()))
        secret = (key or notice_texts.webhook_key(notice.third_party)).encode()
        signed = b"answer." + told.encode() + b"." + body
        made = hmac.new(secret, signed, hashlib.sha256).hexdigest()
        question = hmac.new(bytes.fromhex(question_key), signed, hashlib.sha256).hexdigest()
        return Client(enforce_csrf_checks=True).post(
            f"/notices/{notice.reference}/answer/", body, content_type="application/json",
            headers={
                "X-Extrus-Timestamp": told, "X-Extrus-Signature": f"sha256={made}",
                "X-Extrus-Answer-Signature": f"sha256={question}",
            },
        )  # fmt: skip

    @pytest.mark.asvs("8.2.2")
    def test_it_commits_to_what_it_holds_and_is_asked_under_a_new_key_where_that_is_wrong(self) -> None:
        with receiver() as (told, address):
            corrected({"channel": "webhook", "webhook_url": address, "mailbox": ""})
            dispatch_due(at=NOON)
            notice = notice_to("party0")

            def answer(value: str, **changes: Any) -> Any:
                asked = json.loads(told.calls[-1][1])["answer"]
                made = commitment(bytes.fromhex(asked["key"]), "imei", value)
                items = {"imei": {"says": "corrected", "commitment": made}}
                sent = {"notice": notice.reference, "round": asked["round"], "items": items, **changes}
                return lambda **how: self.send(notice, sent, **{"question_key": asked["signing_key"], **how})

            right = answer(factory.RIGHT_IMEI)
            assert right(key="0" * 64).status_code == 401
            other = factory.make_third_party("other", channel="webhook", webhook_url=address)
            assert right(key=notice_texts.webhook_key(other)).status_code == 401, "another recipient's own key"
            # Who has the webhook key and was not asked, as one of the office, says nothing in its name; nor does who
            # has the key of the commitments, which the page behind a printed link shows.
            page_key = json.loads(told.calls[-1][1])["answer"]["key"]
            assert answer("", items={"imei": {"says": "not-held"}})(question_key=page_key).status_code == 401
            assert answer("", items={"imei": {"says": "not-held"}})(question_key="0" * 64).status_code == 401
            assert right(stamp=clock.now() - timedelta(minutes=6)).status_code == 401
            assert answer(factory.RIGHT_IMEI, items={}, round=1)().status_code == 422
            assert answer(factory.RIGHT_IMEI, notice="N-0000-0000")().status_code == 422
            wrong = answer(factory.imei(1))
            assert wrong().json()["state"] == "contradicted"
            assert wrong().json()["round"] == 2, "the same answer again is the same answer"
            assert CorrectionProof.objects.get().contradictions == 1
            assert right().status_code == 409, "its key was that of the first question"
            dispatch_due(at=NOON)
            assert len(told.calls) == 2 and len(told.effects) == 2
            assert answer(factory.RIGHT_IMEI)().json()["state"] == "proven"
        assert RecipientAnswer.objects.filter(way="webhook").count() == 2
        entry = self.assertLedgered("disclosures.proof.proven", CorrectionProof.objects.get())
        assert notice.third_party.reference in entry.payload

    def test_the_example_of_the_document_is_an_answer(self) -> None:
        """docs/recipients.md: what recipients copy from there is run as it is printed."""
        text = (ROOT / "docs/recipients.md").read_text("utf-8")
        example: dict[str, Any] = {}
        exec(text.split("```python\n")[1].split("```")[0], example)
        corrected({"channel": "webhook", "webhook_url": "https://a.example/", "mailbox": ""})
        notice = notice_to("party0")
        told = json.loads(notice_texts.webhook_body(notice, []))
        held = {"imei": [factory.RIGHT_IMEI]}
        headers, body = example["answer"](told, held, notice_texts.webhook_key(notice.third_party))
        address = told["answer"]["to"].removeprefix(settings.PORTAL_URL)
        sent = self.client.post(address, body, content_type="application/json", headers=headers)
        assert (sent.status_code, sent.json()["state"]) == (200, "proven")

    def test_a_notice_of_ours_given_back_is_no_answer(self) -> None:
        corrected({"channel": "webhook", "webhook_url": "https://a.example/", "mailbox": ""})
        notice = notice_to("party0")
        body = notice_texts.webhook_body(notice, [])
        stamp = str(int(clock.now().timestamp()))
        headers = {
            "X-Extrus-Timestamp": stamp,
            "X-Extrus-Signature": f"sha256={notice_texts.signature(notice.third_party, stamp=stamp, body=body)}",
        }
        address = f"/notices/{notice.reference}/answer/"
        assert self.client.post(address, body, content_type="application/json", headers=headers).status_code == 401


@pytest.mark.clause("P1.6")
class RecipientThatNoLongerExists(PortalTestCase):
    """Nobody answers there any more: two people settle it, and nobody alone."""

    def setUp(self) -> None:
        self.right = corrected({})
        with mailbox():
            dispatch_due(at=NOON)
        self.notice = notice_to("party0")
        disclosures.mark_bounced(self.notice, actor=factory.make_officer(), at=NOON, why="bounced 5.1.1")
        self.proof = CorrectionProof.objects.get()

    def settle(self, **changes: Any) -> CorrectionProof:
        given = {"settled_as": "gone", **SETTLED, "actor": factory.make_odile(), "at": NOON, **changes}
        return disclosures.settle(self.proof, **given)

    def must_fail(self, statement: str) -> None:
        """Whoever writes it, the owner of the tables too: a constraint or a trigger says no."""
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)

    def test_it_is_shown_escalated_and_settled_by_two(self) -> None:
        assert self.proof.escalated_because == "unreachable"
        with pytest.raises(disclosures.MissingEvidence):
            self.settle(content=b"")
        assert self.settle().state == "asked"
        with pytest.raises((disclosures.SamePerson, NotASecondPerson)):
            disclosures.second_settlement(self.proof, agrees=True, actor=factory.make_odile(), at=NOON)
        with pytest.raises(disclosures.WrongState):
            disclosures.second_settlement(self.proof, agrees=True, read="x", actor=factory.make_omar(), at=NOON)
        sent_back = disclosures.second_settlement(self.proof, agrees=False, actor=factory.make_omar(), at=NOON)
        assert (sent_back.settled_by, sent_back.file_id) == ("", None)
        self.settle()
        done = disclosures.second_settlement(self.proof, agrees=True, actor=factory.make_omar(), at=NOON)
        assert done.state == "settled"
        with translation.override("en"):
            (state,) = recipient_states.states_of(self.right.request, on=clock.kst_date(NOON))
        assert "no longer exists" in state.says and state.ended and not state.with_the_office
        # It answers after all, and wrongly: it is open again, on record, and only its own proof ends it now.
        wrong = {"imei": disclosures.ItemAnswer("corrected", value=factory.imei(1))}
        reopened = disclosures.answer(self.notice, wrong, asked=1, way="page", at=NOON)
        assert (reopened.state, reopened.ended_at) == ("contradicted", None)
        with pytest.raises(disclosures.WrongState):
            self.settle()
        entry = self.assertLedgered("disclosures.proof.contradicted", reopened)
        assert '"before":"settled"' in entry.payload.replace(" ", "")

    def test_nobody_makes_one_proven_or_settled_alone_in_the_database(self) -> None:
        self.settle()
        settled = "state = 'settled', ended_at = now(), seconded_at = now(), seconded_by"
        attempts = (
            "state = 'proven', ended_at = now()",
            f"state = 'proven', ended_at = now(), answer_id = '{self.proof.id}'",
            "state = 'settled', ended_at = now()",
            f"{settled} = settled_by",
            f"{settled} = 'U-0000-0000'",
            f"{settled} = '{factory.make_user('new@extrus.example', 'New', 'officer').reference}', file_digest = ''",
        )
        for attempt in attempts:
            with self.subTest(attempt):
                self.must_fail(f"UPDATE disclosures_correctionproof SET {attempt}")
        given = {"imei": disclosures.ItemAnswer("not-held")}
        disclosures.answer(self.notice, given, asked=1, way="page", at=NOON)
        answers = "disclosures_recipientanswer"
        for attempt in (f"UPDATE {answers} SET verdict = 'proven'", f"DELETE FROM {answers}"):
            with self.subTest(attempt):
                self.must_fail(attempt)

    def test_the_officer_does_it_on_the_page(self) -> None:
        self.client.force_login(factory.make_odile())
        page = reverse("admin:disclosures_correctionproof_change", args=[self.proof.pk])
        shown = self.client.get(page).content.decode()
        assert 'value="settle"' in shown and 'value="ask_again"' in shown
