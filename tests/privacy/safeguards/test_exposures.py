"""Exposed data: recorded with its term, erased or blocked, looked at by another person (PIPA art. 34-2)."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from privacy.accounts.second_person import NotASecondPerson
from privacy.lib.dates import clock
from privacy.lib.registries import deadlines
from privacy.safeguards import actions as safeguards
from privacy.safeguards.models import Exposure
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON

DAY = timedelta(days=1)


def record(**changes: Any) -> Exposure:
    said: dict[str, Any] = {
        "found": "pipc", "document": "개보위-2026-77", "what": "account", "where": "검색 결과 캐시", "known_at": NOON,
        "due_at": NOON + 2 * DAY, "actor": factory.make_hana(granted=False), "at": NOON, **changes,
    }  # fmt: skip
    return safeguards.record_exposure(**said)


def due(name: str) -> list[str]:
    found = deadlines.deadlines_between(
        date(2020, 1, 1), date(2099, 1, 1), on=NOON.date(), may=lambda _p: True, names={name}
    )
    return [line.dated.reference for line in found]


@pytest.mark.law("N-04")
class ExposureTest(PortalTestCase):
    def test_what_an_authority_asks_for_has_a_term_a_measure_and_a_second_look(self) -> None:
        for wrong in ({"where": " "}, {"document": ""}, {"due_at": NOON - DAY}, {"known_at": NOON + DAY}):
            with pytest.raises(safeguards.Incomplete):
                record(**wrong)
        made, hana, odile = record(), factory.make_hana(granted=False), factory.make_odile(granted=False)
        assert due("safeguards.exposure") == [made.reference]
        with pytest.raises(safeguards.WrongState):
            safeguards.confirm_exposure_gone(made, actor=odile, at=NOON)
        end: dict[str, Any] = {"measure": "erased", "how": "캐시 삭제 요청", "actor": hana, "at": NOON + 3 * DAY}
        with pytest.raises(safeguards.Incomplete):
            safeguards.end_exposure(made, **end)
        made = safeguards.end_exposure(made, **end, answered_on=NOON.date())
        entry = self.assertLedgered("safeguards.exposure.ended", made)
        assert '"late":true' in entry.payload.replace(" ", "")
        assert "캐시" not in entry.payload
        assert (due("safeguards.exposure"), due("safeguards.exposure-unconfirmed")) == ([], [made.reference])
        with pytest.raises((safeguards.SamePerson, NotASecondPerson)):
            safeguards.confirm_exposure_gone(made, actor=hana, at=clock.now())
        with pytest.raises(IntegrityError), transaction.atomic():
            Exposure.objects.filter(pk=made.pk).update(confirmed_by="U-nobody", confirmed_at=clock.now())
        assert safeguards.confirm_exposure_gone(made, actor=odile, at=clock.now()).confirmed_at
        assert due("safeguards.exposure-unconfirmed") == []

    def test_the_console_records_it_with_the_whole_of_its_last_day(self) -> None:
        self.client.force_login(factory.make_hana())
        given = {
            "found": "own", "what": "card", "where": "게시판 첨부", "known_on": "2026-01-05", "due_on": "2026-01-06"
        }  # fmt: skip
        self.client.post(reverse("admin:safeguards_exposure_new"), given, secure=True)
        made = Exposure.objects.get()
        assert clock.kst_date(made.due_at - timedelta(seconds=1)).isoformat() == "2026-01-06"
        page = self.client.get(reverse("admin:safeguards_exposure_change", args=[made.pk]), secure=True)
        self.assertContains(page, made.reference)
