"""What a later notice ends, whose days run, which item is proven, what the office can't do in a recipient's name."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import translation

from privacy.disclosures import actions as disclosures
from privacy.disclosures import proof_states
from privacy.disclosures.models import CorrectionProof, Notice, RecipientAnswer
from privacy.disclosures.tasks import deliver_follow_up
from privacy.jobs.dispatcher import dispatch_due
from privacy.jobs.models import GeneralOutbox
from privacy.ledger.models import Entry
from privacy.lib.dates import clock
from privacy.lib.registries import deadlines
from privacy.rights import actions as rights
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON
from tests.privacy.disclosures.smtp_server import mailbox
from tests.privacy.disclosures.test_recipient_proofs import corrected, link_of, notice_to

DAY = timedelta(days=1)
RIGHT = disclosures.ItemAnswer("corrected", value=factory.RIGHT_IMEI)
NOT_HELD = disclosures.ItemAnswer("not-held")


def proof() -> CorrectionProof:
    return CorrectionProof.objects.select_related("notice__third_party").get()


def says(notice: Notice) -> str:
    row = Notice.objects.select_related("third_party", "proof").get(pk=notice.pk)
    with translation.override("en"):
        return proof_states.told([row], on=clock.kst_date(NOON))[0].says


@pytest.mark.clause("P1.6")
class LaterNotices(PortalTestCase):
    """What is asked ends where nothing is left to correct, and nowhere else."""

    def told_of_a_correction(self, *, by_law_too: bool) -> None:
        device = factory.make_device(1)
        factory.name_recipient("acme", items=["imei"], purposes=["repair"])
        factory.agree(device, "provision-acme")
        factory.make_provided(device, "imei", basis="consent", statute="", document_no="", purpose_code="repair")
        if by_law_too:
            factory.make_provided(device, "imei")
        right = factory.make_granted(factory.ask_correction(answer_by="portal"))
        rights.carry_out(right, actor=factory.make_officer(), at=NOON)
        factory.decide(device, "provision-acme", "withdraw")

    def test_a_withdrawn_consent_leaves_a_copy_on_another_basis_to_be_corrected(self) -> None:
        self.told_of_a_correction(by_law_too=True)
        assert proof().state == "asked"

    def test_a_withdrawn_consent_ends_what_rests_on_it_alone(self) -> None:
        self.told_of_a_correction(by_law_too=False)
        assert proof().state == "to-erase"

    def test_an_erasure_ends_it_unless_a_law_keeps_some(self) -> None:
        right = corrected({})
        notice = notice_to("party0")
        for number, (partly_kept, state) in enumerate(((True, "asked"), (False, "to-erase"))):
            disclosures.queue_notices(
                kind="erased", case_id=right.id if number else right.request_id, case_reference="R-2026-0002",
                subject_id=notice.subject_id, category=notice.category, items=notice.items, partly_kept=partly_kept,
                actor=factory.make_officer(), at=NOON,
            )  # fmt: skip
            assert proof().state == state
        assert "asked later to erase" in says(notice)
        with pytest.raises(disclosures.WrongState):
            disclosures.answer(notice, {"imei": RIGHT}, asked=1, way="page", at=NOON)


@pytest.mark.clause("P1.6")
class AgenciesAreForTheFew(PortalTestCase):
    def test_a_calendar_names_no_recipient_and_an_agency_only_to_who_may(self) -> None:
        for code, kind in (("agency", "investigator"), ("acme", "maker")):
            factory.make_notice(code, kind=kind)
        due = CorrectionProof.objects.values_list("due_on", flat=True)[0]

        def told(*, may_see: bool) -> list[str]:
            lines = deadlines.deadlines_between(
                due, due, on=due, may=lambda name: may_see or name != "disclosures.see_investigations"
            )
            return [line.dated.reference for line in lines if "proof" in line.source.name]

        assert told(may_see=False) == [notice_to("acme").reference]
        assert sorted(told(may_see=True)) == sorted(Notice.objects.values_list("reference", flat=True))


@pytest.mark.clause("P1.6")
class SeveralItems(PortalTestCase):
    """What is proven of one item is said of that item."""

    def setUp(self) -> None:
        corrected({})
        Notice.objects.update(items=["imei", "model"])
        self.notice = notice_to("party0")

    def test_one_that_is_no_longer_held_is_not_proven_with_the_other(self) -> None:
        given = {"imei": RIGHT, "model": NOT_HELD}
        row = disclosures.answer(self.notice, given, asked=1, way="page", at=NOON)
        assert row.state == "not-held"
        told = says(self.notice)
        assert "information: Terminal unique number (IMEI). It says that it no longer holds: Model name." in told
        with translation.override("en"):
            assert proof_states.state_text(proof()) == "partly proven"
        # It can still prove what it holds after all.
        held = {"imei": NOT_HELD, "model": disclosures.ItemAnswer("corrected", value="not our model")}
        assert disclosures.answer(self.notice, held, asked=1, way="page", at=NOON).state == "contradicted"

    def test_one_that_nothing_is_held_of_hides_no_proof_of_the_other(self) -> None:
        Notice.objects.update(items=["imei", "serial"])
        given = {"imei": RIGHT, "serial": disclosures.ItemAnswer("corrected", value="S-1")}
        assert disclosures.answer(notice_to("party0"), given, asked=1, way="page", at=NOON).state == "moot"
        told = says(self.notice)
        assert "It proved on" in told and "no longer hold these items for comparison" in told


@pytest.mark.clause("P1.6")
class DaysOfARecipient(PortalTestCase):
    """They begin when a question has left the house, and the same question once more gives no more of them."""

    def setUp(self) -> None:
        corrected({})
        with mailbox():
            dispatch_due(at=NOON)
        self.notice, self.odile = notice_to("party0"), factory.make_odile()

    def entries(self) -> list[tuple[str, str]]:
        found = Entry.objects.filter(word__startswith="disclosures.proof.").order_by("id")
        return list(found.values_list("word", "payload"))

    def test_a_notice_that_is_sent_again_is_as_late_as_before(self) -> None:
        due = proof().due_on
        late = NOON + (due - clock.kst_date(NOON)) + DAY
        disclosures.escalate_overdue(actor=self.odile, at=late)
        disclosures.resend(self.notice, actor=self.odile, at=late)
        with mailbox():
            dispatch_due(at=late)
        assert (proof().due_on, proof().escalated_because) == (due, "overdue")

    def test_one_that_could_not_be_reached_has_its_days_from_when_it_is(self) -> None:
        due = proof().due_on
        disclosures.mark_bounced(self.notice, actor=self.odile, at=NOON)
        disclosures.resend(self.notice, actor=self.odile, at=NOON + DAY)
        with mailbox():
            dispatch_due(at=NOON + DAY)
        assert (proof().due_on, proof().escalated_because) == (due + DAY, "")

    def test_who_is_asked_again_is_on_record_once_and_its_days_begin_when_it_leaves(self) -> None:
        disclosures.ask_for_proof(self.notice, actor=self.odile, at=NOON)
        far = proof().due_on + 90 * DAY
        assert proof().asked_at is None and not proof().is_late(far)
        assert not CorrectionProof.objects.overdue(far).exists()
        message = GeneralOutbox.objects.get(kind="disclosures.proof", ids__why="again")
        later = NOON + 2 * DAY
        with mailbox() as box:
            deliver_follow_up(message.ids, event=message.id, starts=1, at=later)
        assert len(box.arrived) == 1
        assert proof().asked_at == later and proof().due_on == clock.kst_date(later) + 10 * DAY
        told = [name for name, _payload in self.entries()]
        assert told == ["disclosures.proof.queued", "disclosures.proof.asked"]

    def test_what_left_is_recorded_with_the_round_that_it_was_about(self) -> None:
        disclosures.ask_for_proof(self.notice, actor=self.odile, at=NOON)
        asked = proof()
        wrong = {"imei": disclosures.ItemAnswer("corrected", value=factory.imei(1))}
        disclosures.answer(self.notice, wrong, asked=2, way="page", at=NOON)
        due = proof().due_on
        disclosures.mark_followed_up(asked, why="again", actor=self.odile, at=NOON + DAY)
        name, payload = self.entries()[-1]
        assert name == "disclosures.proof.asked" and '"round":2' in payload.replace(" ", "")
        assert (proof().round, proof().due_on) == (3, due)

    def test_one_that_got_a_letter_after_its_mail_came_back_is_not_reminded_by_mail(self) -> None:
        disclosures.mark_bounced(self.notice, actor=self.odile, at=NOON)
        disclosures.mark_posted(self.notice, actor=self.odile, at=NOON + DAY)
        last = GeneralOutbox.objects.filter(kind="disclosures.proof")
        assert last.count() == 1, "that of the first mail alone"
        reminder = last.get()
        CorrectionProof.objects.update(due_on=reminder.ids["due"])
        with mailbox() as box:
            deliver_follow_up(reminder.ids, event=reminder.id, starts=1, at=reminder.not_before)
        assert not box.arrived
        disclosures.ask_for_proof(self.notice, actor=self.odile, at=NOON + 2 * DAY)
        assert last.count() == 1 and notice_to("party0").state == "queued", "a letter waits for the officer"
        disclosures.mark_posted(self.notice, actor=self.odile, at=NOON + 3 * DAY)
        assert proof().due_on == clock.kst_date(NOON) + 13 * DAY
        assert [name for name, _payload in self.entries()][-1] == "disclosures.proof.asked"

    def test_one_that_answers_after_its_link_is_old_confirms_and_proves_and_sees_no_value(self) -> None:
        Notice.objects.update(sent_at=clock.now() - 31 * DAY)
        page = f"/en/{link_of(self.notice)}"
        assert self.client.get(page).status_code == 200
        shown = self.client.post(page).content.decode()
        assert "Prove the correction" in shown and factory.RIGHT_IMEI not in shown
        assert "too old to show the corrected value" in self.client.get(page).content.decode()
        given = {"asked": 1, "says-imei": "corrected", "value-imei": factory.RIGHT_IMEI}
        assert self.client.post(f"{page}answer/", given).status_code == 302
        assert proof().state == "proven"
        assert self.client.get(page).status_code == 404, "nothing is awaited any more"

    def test_one_that_answers_wrongly_by_a_letter_is_sent_another_and_is_not_late_before(self) -> None:
        disclosures.mark_bounced(self.notice, actor=self.odile, at=NOON)
        disclosures.mark_posted(self.notice, actor=self.odile, at=NOON)
        self.client.post(f"/en/{link_of(self.notice)}")
        given = {"asked": 1, "says-imei": "corrected", "value-imei": factory.imei(1)}
        told = self.client.post(f"/en/{link_of(self.notice)}answer/", given, follow=True).content.decode()
        assert "does not match" in told and "Send the answer" in told
        # Its day moves until the letter is posted, so the page names none.
        assert "Our next message gives the day" in told and "answer again. You have 2 more tries" in told
        assert (notice_to("party0").state, proof().state, proof().round) == ("queued", "contradicted", 2)
        assert disclosures.escalate_overdue(actor=self.odile, at=NOON + 90 * DAY) == 0
        assert "We are asking it again." in says(self.notice)
        disclosures.mark_posted(self.notice, actor=self.odile, at=NOON + 3 * DAY)
        assert proof().due_on == clock.kst_date(NOON) + 13 * DAY
        page = self.client.get(f"/en/{link_of(self.notice)}answer/").content.decode()
        assert "Our next message" not in page and ", tell us what your records say now" in page


@pytest.mark.clause("P1.6")
class OfficeInARecipientsName(PortalTestCase):
    """Whoever prints a letter has its link."""

    def test_a_session_of_the_office_neither_confirms_nor_proves(self) -> None:
        corrected({"channel": "letter", "postal_address": "Seoul", "mailbox": ""})
        notice = notice_to("party0")
        disclosures.mark_posted(notice, actor=factory.make_odile(), at=NOON)
        page = f"/en/{link_of(notice)}"
        given = {"asked": 1, "says-imei": "corrected", "value-imei": factory.RIGHT_IMEI}
        self.client.force_login(factory.make_odile())
        refused = self.client.post(page)
        assert refused.status_code == 403 and "signed in to the office" in refused.content.decode()
        assert factory.RIGHT_IMEI not in refused.content.decode()
        assert self.client.post(f"{page}answer/", given).status_code == 403
        assert (notice_to("party0").state, RecipientAnswer.objects.count()) == ("sent", 0)
        self.client.logout()
        self.client.post(page)
        assert self.client.post(f"{page}answer/", given).status_code == 302
        assert (proof().state, RecipientAnswer.objects.get().way) == ("proven", "letter")

    def test_a_letter_that_was_printed_and_an_address_that_was_changed_since_are_told(self) -> None:
        corrected({"channel": "letter", "postal_address": "Seoul", "mailbox": ""})
        notice, odile = notice_to("party0"), factory.make_odile()
        self.client.force_login(odile)
        asked = {"CHANGE_FORM-action": "print_letter", "_selected_action": str(notice.pk), "index": "0"}
        page = reverse("admin:disclosures_notice_change", args=[notice.pk])
        assert self.client.post(page, asked).content.startswith(b"%PDF")
        disclosures.change_channel(
            notice.third_party, channel="email", mailbox="other@party.example", actor=odile, at=clock.now()
        )
        with mailbox():
            dispatch_due(at=clock.now())
        with translation.override("en"):
            shown = self.client.get(reverse("admin:disclosures_correctionproof_change", args=[proof().pk]))
        assert "how it is told was changed" in shown.content.decode()
        assert "its webhook key was shown" not in shown.content.decode()
        self.client.logout()
        self.client.post(f"/en/{link_of(notice)}")
        given = {"asked": 1, "says-imei": "corrected", "value-imei": factory.RIGHT_IMEI}
        assert self.client.post(f"/en/{link_of(notice)}answer/", given).status_code == 302
        assert (notice_to("party0").channel, RecipientAnswer.objects.get().way) == ("email", "letter")
