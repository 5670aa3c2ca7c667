"""From the receipt of a correction nothing uses, provides or overwrites the item: one test for each path (P1.5, R-20).

``PATHS`` names every place of the code that opens or fills sealed fields, with the tests below that show it stopped, or
why it needs not be. A new place fails ``test_every_path_is_known`` until somebody says so here, and so does one
that is gone.
"""

import ast
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse

from consents import advertising
from devices import actions as devices
from devices.models import Batch, Device
from devices.refusals import FrozenItems, Suspended
from privacy.disclosures import actions as disclosures
from privacy.lib.dates import clock
from privacy.retention.destruction import blockers
from privacy.rights import actions as rights
from privacy.rights.actions import RequestedRight
from privacy.rights.models import Request
from privacy.vault import actions as vault
from privacy.vault.models import Freeze
from privacy.vault.purposes import EXEMPT_FROM_FREEZE, Purpose
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON

ROOT = Path(__file__).resolve().parents[3]
ITS_OWN = "the case itself: rights, legal duty, destruction"
OTHER = "papers and words of cases, complaints and authorities, which no correction is about"
OF_THE_CASE = (
    "access_packages", "corrections", "current_values", "identity_documents", "mandates", "messages", "notes",
    "package_builds", "particulars", "redactions", "report_corrections", "text_announcements",
)  # fmt: skip
PATHS: dict[str, str | list[str]] = {
    **{f"privacy/rights/actions/{name}.py": ITS_OWN for name in OF_THE_CASE},
    **dict.fromkeys(("privacy/rights/opened_letters.py", "privacy/rights/status_page.py"), ITS_OWN),
    # places that open
    "devices/admin/devices.py": ["test_the_console_shows_it_to_nobody", "test_an_export_of_many_is_refused"],
    "privacy/disclosures/actions/provisions.py": [
        "test_a_disclosure_is_refused_when_it_is_asked_for",
        "test_a_disclosure_is_refused_when_it_is_approved",
        "test_a_disclosure_is_refused_when_it_is_provided",
    ],
    "privacy/disclosures/actions/notices.py": ["test_a_notice_about_the_item_waits"],
    **{f"privacy/disclosures/actions/{one}.py": OTHER for one in ("scans", "settlements", "answering")},
    "privacy/safeguards/actions/proofs.py": OTHER,
    **{f"privacy/retention/actions/archive_{one}.py": ITS_OWN for one in ("transfer", "access")},
    **dict.fromkeys(("privacy/disclosures/proof_keys.py", "privacy/systems/identifiers.py"), ITS_OWN),
    "privacy/retention/destruction/readback.py": ITS_OWN,
    **{f"privacy/systems/actions/{one}.py": ITS_OWN for one in ("call_contents", "earlier_identifiers", "envelopes")},
    "privacy/systems/actions/by_hand.py": OTHER,
    "privacy/incidents/actions/complaints.py": OTHER,
    # a breach or a revision is told to the person herself (law B-02, P0.3): a duty under law
    "privacy/campaigns/recipients.py": ITS_OWN,
    "privacy/retention/tasks.py": ITS_OWN,
    "privacy/rights/actions/pickup_codes.py": ITS_OWN,
    "privacy/rights/recipients.py": OTHER,
    "privacy/incidents/recipients.py": OTHER,
    "privacy/incidents/register.py": OTHER,
    "privacy/workforce/actions/completions.py": OTHER,
    "privacy/workforce/actions/letters.py": OTHER,
    "privacy/retention/actions/paper_destruction.py": OTHER,
    "privacy/safeguards/actions/measures.py": OTHER,
    # the result of an advertising consent must be told within 14 days (law C-18): a duty under law
    "consents/tasks.py": ITS_OWN,
    # a child's representative is asked by law (C-12) while what the child agreed to alone is frozen
    "consents/actions/representatives.py": ITS_OWN,
    # the person sees her own contact, masked; to a disputed one nothing is mailed
    "consents/contacts/views.py": ITS_OWN,
    "privacy/subjects/tasks.py": ITS_OWN,
    # places that fill
    "devices/actions/registration.py": [
        "test_a_gateway_cannot_overwrite_the_item",
        "test_nor_can_a_registration_that_is_sent_again_or_imported",
        "test_intake_takes_nothing_more",
    ],
    # a fleet's file waits under keys of its own; each of its rows comes in by ``devices.register``
    "devices/actions/imports.py": ["test_nor_can_a_registration_that_is_sent_again_or_imported"],
    "devices/actions/reports.py": ["test_no_report_of_a_disputed_kind_comes_in_or_is_counted"],
    "devices/actions/row_deletion.py": ITS_OWN,
    "privacy/subjects/actions/contacts.py": ITS_OWN,
    "consents/actions/decisions.py": OTHER,
    "privacy/rights/actions/letters.py": OTHER,
    "privacy/rights/actions/incoming_mail.py": OTHER,
    "privacy/rights/actions/intake.py": OTHER,
    "privacy/vault/actions/files.py": OTHER,
}


# Places that use people's data without opening it: whom an advertisement may reach, and what is counted.
WITHOUT_OPENING = {
    "consents/advertising.py": [
        "test_no_advertisement_goes_to_a_disputed_contact",
        "test_no_advertisement_may_be_sent",
    ],
    "devices/daily_counters.py": [
        "test_no_report_of_a_disputed_kind_comes_in_or_is_counted",
        "test_so_nothing_of_it_enters_the_statistics",
    ],
}


@pytest.mark.law("R-20")
@pytest.mark.clause("P1.5")
class CorrectionFreezeTests(PortalTestCase):
    def setUp(self) -> None:
        self.device = factory.make_device(1, agreed=("activation", "service-analytics", "advertising-email"))
        self.hana = factory.make_handler()

    def freeze(self, at: datetime = NOON) -> Request:
        return factory.ask_correction(at=at).request

    def read(self, purpose: Purpose, item: str = "imei") -> Any:
        with vault.opened(
            purpose=purpose, task="devices.device.exported", actor=self.hana, at=NOON, reason="test"
        ) as vault_session:
            return vault_session.decrypt(Device.objects.get(id=self.device.id), item)

    def test_an_ordinary_read_is_refused_with_a_clear_message(self) -> None:
        assert self.read(Purpose.REGISTRATION) == factory.imei(1)
        self.freeze()
        with pytest.raises(vault.Frozen) as refused:
            self.read(Purpose.REGISTRATION)
        assert Request.objects.get().reference in str(refused.value)

    def test_an_export_of_many_is_refused(self) -> None:
        self.freeze()
        with (
            vault.opened(
                purpose=Purpose.REGISTRATION, task="devices.list.exported", actor=self.hana, at=NOON, reason="test"
            ) as vault_session,
            pytest.raises(vault.Frozen),
        ):
            list(vault_session.decrypt_many(Device.objects.all(), "imei"))

    def test_the_console_shows_it_to_nobody(self) -> None:
        self.client.force_login(self.hana)
        address = reverse("admin:devices_device_change", args=[self.device.pk])
        asked = {
            "CHANGE_FORM-action": "unmask", "_selected_action": str(self.device.pk), "index": "0",
            "purpose": "registration", "reason": "case check", "confirmed": "yes",
        }  # fmt: skip
        assert factory.imei(1) in self.client.post(address, asked, follow=True).content.decode()
        # Of today: what nobody has proven ends by the clock of the page.
        self.freeze(at=clock.now())
        refused = self.client.post(address, asked, follow=True).content.decode()
        assert factory.imei(1) not in refused
        assert Request.objects.get().reference in refused

    def test_no_report_of_a_disputed_kind_comes_in_or_is_counted(self) -> None:
        gate = factory.make_gate()

        def send() -> dict[str, Any]:
            batch = factory.make_batch(*(factory.make_report(self.device, kind) for kind in ("status", "access")))
            return dict(json.loads(devices.store_reports(batch, gateway=gate, at=NOON)))

        assert send()["stored"] == 2
        vault.freeze(
            subject_id=self.device.subject_id, category="service-analytics", item="status", cause="correction",
            case="K7-1", actor=self.hana, at=NOON,
        )  # fmt: skip
        answer = send()
        assert (answer["stored"], [one["code"] for one in answer["refused"]]) == (1, ["frozen"])
        counted = Batch.objects.order_by("received_at", "pk").last().tally  # type: ignore[union-attr]
        assert [cell for cells in counted.values() for cell in cells] == ["access"]

    def test_no_advertisement_goes_to_a_disputed_contact(self) -> None:
        assert advertising.permission(self.device.subject_id, "email", NOON).allowed
        vault.freeze(
            subject_id=self.device.subject_id, category="contact", cause="correction", case="K7-1", actor=self.hana,
            at=NOON,
        )  # fmt: skip
        assert not advertising.permission(self.device.subject_id, "email", NOON).allowed

    def test_other_items_of_the_same_device_stay_in_use(self) -> None:
        self.freeze()
        assert self.read(Purpose.REGISTRATION, "model") == "SM-S931N"

    def test_other_people_stay_in_use(self) -> None:
        other = factory.make_device(2)
        self.freeze()
        with vault.opened(
            purpose=Purpose.REGISTRATION, task="devices.device.seen", actor=self.hana, at=NOON
        ) as vault_session:
            assert vault_session.decrypt(Device.objects.get(id=other.id), "imei") == factory.imei(2)

    def test_a_disclosure_is_refused_when_it_is_asked_for(self) -> None:
        self._consented()
        self.freeze()
        with pytest.raises(vault.Frozen):
            self._by_consent()

    def test_a_disclosure_is_refused_when_it_is_approved(self) -> None:
        self._consented()
        asked = self._by_consent()
        self.freeze()
        with pytest.raises(vault.Frozen):
            disclosures.approve(asked, actor=factory.make_omar(), at=NOON)

    def test_a_disclosure_is_refused_when_it_is_provided(self) -> None:
        self._consented()
        approved = disclosures.approve(self._by_consent(), actor=factory.make_omar(), at=NOON)
        self.freeze()
        with pytest.raises(vault.Frozen):
            disclosures.provide(approved, actor=factory.make_officer(), at=NOON)
        approved.refresh_from_db()
        assert approved.state == "approved"

    def test_a_notice_about_the_item_waits(self) -> None:
        factory.make_provided(self.device, "imei")
        right = factory.make_granted(factory.ask_correction())
        rights.carry_out(right, actor=factory.make_officer(), at=NOON)
        notice = disclosures.earlier_recipients(subject_id=self.device.subject_id)[0].notices.get()
        factory.ask_correction(target=factory.RIGHT_IMEI, wanted=factory.imei(5))
        with pytest.raises(vault.Frozen):
            disclosures.read_corrected(notice, actor=disclosures.Recipient(notice), at=NOON)

    def test_a_gateway_cannot_overwrite_the_item(self) -> None:
        self.freeze()
        with pytest.raises(FrozenItems):
            devices.update(
                device_id=self.device.id, changes={"imei": factory.imei(9)}, gateway=factory.make_gate(), at=NOON
            )
        assert self.read(Purpose.RIGHTS) == factory.imei(1)

    def test_nor_can_a_registration_that_is_sent_again_or_imported(self) -> None:
        self.freeze()
        with pytest.raises(FrozenItems):
            factory.make_device(1, device_id=self.device.id, imei=factory.imei(9), agreed=())
        assert self.read(Purpose.RIGHTS) == factory.imei(1)

    def test_a_schedule_does_not_destroy_what_is_disputed(self) -> None:
        self.freeze()
        assert blockers.blocked_subjects([self.device.subject_id], "device-registration", NOON)

    def test_only_the_persons_own_rights_legal_duty_and_destruction_pass(self) -> None:
        self.freeze()
        assert {Purpose.RIGHTS, Purpose.LEGAL_DUTY, Purpose.DESTRUCTION} == EXEMPT_FROM_FREEZE
        assert self.read(Purpose.RIGHTS) == factory.imei(1)

    def test_an_unverified_freeze_ends_with_its_term(self) -> None:
        self.freeze()
        last = vault.active_freezes(self.device.subject_id, "device-registration", ["imei"], at=NOON)[0].until
        assert last is not None
        assert last > NOON + timedelta(days=10)
        assert not vault.active_freezes(self.device.subject_id, "device-registration", ["imei"], at=last)

    def test_a_verified_freeze_holds_until_the_case_decides(self) -> None:
        case = factory.make_verified(factory.ask_correction())
        later = NOON + timedelta(days=400)
        assert vault.active_freezes(self.device.subject_id, "device-registration", ["imei"], at=later)
        right = case.rights.get()
        rights.refuse(right, ground="accurate", actor=factory.make_officer(), at=NOON)
        assert not vault.active_freezes(self.device.subject_id, "device-registration", ["imei"], at=later)

    def test_strangers_cannot_lock_somebody_elses_data_again_and_again(self) -> None:
        at = NOON
        frozen = []
        for number in range(5):
            factory.ask_correction(at=at, address=f"198.51.100.{number}")
            frozen.append(bool(vault.active_freezes(self.device.subject_id, "device-registration", ["imei"], at=at)))
            at += timedelta(days=12)
        assert frozen == [True, True, True, False, False]

    @pytest.mark.attack("17.18")
    def test_three_numbers_of_one_device_freeze_it_no_oftener_than_one(self) -> None:
        device, frozen = factory.make_device(2, serial_number="XM-2", adb_number="ADB2"), []
        for number in range(9):
            at = NOON + number * timedelta(days=10, hours=12)
            kind, value = [("imei", factory.imei(2)), ("serial_number", "XM-2"), ("adb_number", "ADB2")][number % 3]
            factory.ask_correction(at=at, target=value, target_kind=kind, item="model", wanted="X", address="")
            frozen.append(bool(vault.active_freezes(device.subject_id, "device-registration", ["model"], at=at)))
        assert frozen == [True] * 3 + [False] * 6

    @pytest.mark.attack("17.18")
    def test_a_request_that_was_verified_does_not_count_against_the_device(self) -> None:
        for number in range(3):
            factory.make_verified(factory.ask_correction(at=NOON, wanted=factory.imei(300 + number)))
        factory.ask_correction(at=NOON, wanted=factory.imei(400), address="")
        assert Freeze.objects.filter(subject_id=self.device.subject_id).count() == 4

    def _consented(self) -> None:
        factory.name_recipient("acme", items=["imei"], purposes=["repair"])
        factory.agree(self.device, "provision-acme")

    def _by_consent(self) -> Any:
        return factory.make_disclosure(
            self.device, "imei", basis="consent", statute="", document_no="", purpose_code="repair"
        )


@pytest.mark.clause("P1.7")
class SuspensionTests(PortalTestCase):
    """A suspension stops a category, or everything of the person, until she says otherwise."""

    def setUp(self) -> None:
        self.device = factory.make_device(1, agreed=("activation", "service-analytics", "advertising-email"))
        self.hana = factory.make_handler()
        right = factory.make_granted(factory.ask(RequestedRight("suspension"), target=factory.imei(1)))
        self.right = rights.carry_out(right, actor=factory.make_officer(), at=NOON)

    def test_every_ordinary_read_is_refused(self) -> None:
        with (
            vault.opened(
                purpose=Purpose.REGISTRATION, task="devices.device.seen", actor=self.hana, at=NOON
            ) as vault_session,
            pytest.raises(vault.Frozen),
        ):
            vault_session.decrypt(Device.objects.get(id=self.device.id), "model")

    def test_intake_takes_nothing_more(self) -> None:
        gate = factory.make_gate()
        with pytest.raises(Suspended):
            devices.update(device_id=self.device.id, changes={"os_version": "17"}, gateway=gate, at=NOON)
        answer = json.loads(
            devices.store_reports(factory.make_batch(factory.make_report(self.device)), gateway=gate, at=NOON)
        )
        assert answer["stored"] == 0
        assert answer["refused"][0]["code"] == "suspended"

    def test_so_nothing_of_it_enters_the_statistics(self) -> None:
        """Statistics count what intake takes (devices.daily_counters); what is refused is counted nowhere."""
        devices.store_reports(
            factory.make_batch(factory.make_report(self.device)), gateway=factory.make_gate(), at=NOON
        )
        assert json.loads(json.dumps(Batch.objects.get().tally)) in ({}, "{}", None)

    def test_no_advertisement_may_be_sent(self) -> None:
        answer = advertising.permission(self.device.subject_id, "email", NOON)
        assert not answer.allowed
        assert "suspended" in [reason.code for reason in answer.because]

    def test_resuming_lifts_it(self) -> None:
        rights.resume_processing(self.right, actor=factory.make_officer(), at=NOON)
        assert not vault.active_freezes(self.device.subject_id, "device-registration", None, at=NOON)
        assert advertising.permission(self.device.subject_id, "email", NOON).allowed


# What opens sealed fields, fills them, or turns them from one key to another.
OPENING = {
    "DecryptionSession", "encrypt", "encrypt_batch", "encrypt_columns", "opened", "receive_file", "reencrypt",
    "store_file",
}  # fmt: skip
THE_VAULT_ITSELF = {"privacy/vault/decryption_session.py", "privacy/vault/actions/encryption.py"}


def _paths() -> Iterator[str]:
    """The files that open the vault or seal into a field, found in the code itself."""
    for folder in ("privacy", "consents", "devices", "config"):
        for file in sorted((ROOT / folder).rglob("*.py")):
            if any(_touches(node) for node in ast.walk(ast.parse(file.read_text()))):
                yield str(file.relative_to(ROOT))


def _touches(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    name = node.func
    if (
        isinstance(name, ast.Attribute)
        and isinstance(name.value, ast.Name)
        and name.value.id in {"vault", "decryption_session"}
    ):
        return name.attr in OPENING
    return isinstance(name, ast.Name) and name.id in OPENING


@pytest.mark.clause("P1.5")
def test_every_path_is_known() -> None:
    """A new place that opens or fills sealed fields says in ``PATHS`` how a freeze reaches it."""
    found = set(_paths()) - THE_VAULT_ITSELF
    assert not found - set(PATHS), "say how a freeze stops these, and test it"
    assert not set(PATHS) - found, "these open and fill nothing any more"


@pytest.mark.clause("P1.5")
def test_every_path_that_is_stopped_names_its_tests() -> None:
    here = {name for case in (CorrectionFreezeTests, SuspensionTests) for name in vars(case)}
    named = {name for why in [*PATHS.values(), *WITHOUT_OPENING.values()] if not isinstance(why, str) for name in why}
    assert not named - here
    assert all((ROOT / path).is_file() for path in WITHOUT_OPENING)


def test_a_new_path_is_seen() -> None:
    """The control: each way of opening that a new file could use is noticed."""
    for line in (
        "vault.opened(purpose=x)",
        "with opened(purpose=x): pass",
        "vault.encrypt(row, {})",
        "encrypt_columns([], at)",
    ):
        assert any(_touches(node) for node in ast.walk(ast.parse(line))), line
