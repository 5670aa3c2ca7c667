"""Where the host names officers' security keys, nothing is destroyed that they have not signed."""

import json
from contextlib import suppress
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.http import HttpResponse
from django.test import override_settings
from django.urls import reverse
from fido2.utils import websafe_encode
from fido2.webauthn import AuthenticatorData

from devices.models import Device
from privacy.accounts import actions as accounts
from privacy.accounts import approval_signatures
from privacy.accounts.approval_signatures import Act, Approval, NotSigned, Signature
from privacy.accounts.models import ApprovalSignature, EmergencyApproval, User
from privacy.accounts.second_person import person_behind
from privacy.retention import actions as retention
from privacy.retention.destruction import signed_approvals
from privacy.retention.models import DestructionList
from privacy.rights import actions as rights
from privacy.rights.actions import RequestedRight
from tests import factory
from tests.base import PortalTestCase
from tests.factory import SWEEPER, at_noon, make_expired_device, make_odile, make_omar, sweep_on
from tests.privacy.retention.test_approval import lower_the_ceiling
from tests.software_key import HERE, SoftwareKey

pytestmark = [pytest.mark.attack("18.1"), pytest.mark.clause("P7.1")]

DUE = date(2026, 5, 16)
AT = at_noon(DUE)
LATER = AT + timedelta(hours=25)


class Signed(PortalTestCase):
    """Odile and Omar have a key each, which the host names."""

    def setUp(self) -> None:
        self.odile, self.omar = make_odile(), make_omar()
        self.keys = {self.odile: SoftwareKey(b"o"), self.omar: SoftwareKey(b"m")}
        lines = []
        for user, key in self.keys.items():
            key.belongs_to(user)
            lines += self.lines_of(user)
        named = override_settings(APPROVER_KEYS=lines, PORTAL_URL=HERE)
        named.enable()
        self.addCleanup(named.disable)

    @staticmethod
    def lines_of(user: User) -> list[str]:
        keys = approval_signatures.keys_of(user).values()
        return [approval_signatures.key_line(user.ref, key) for key in keys]

    def sign(self, user: User, *approvals: Approval, at: datetime = AT, **lie: Any) -> Signature:
        options = json.loads(approval_signatures.options_for(user, approvals, at=at))
        return Signature(at, list(approvals), self.keys[user].sign(options, **lie))

    @staticmethod
    def unsigned() -> Any:
        """Return what pages under somebody else's control do: they ask for no signature."""
        return override_settings(APPROVER_KEYS=[])


class AListTests(Signed):
    def setUp(self) -> None:
        super().setUp()
        self.device = make_expired_device(ended_on=date(2024, 5, 15))
        self.row = sweep_on(DUE).lists.get()
        self.approval = retention.approval_of(self.row)

    def is_there(self) -> bool:
        return Device.objects.filter(pk=self.device.pk).exists()

    def carry_out(self) -> int:
        return retention.execute_ready(actor=SWEEPER, at=LATER)

    def test_that_is_signed_is_carried_out(self) -> None:
        retention.approve(self.row, signature=self.sign(self.odile, self.approval), actor=self.odile, at=AT)
        assert not list(signed_approvals.unsigned_lists(AT))
        assert self.carry_out() == 1
        assert not self.is_there()

    def test_is_not_approved_without_a_signature(self) -> None:
        with pytest.raises(NotSigned):
            retention.approve(self.row, actor=self.odile, at=AT)
        assert DestructionList.objects.get().state == DestructionList.State.PROPOSED

    @pytest.mark.asvs("6.7.1")
    def test_that_pages_approved_in_an_officers_name_is_never_carried_out(self) -> None:
        with self.unsigned():
            retention.approve(self.row, actor=self.odile, at=AT)
        assert [one.about for one in signed_approvals.unsigned_lists(AT)] == [self.row.reference]
        with pytest.raises(NotSigned):
            retention.execute(self.row, actor=SWEEPER, at=LATER)
        assert self.carry_out() == 0
        assert self.is_there()
        # Positive control: without the list of keys the same list goes.
        with self.unsigned():
            assert self.carry_out() == 1

    def test_no_false_signature_is_taken_by_pages_or_by_the_worker(self) -> None:
        other = Approval(Act.DESTROY, self.row.reference, "another plan")
        thief = SoftwareKey(b"t")
        thief.belongs_to(self.odile)
        shown = approval_signatures.statement_of([self.approval], by=self.odile.ref, at=AT)
        options = json.loads(approval_signatures.options_for(self.odile, [self.approval], at=AT))
        deep = self.sign(self.odile, self.approval)
        deep.credential["response"]["clientDataJSON"] = websafe_encode(b"[" * 14_000)
        lies = {
            "another plan": self.sign(self.odile, other),
            "a key that the host does not name": Signature(AT, [self.approval], thief.sign(options)),
            "another's key": Signature(AT, [self.approval], self.keys[self.omar].sign(options)),
            "another page": self.sign(self.odile, self.approval, origin="https://localhost"),
            "a frame": self.sign(self.odile, self.approval, crossOrigin=True),
            "nobody there": self.sign(self.odile, self.approval, flags=AuthenticatorData.FLAG.UV),
            "nobody known": self.sign(self.odile, self.approval, flags=AuthenticatorData.FLAG.UP),
            "a sign-in": self.sign(self.odile, self.approval, challenge="AAAA"),
            "what no browser says": deep,
            "half an answer": Signature(AT, [self.approval], {"id": "b28", "response": {}}),
            "no answer": Signature(AT, [self.approval], {}),
        }
        for lie, signature in lies.items():
            with self.subTest(lie), pytest.raises(NotSigned):
                retention.approve(self.row, signature=signature, actor=self.odile, at=AT)
        with self.unsigned():
            retention.approve(self.row, actor=self.odile, at=AT)
        for lie, signature in lies.items():
            response = signature.credential.get("response", {})
            for key in (
                *approval_signatures.keys_of(self.odile).values(),
                *approval_signatures.keys_of(self.omar).values(),
            ):
                self.plant(shown, key=key, answer=dict(response))
            with self.subTest(lie):
                assert self.carry_out() == 0
        assert self.is_there()
        # Positive control: planted in the same way, the true one is taken.
        true = self.sign(self.odile, self.approval)
        (key,) = [
            known for one, known in approval_signatures.keys_of(self.odile).items() if one == self.keys[self.odile].id
        ]
        self.plant(shown, key=key, answer=dict(true.credential["response"]))
        assert self.carry_out() == 1

    def plant(self, statement: str, *, key: bytes, answer: dict[str, str]) -> None:
        ApprovalSignature.objects.create(
            about=self.row.reference, made_by=self.odile.ref, made_at=AT, statement=statement,
            key=approval_signatures.websafe_encode(key), answer=json.dumps(answer),
        )  # fmt: skip

    def test_rows_that_are_no_signature_stop_nobody(self) -> None:
        retention.approve(self.row, signature=self.sign(self.odile, self.approval), actor=self.odile, at=AT)
        (known,) = approval_signatures.keys_of(self.odile).values()
        shown = approval_signatures.statement_of([self.approval], by=self.odile.ref, at=AT)
        cut = websafe_encode(b"\0" * 32 + b"\x85\0\0\0\0")
        deep = websafe_encode(b"[" * 14_000)
        answers = [
            "", "[]", "null", "7", "{}", '{"signature": 7}', "[" * 19_000, "9" * 19_000,
            json.dumps({"clientDataJSON": 10**30, "authenticatorData": cut, "signature": "AAAA"}),
            json.dumps({"clientDataJSON": deep, "authenticatorData": cut, "signature": "AAAA"}),
            json.dumps({"clientDataJSON": websafe_encode(b'{"challenge": "AAAA"}'), "authenticatorData": cut,
                        "signature": "AAAA"}),
        ]  # fmt: skip
        for answer in answers:
            for statement, key in (("", ""), ("a\nb\nat x\n", "?"), (shown, websafe_encode(known)), (shown, "!")):
                ApprovalSignature.objects.create(
                    about=self.row.reference, made_by=self.odile.ref, made_at=AT,
                    statement=statement, key=key, answer=answer,
                )  # fmt: skip
        assert list(signed_approvals.unsigned_lists(AT)) == []
        assert self.carry_out() == 1

    def test_a_list_that_nobody_is_named_to_have_approved_is_refused_by_database_and_worker(self) -> None:
        changes = {"state": "approved", "approved_at": AT, "not_before": AT, "approved_by": ""}
        with pytest.raises(IntegrityError), transaction.atomic():
            DestructionList.objects.filter(pk=self.row.pk).update(**changes)
        nobody = DestructionList.objects.select_related("run").get(pk=self.row.pk)
        for name in ("", "rule:2020-12-01", "case:K7", "system:sweep"):
            nobody.approved_by, nobody.approved_at = name, AT
            with pytest.raises(NotSigned):
                signed_approvals.refuse_unsigned(nobody)
        nobody.needs_approval, nobody.approved_by = False, "rule:2020-12-01"
        signed_approvals.refuse_unsigned(nobody)
        nobody.over_ceiling = True
        with pytest.raises(NotSigned):
            signed_approvals.refuse_unsigned(nobody)

    def test_a_page_that_stood_open_too_long_is_asked_again(self) -> None:
        late = AT + timedelta(minutes=16)
        with pytest.raises(NotSigned, match="old"):
            retention.approve(self.row, signature=self.sign(self.odile, self.approval), actor=self.odile, at=late)


class TwoOfficersTests(Signed):
    def test_above_the_ceiling_both_sign_and_one_does_not_sign_for_the_other(self) -> None:
        lower_the_ceiling(people=1)
        for number in (1, 2):
            make_expired_device(number, ended_on=date(2024, 5, 15))
        row = sweep_on(DUE).lists.get()
        approval = retention.approval_of(row)
        retention.approve(row, signature=self.sign(self.odile, approval), actor=self.odile, at=AT)
        with pytest.raises(NotSigned):
            retention.approve(row, signature=self.sign(self.odile, approval), actor=self.omar, at=AT)
        with self.unsigned():
            retention.approve(row, actor=self.omar, at=AT)
        assert retention.execute_ready(actor=SWEEPER, at=LATER) == 0
        # One signature of one officer never stands for two, whoever is named twice.
        row = DestructionList.objects.select_related("run").get(pk=row.pk)
        row.seconded_by, row.seconded_at = self.odile.ref, AT
        with pytest.raises(NotSigned):
            signed_approvals.refuse_unsigned(row)
        signature = self.sign(self.omar, approval)
        accounts.keep_signature(signature, approval, signer=self.omar, at=AT)
        assert retention.execute_ready(actor=SWEEPER, at=LATER) == 1


class ADeletionTests(Signed):
    """What a case destroys: its release is signed, for these people and this release."""

    def setUp(self) -> None:
        super().setUp()
        factory.grant_office_categories(self.omar, by=self.odile)
        self.device = factory.make_device(1)
        receipt = factory.ask(RequestedRight("deletion"), target=factory.imei(1))
        self.right = factory.make_granted(receipt)
        (self.approval,) = rights.approvals_of(self.right, at=factory.NOON)

    def carry_out(self, *, at: datetime = factory.NOON + timedelta(hours=25)) -> bool:
        """Let the worker go on after the wait; return whether the data is gone."""
        with suppress(NotSigned):
            rights.continue_execution(self.right, actor=SWEEPER, at=at)
        retention.execute_ready(actor=SWEEPER, at=at)
        return not Device.objects.filter(pk=self.device.pk).exists()

    def test_that_is_signed_goes(self) -> None:
        signature = self.sign(self.omar, self.approval, at=factory.NOON)
        rights.carry_out(self.right, signature=signature, actor=self.omar, at=factory.NOON)
        assert self.carry_out()

    def test_without_a_signature_it_is_not_released(self) -> None:
        with pytest.raises(NotSigned):
            rights.carry_out(self.right, actor=self.omar, at=factory.NOON)
        self.right.refresh_from_db()
        assert self.right.started_at is None

    def test_that_pages_released_in_somebodys_name_destroys_nothing(self) -> None:
        with self.unsigned():
            rights.carry_out(self.right, actor=self.omar, at=factory.NOON)
        assert not self.carry_out()
        with self.unsigned():
            assert self.carry_out()

    def test_the_signature_of_an_earlier_release_or_of_others_does_not_count(self) -> None:
        earlier = factory.NOON - timedelta(hours=2)
        people, _space, categories = self.approval.shown.partition(" ")
        others = Approval(Act.RELEASE, self.approval.about, f"{64 * '0'} {categories}")
        less = Approval(Act.RELEASE, self.approval.about, f"{people} app-log")
        for approval, at in ((self.approval, earlier), (others, factory.NOON), (less, factory.NOON)):
            accounts.keep_signature(self.sign(self.omar, approval, at=at), approval, signer=self.omar, at=at)
        with self.unsigned():
            rights.carry_out(self.right, actor=self.omar, at=factory.NOON)
        assert not self.carry_out()

    def test_one_signature_releases_once_also_where_the_deletion_was_stopped(self) -> None:
        signature = self.sign(self.omar, self.approval, at=factory.NOON)
        rights.carry_out(self.right, signature=signature, actor=self.omar, at=factory.NOON)
        stopped = factory.NOON + timedelta(minutes=2)
        right = rights.stop_destruction(self.right, reason="asked by telephone", actor=self.odile, at=stopped)
        granted = rights.grant(right, actor=self.odile, at=stopped)
        again = stopped + timedelta(minutes=1)
        with self.unsigned():
            rights.carry_out(granted, actor=self.omar, at=again)
        assert not self.carry_out()
        # Positive control: signed anew, it goes.
        signature = self.sign(self.omar, self.approval, at=again)
        accounts.keep_signature(signature, self.approval, signer=self.omar, at=again)
        assert self.carry_out()

    def test_a_release_whose_signature_does_not_count_any_more_can_be_stopped_and_signed_anew(self) -> None:
        signature = self.sign(self.omar, self.approval, at=factory.NOON)
        rights.carry_out(self.right, signature=signature, actor=self.omar, at=factory.NOON)
        with override_settings(APPROVER_KEYS=self.lines_of(self.odile)):
            assert not self.carry_out()
            self.right.refresh_from_db()
            assert self.right.trouble == NotSigned.code
            assert self.right.can_be_stopped
            assert not DestructionList.objects.exists()
        at = factory.NOON + timedelta(hours=26)
        right = rights.stop_destruction(self.right, reason="not signed any more", actor=self.odile, at=at)
        granted = rights.grant(right, actor=self.odile, at=at)
        later = at + timedelta(minutes=1)
        (approval,) = rights.approvals_of(granted, at=later)
        rights.carry_out(granted, signature=self.sign(self.omar, approval, at=later), actor=self.omar, at=later)
        assert self.carry_out(at=later + timedelta(hours=25))

    def test_the_signature_names_nobody(self) -> None:
        signature = self.sign(self.omar, self.approval, at=factory.NOON)
        rights.carry_out(self.right, signature=signature, actor=self.omar, at=factory.NOON)
        assert str(self.device.subject_id) not in ApprovalSignature.objects.get().statement


class PageTests(Signed):
    """The officer sees what the key signs, and what comes back is of what is there now."""

    def setUp(self) -> None:
        super().setUp()
        make_expired_device(ended_on=date(2024, 5, 15))
        self.row = sweep_on(DUE).lists.get()
        self.client.defaults["HTTP_HOST"] = "localhost"
        self.client.force_login(self.odile)

    def press(self, **answers: str) -> HttpResponse:
        data = {"action": "approve", "_selected_action": [str(self.row.pk)], **answers}
        answer: HttpResponse = self.client.post(
            reverse("admin:retention_destructionlist_changelist"), data, follow=True
        )
        return answer

    def test_it_is_signed_there(self) -> None:
        page = self.press()
        assert str(retention.approval_of(self.row)) in page.content.decode()
        signing = page.context["signing"]  # type: ignore[attr-defined]
        credential = json.dumps(self.keys[self.odile].sign(json.loads(signing["options"])))
        self.press(confirmed="yes", credential=credential, signed_at=signing["signed_at"])
        assert DestructionList.objects.get().state == DestructionList.State.APPROVED
        assert not list(signed_approvals.unsigned_lists(AT))

    def test_what_is_sent_without_a_signature_is_refused_and_said(self) -> None:
        for sent in ({}, {"credential": "", "signed_at": ""}, {"credential": "{}", "signed_at": "2026-05-16"}):
            page = self.press(confirmed="yes", **sent).content.decode()
            assert "보안 키" in page
            assert DestructionList.objects.get().state == DestructionList.State.PROPOSED

    @pytest.mark.truth("answer-of-no-key")
    def test_what_no_browser_sends_is_refused_and_said(self) -> None:
        deep = {"signed_at": AT.isoformat(), "credential": "[" * 200_000}
        early = {"signed_at": "0001-01-01T00:00:00+23:59", "credential": "{}"}
        for answers in (deep, early):
            page = self.press(confirmed="yes", **answers).content.decode()
            assert "보안 키" in page
            assert DestructionList.objects.get().state == DestructionList.State.PROPOSED

    def test_whose_keys_are_not_named_is_told_what_to_do(self) -> None:
        with override_settings(APPROVER_KEYS=["U-OTHER:x"]):
            assert "APPROVER_KEYS" in self.press().content.decode()

    def test_my_sign_in_shows_the_line_for_the_operator(self) -> None:
        (line,) = self.lines_of(self.odile)
        address = reverse("mfa_index")
        assert line not in self.client.get(address).content.decode()
        with override_settings(APPROVER_KEYS=[]):
            assert line in self.client.get(address).content.decode()


def test_a_case_that_is_no_case_has_no_release() -> None:
    for case in ("K7-AAAA-AAAA#\u00b2", "K7-AAAA-AAAA#", "#", "", "K7#99999", "K7#-1"):
        assert rights.release_of(case) is None


def test_only_an_emergency_stands_for_the_officer_who_made_it() -> None:
    """Whoever writes the tables gives an emergency approval no account's name."""
    assert person_behind("U-7F3K-92QX") == "U-7F3K-92QX"
    assert "emergency_has_a_name_of_its_own" in {one.name for one in EmergencyApproval._meta.constraints}
