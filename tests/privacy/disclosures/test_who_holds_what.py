"""To whom an item was provided: who is told of its correction, what a freeze leaves out, who is retired meanwhile."""

from typing import Any

import pytest
from django.db import transaction
from psycopg.errors import LockNotAvailable

from privacy.disclosures import actions as disclosures
from privacy.disclosures.actions.provisions import lock_disclosure
from privacy.disclosures.models import DisclosedItem, Disclosure
from privacy.subjects.models import Subject
from privacy.vault import actions as vault
from tests import factory
from tests.base import PortalTestCase
from tests.database import PortalDatabase
from tests.factories.accounts import NOON
from tests.factories.disclosures import wanted


class WhoHoldsWhatTests(PortalTestCase):
    def test_earlier_recipients_are_those_who_were_really_provided_with_the_item(self) -> None:
        device = factory.make_device(1)
        factory.make_provided(device, "imei")
        factory.make_disclosure(device, "imei", third_party=factory.make_third_party("asked"))
        factory.make_provided(device, "model", third_party=factory.make_third_party("other"))
        found = disclosures.earlier_recipients(
            subject_id=device.subject_id, category="device-registration", item="imei"
        )
        assert [party.code for party in found] == ["acme"]

    def test_a_case_queues_one_notice_for_each_recipient_however_often_it_is_called(self) -> None:
        device = factory.make_device(1)
        for code in ("acme", "beta", "gamma"):
            factory.make_provided(device, "imei", third_party=factory.make_third_party(code))
        factory.make_provided(device, "imei", document_no="again")
        case = factory.ask_correction().request
        for _time in range(2):
            disclosures.queue_notices(
                kind="corrected",
                case_id=case.id,
                case_reference=case.reference,
                subject_id=device.subject_id,
                category="device-registration",
                items=["imei"],
                actor=factory.make_odile(),
                at=NOON,
            )
        from privacy.disclosures.models import Notice

        assert Notice.objects.count() == 3
        twice = Notice.objects.get(third_party__code="acme")
        assert len(twice.disclosures) == 2

    def test_the_freeze_message_names_the_case(self) -> None:
        device = factory.make_device(1)
        factory.make_provision_agreement("acme", items=["imei"], purposes=["repair"])
        factory.agree(device, "provision-acme")
        case = factory.ask_correction().request
        with pytest.raises(vault.Frozen, match=case.reference):
            factory.make_disclosure(device, "imei", basis="consent", purpose_code="repair")

    @pytest.mark.attack("17.18")
    def test_one_frozen_device_is_left_out_of_a_provision_of_many_and_told(self) -> None:
        frozen, other = factory.make_device(1), factory.make_device(2)
        factory.name_recipient("acme", items=["imei"], purposes=["repair"])
        for device in (frozen, other):
            factory.agree(device, "provision-acme")
        both = [*wanted(frozen, "imei"), *wanted(other, "imei")]
        basis: dict[str, Any] = {"items": both, "basis": "consent", "statute": "", "purpose_code": "repair"}
        approved = factory.make_disclosure(frozen, document_no="", **basis)
        disclosures.approve(approved, actor=factory.make_omar(), at=NOON)
        factory.ask_correction()
        made = disclosures.provide(approved, actor=factory.make_odile(), at=NOON)
        assert made.left_out == (Subject.objects.get(pk=frozen.subject_id).reference,)
        out = DisclosedItem.objects.provided().values_list("subject_id", flat=True)
        assert set(out) == {other.subject_id}
        again = disclosures.fetch_again(made.disclosure, actor=factory.make_odile(), at=NOON)
        assert again.file == made.file
        # Who asks now is not stopped either; whoever is asked about alone still is.
        factory.make_disclosure(frozen, document_no="", **basis)
        with pytest.raises(vault.Frozen):
            factory.make_disclosure(frozen, document_no="", **{**basis, "items": both[:1]})


@pytest.mark.truth("retired-meanwhile")
def test_nobody_retires_a_third_party_while_it_is_provided_to(portal_database: PortalDatabase) -> None:
    """What went out after the retirement was on record had been checked before it."""
    made = factory.make_disclosure(factory.make_device(1), "model")
    with portal_database.connect() as other, transaction.atomic():
        lock_disclosure(made, expected=Disclosure.State.REQUESTED)
        with pytest.raises(LockNotAvailable):
            other.execute("SELECT 1 FROM disclosures_thirdparty FOR UPDATE NOWAIT")
    disclosures.retire_party(made.third_party, actor=factory.make_odile(), at=NOON)
    with pytest.raises(disclosures.Retired):
        disclosures.approve(factory.attach_scan(made), actor=factory.make_omar(), at=NOON)
