"""The vault's registers as files: whose keys were destroyed is on the record of who took it out (law S-05)."""

import pytest
from django.utils import translation

from privacy.ledger.exports import register_export
from privacy.ledger.models import Entry
from privacy.lib.dates import clock
from privacy.lib.registries import registers
from privacy.subjects.models import Subject
from privacy.vault import actions as vault
from tests.base import PortalTestCase
from tests.factory import NOON, SWEEPER, make_device, make_freeze, make_odile

ON = clock.kst_date(NOON)


@pytest.mark.truth("export-without-its-people")
class TakenOut(PortalTestCase):
    def test_names_the_people_whose_destroyed_keys_it_lists(self) -> None:
        gone = make_device().subject_id
        vault.shred_subject(
            subject_id=gone,
            categories=["device-registration"],
            cause="deletion",
            certificate="C-1",
            actor=SWEEPER,
            at=NOON,
        )
        register_export.export_register(
            registers.get("destroyed-keys"), first=ON, last=ON, form="xlsx", reason="inspection",
            actor=make_odile(), at=NOON,
        )  # fmt: skip
        exported = Entry.objects.filter(word="ledger.register.exported").latest("id")
        assert exported.subjects == [str(gone)]

    def test_names_a_person_by_reference_a_cause_in_words_and_no_key_that_was_never_there(self) -> None:
        device = make_device()
        for category in ("device-registration", "complaint"):
            vault.shred_subject(
                subject_id=device.subject_id, categories=[category], cause="withdrawal", certificate="C-1",
                actor=SWEEPER, at=NOON,
            )  # fmt: skip
        register = registers.get("destroyed-keys")
        with translation.override("ko"):
            (row,) = register.rows(registers.ExportScope(ON, ON, make_odile(), NOON, "inspection"))
        cells = dict(zip(register.headings, row, strict=True))
        assert cells["정보주체"] == Subject.objects.get(pk=device.subject_id).reference
        assert (cells["키 세대"], cells["사유"]) == (1, "동의 철회")

    def test_says_causes_and_categories_in_words(self) -> None:
        device = make_device()
        make_freeze(device.subject_id, category="app-log", item="app_log")
        register = registers.get("freezes")
        window = registers.ExportScope(ON, ON, make_odile(), NOON, "inspection")
        (row,) = register.rows(window)
        assert "app-log" not in row
        assert row[register.headings.index("개인정보 구분")] == "서비스 앱 로그 정보"
