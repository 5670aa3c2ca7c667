"""The register of access records reads in words, and one person has one name in it (law F-10, S-01)."""

from typing import Any
from uuid import uuid4

import pytest
from django.utils import translation

from privacy.ledger import actions as ledger
from privacy.ledger import request_context
from privacy.ledger.actors import ExternalActor
from privacy.ledger.authorization import NotPermitted, require_permission
from privacy.ledger.entries import record_words
from privacy.ledger.models import Entry
from privacy.lib.dates import clock
from privacy.lib.registries import registers
from privacy.rights.models import Request
from privacy.subjects.models import Subject
from tests.base import PortalTestCase
from tests.factories.rights import ask_correction, make_verified
from tests.factory import SWEEPER, make_device

TODAY = clock.today()


def access_record(entry: int) -> dict[str, Any]:
    register = registers.get("access-records")
    scope = registers.ExportScope(TODAY, TODAY, SWEEPER, clock.now(), "inspection")
    with translation.override("ko"):
        rows = [dict(zip(register.headings, row, strict=True)) for row in register.rows(scope)]
    return next(row for row in rows if row["번호"] == entry)


@pytest.mark.law("F-10", "S-01", "S-03")
class AnAccessRecord(PortalTestCase):
    def test_says_in_words_what_the_trail_keeps_as_codes(self) -> None:
        device = make_device()
        entry = ledger.record_read(
            actor=SWEEPER, at=None, subjects=[str(device.subject_id)], about=device, task="devices.device.viewed",
            purpose="destruction", reason="P7.1",
        )  # fmt: skip
        person = Subject.objects.get(pk=device.subject_id).reference
        cells = access_record(entry)
        assert cells["처리한 정보주체"] == person
        assert cells["화면·객체"] == f"기기 {person}"
        assert (cells["사유"], cells["목적"], cells["결과"], cells["접속 경로"]) == (
            "파기",
            "파기",
            "처리",
            "운영자 명령",
        )
        assert "devices." not in cells["수행업무"]

    def test_says_who_when_and_from_where(self) -> None:
        with request_context.override(address="203.0.113.7", door="office"):
            entry = ledger.record_read(
                actor=SWEEPER, at=None, subjects=[str(uuid4())], task="devices.device.viewed", purpose="x"
            )
        cells, kept = access_record(entry), Entry.objects.get(pk=entry)
        assert (cells["번호"], cells["식별자"], cells["접속지"]) == (entry, SWEEPER.ref, "203.0.113.7")
        assert cells["접속일시"] == f"{kept.time.astimezone(clock.KST):%Y-%m-%d %H:%M:%S}"

    def test_says_of_who_asked_in_vain_that_it_was_refused(self) -> None:
        mina = ExternalActor("subject", "K7-1")
        with self.assertRaises(NotPermitted):
            require_permission(mina, "rights.decide_request", about=("tests.thing", "1"))
        entry = Entry.objects.filter(kind="denied").latest("id")
        cells = access_record(entry.pk)
        assert (cells["식별자"], cells["결과"]) == (mina.ref, "거부")

    def case(self) -> Request:
        make_device()
        return make_verified(ask_correction())

    def test_names_the_person_of_a_case_in_place_of_the_case(self) -> None:
        case = self.case()
        people = [one.subject_id for one in case.people.all()]
        entry = ledger.record_read(
            actor=SWEEPER, at=None, subjects=[str(case.id)], task="rights.correction.begun", purpose="rights",
            reason=f"request {case.number}",
        )  # fmt: skip
        cells = access_record(entry)
        assert cells["처리한 정보주체"] == Subject.objects.get(pk=people[0]).reference
        assert cells["사유"] == f"권리 요구 {case.number}"

    def test_leaves_what_stands_for_nobody_known_as_it_is(self) -> None:
        stranger = str(uuid4())
        entry = ledger.record_read(actor=SWEEPER, at=None, subjects=[stranger], task="tests.thing.read", purpose="x")
        cells = access_record(entry)
        assert (cells["처리한 정보주체"], cells["수행업무"], cells["목적"]) == (stranger, "tests.thing.read", "x")


@pytest.mark.parametrize("reason", ["분기 통계 점검", "called P7 twice", "request by phone"])
def test_what_a_person_wrote_as_reason_stays(reason: str) -> None:
    assert record_words.reason_text(reason, "rights", on=TODAY) == reason
