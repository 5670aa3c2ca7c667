"""The read-back finds what is left: a row, a key, something that opens. Each has its positive control (P7.1)."""

from datetime import date, timedelta

import pytest

from devices.models import Device
from privacy.retention import actions as retention
from privacy.retention.actions.destruction import execution, strategy_choice
from privacy.retention.actions.reconciliation import facts_of
from privacy.retention.destruction import readback
from privacy.retention.models import Certificate, DestructionLine, DestructionList
from privacy.vault import actions as vault
from tests.base import PortalTestCase
from tests.factory import SWEEPER, at_noon, carry_out_all, make_device, make_expired_device, make_odile, sweep_on

DUE = date(2026, 5, 16)
ENDED = date(2024, 5, 15)
AT = at_noon(DUE + timedelta(days=2))


def done_list(device: Device) -> DestructionList:
    """A list that claims to have destroyed a living device."""
    run = sweep_on(DUE)
    row = run.lists.get()
    retention.approve(row, actor=make_odile(), at=at_noon(DUE))
    row.refresh_from_db()
    return row


@pytest.mark.clause("P7.2")
class TheReadBack(PortalTestCase):
    @pytest.mark.law("R-18")
    def test_of_a_finished_destruction_is_sound_and_certified(self) -> None:
        make_expired_device(ended_on=ENDED)
        (row,) = carry_out_all(sweep_on(DUE))
        assert row.read_back["sound"]
        assert row.read_back["rows_left"] == 0
        assert {place["table"] for place in row.read_back["searched"]} >= {"devices_device", "devices_licence"}
        assert row.attempts["attempts"] == 2
        assert "opened" not in row.attempts

    def test_finds_everything_of_what_was_never_destroyed(self) -> None:
        make_expired_device(ended_on=ENDED)
        report = readback.search_people(done_list(Device.objects.get()))
        assert not report.is_sound
        assert (report.rows_left, report.keys_left, report.tombstones_missing) == (2, 1, 1)

    def test_opens_what_still_has_its_key(self) -> None:
        device = make_expired_device(ended_on=ENDED)
        with pytest.raises(vault.KeysRefused):
            readback.attempt_decryption("device-registration", [device.subject_id], at=AT)
        run = sweep_on(DUE)
        retention.approve(run.lists.get(), actor=make_odile(), at=at_noon(DUE))
        run.lists.update(state=DestructionList.State.EXECUTING, begun_at=AT)
        tried = readback.attempt_decryption("device-registration", [device.subject_id], at=AT)
        assert tried == {"attempts": 2, "opened": 2}


@pytest.mark.clause("P7.1")
class ARowThatIsLeft(PortalTestCase):
    """The deleter claims to have removed everything; one licence stays behind, as a crash or a bug would leave it."""

    @pytest.mark.truth("residue-counted-at-each-look")
    def test_stops_the_certificate_until_it_is_gone(self) -> None:
        other = make_expired_device(2, ended_on=ENDED)
        run = sweep_on(DUE)
        again = run.lists.get()
        retention.approve(again, actor=make_odile(), at=at_noon(DUE))
        again.refresh_from_db()
        begun = execution.begin(again, actor=SWEEPER, at=AT)
        strategy = strategy_choice.for_list(begun, actor=SWEEPER, at=AT)
        assert strategy.destroy_keys(lambda: True)
        begun.refresh_from_db()
        assert strategy.delete_rows(lambda: True)
        left = Device(
            id=other.id, subject_id=other.id, gateway_id=other.gateway_id, registered_at=AT, updated_at=AT,
            imei=other.imei, reference=other.reference,
        )  # fmt: skip
        left.save(force_insert=True)
        begun.refresh_from_db()
        assert not strategy.verify(lambda: True)
        begun.refresh_from_db()
        assert begun.state == DestructionList.State.RESIDUE
        assert begun.residues == 1
        assert not Certificate.objects.filter(list=begun).exists()
        entry = self.assertLedgered("retention.residue.found", begun)
        assert facts_of(entry)["rows_left"] == 1
        with self.assertNotLedgered("retention.residue.found"):
            assert not strategy.verify(lambda: True)
        begun.refresh_from_db()
        assert (begun.step, begun.residues) == (DestructionList.Step.KEYS, 1), "the same one, found again"
        # The worker goes on with it by itself: removed again, read back again, certified.
        assert retention.execute_ready(actor=SWEEPER, at=AT) == 1
        assert Certificate.objects.filter(list=begun).exists()
        assert not Device.objects.filter(pk=other.pk).exists()

    def test_a_key_that_is_left_is_found_too(self) -> None:
        make_expired_device(ended_on=ENDED)
        (row,) = carry_out_all(sweep_on(DUE))
        living = make_device(2)
        DestructionLine.objects.create(
            list=row, category=row.category, subject_id=living.subject_id, state=DestructionLine.State.REMOVED
        )
        Device.objects.get(pk=living.pk).licences.all().delete()
        Device.objects.filter(pk=living.pk).delete()
        report = readback.search_people(row)
        assert (report.rows_left, report.keys_left, report.tombstones_missing) == (0, 1, 1)


@pytest.mark.clause("P7.1")
class NothingIsDestroyedTwice(PortalTestCase):
    def test_a_finished_list_stays_as_it_is(self) -> None:
        make_expired_device(ended_on=ENDED)
        carry_out_all(sweep_on(DUE))
        before = Certificate.objects.get()
        assert retention.execute_ready(actor=SWEEPER, at=AT) == 0
        assert Certificate.objects.get().digest == before.digest
        assert not sweep_on(DUE + timedelta(days=1)).lists.exists()

    def test_a_list_keeps_the_people_of_others_out(self) -> None:
        gone, stays = make_expired_device(1, ended_on=ENDED), make_device(2)
        carry_out_all(sweep_on(DUE))
        assert Device.objects.filter(pk=stays.pk).exists()
        assert not DestructionLine.objects.filter(subject_id=stays.subject_id).exists()
        assert not Device.objects.filter(pk=gone.pk).exists()
