"""What a process that was taken over asks beside reading: sealing anew elsewhere, secrets that are derived."""

from typing import Any

import pytest
from django.db import connection
from django.utils import translation

from privacy.lib.identifiers.ids import new_id
from privacy.lib.record_labels import record_label
from privacy.policies.categories import ARCHIVE_PREFIX
from privacy.retention.models import ArchivedRecord
from privacy.vault import actions as vault
from privacy.vault import crypto, keys, tasks
from privacy.vault.actions.key_creation import keys_for_encryption
from privacy.vault.keyservice import client, messages, resealing
from privacy.vault.keyservice.ceilings import Ceilings
from privacy.vault.keyservice.custodian import KeyCustodian
from privacy.vault.keyservice.reading_policy import Connection
from tests.base import PortalTestCase
from tests.factory import NOON, make_device, make_policy, make_reports
from tests.privacy.vault.key_requests import record_of

pytestmark = pytest.mark.attack("18")

RING = f"{ARCHIVE_PREFIX}internet-log"
SOURCE = "service-analytics"
MONTH = NOON.date().replace(day=1)


def custodian(**limits: int) -> KeyCustodian:
    """Return the policy of this process with ceilings of its own."""
    own = client._custodian(str(connection.settings_dict["NAME"]))
    return KeyCustodian(
        own.query, own.policy, Ceilings({name.replace("_", "."): most for name, most in limits.items()})
    )


def test_the_archive_is_called_as_the_service_calls_it() -> None:
    assert (record_label(ArchivedRecord), "body") == resealing.ARCHIVE_COLUMN


class ResealTest(PortalTestCase):
    def setUp(self) -> None:
        self.subject, self.other = new_id(), new_id()
        self.row = new_id()

    def ask(
        self, *, ring: str = RING, there: bytes | None = None, owner: Any = None, purpose: str = "legal-duty"
    ) -> messages.Reseal:
        """Return a request that moves one value; by default all of it is as the archive's own."""
        owner = owner or self.subject
        old = keys_for_encryption([(self.subject, SOURCE)], [(SOURCE, MONTH)], at=NOON)
        new = keys_for_encryption([(owner, ring)], [(ring, MONTH)], at=NOON)
        packed, places = keys.pack(old)
        target, _places = keys.pack(new)
        place = ("devices.Report", "body", self.row, self.subject, SOURCE, b"said")
        (ciphertext,) = vault.encrypt_batch([place], NOON, months=[MONTH])
        number = record_of([self.subject], purpose=purpose, category=SOURCE)
        pair = keys.pair_of((self.subject, SOURCE, MONTH), places)
        bundle = messages.Bundle(new_id().bytes, self.subject.bytes, (0, 0), [pair], [self.row.bytes], [ciphertext])
        return messages.Reseal(
            number, [], packed, target, crypto.associated_data("devices.Report", "body", SOURCE),
            [there or crypto.associated_data("retention.ArchivedRecord", "body", ring)], [bundle],
        )  # fmt: skip

    def refused(self, request: messages.Reseal) -> str:
        with pytest.raises(vault.KeysRefused) as why:
            custodian().answer(request, Connection("worker"))
        return str(why.value)

    def test_it_goes_to_the_archive_alone_under_the_same_persons_keys(self) -> None:
        resealing.refuse_elsewhere(self.ask())
        elsewhere = crypto.associated_data("rights.Particulars", "text", SOURCE)
        for request in (
            self.ask(ring=SOURCE), self.ask(there=elsewhere), self.ask(owner=self.other),
            self.ask(ring=SOURCE, there=crypto.associated_data("retention.ArchivedRecord", "body", SOURCE)),
        ):  # fmt: skip
            with pytest.raises(vault.KeysRefused):
                resealing.refuse_elsewhere(request)
            self.refused(request)

    def test_it_is_on_record_as_a_legal_duty_and_a_destruction_that_is_carried_out_covers_it(self) -> None:
        """The control is the move of a destruction itself: tests/privacy/retention/test_archive.py."""
        with translation.override("en"):
            assert "does not name" in self.refused(self.ask(purpose="rights"))
            assert "No destruction" in self.refused(self.ask())


class DestructionTest(PortalTestCase):
    def test_reading_for_destruction_is_bound_to_a_list_that_is_carried_out(self) -> None:
        make_policy()
        device = make_device()
        make_reports(device, ["access"], at=NOON)
        found = keys.find([(device.subject_id, SOURCE)], [(SOURCE, MONTH)])
        packed, places = keys.pack(found.wrapped)
        pair = keys.pair_of((device.subject_id, SOURCE, MONTH), places)

        def ask(purpose: str) -> messages.ReadKeys:
            number = record_of([device.subject_id], purpose=purpose, category=SOURCE)
            return messages.ReadKeys(number, [], packed, [pair])

        assert custodian().answer(ask("legal-duty"), Connection("worker"))
        with pytest.raises(vault.KeysRefused):
            custodian().answer(ask("destruction"), Connection("worker"))


class DerivedTest(PortalTestCase):
    @translation.override("en")
    def test_only_what_is_known_is_derived_and_only_so_much(self) -> None:
        held = custodian(**{"pages_derived-secrets": 2})
        for purpose in ("", "disclosures", "disclosures.passphrase\0x", "vault.index"):
            with pytest.raises(vault.KeysRefused):
                held.answer(messages.Derive(purpose, b"1"), Connection("pages"))
        with pytest.raises(vault.KeysRefused):
            held.answer(messages.Derive("disclosures.notice", bytes(1_000)), Connection("pages"))
        for number in (b"1", b"2"):
            assert held.answer(messages.Derive("disclosures.passphrase", number), Connection("pages"))
        with pytest.raises(vault.CeilingReached):
            held.answer(messages.Derive("disclosures.passphrase", b"3"), Connection("pages"))
        assert held.answer(messages.Derive("disclosures.webhook", b"3"), Connection("worker"))
        (told,) = held.ceilings.reached
        assert "passphrases" in str(tasks.purpose_of_ceiling(told.purpose))
        assert "identifiers" in str(tasks.purpose_of_ceiling("look-ups"))
