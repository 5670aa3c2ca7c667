"""Whether a number is known to us is told at no public door: not by pages, codes, headers, limits, mails or entries."""

import re
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.core import mail
from django.db import connections
from django.db.models import F
from django.test import Client
from django.test.utils import CaptureQueriesContext

from consents import identity_verification
from devices import actions as devices
from devices.models import Challenge
from privacy.jobs.models import GeneralOutbox
from privacy.ledger.models import Entry
from privacy.lib.dates import clock
from tests import factory
from tests.base import PortalTestCase

KNOWN = {"imei": factory.imei(1), "serial_number": "XM-KNOWN-01", "adb_number": "ADBKNOWN01"}
UNKNOWN = {"imei": factory.imei(77), "serial_number": "XM-OTHER-01", "adb_number": "ADBOTHER01"}
# What differs between any two visits.
OF_THE_VISIT = re.compile(
    r'value="[A-Za-z0-9_-]{16,}"|href="data:text/plain[^"]+"|nonce="[^"]+"|\d{4}-\d{7}|class="once"[^>]*>[^<]+<|datetime="[^"]+"|\d{1,2}:\d{2}'
)


class Visit:
    """One person at the public pages, with what they got."""

    def __init__(self, address: str) -> None:
        self.client = Client(REMOTE_ADDR=address, headers={"accept-language": "en"})
        self.seen: list[tuple[Any, ...]] = []
        self.text = ""

    def post(self, path: str, values: dict[str, Any]) -> None:
        self._keep(self.client.post(path, values))

    def get(self, path: str) -> None:
        self._keep(self.client.get(path))

    def code(self) -> str:
        found = re.search(r'class="once"[^>]*>([0-9A-Z]{6})<', self.text)
        return found.group(1) if found else ""

    def _keep(self, answer: Any) -> None:
        self.text = answer.content.decode()
        headers = {name: value for name, value in answer.headers.items() if "nonce" not in value}
        self.seen.append(
            (answer.status_code, sorted(headers), answer.headers.get("Location"), len(self.text), self._masked())
        )

    def _masked(self) -> str:
        return OF_THE_VISIT.sub("", self.text)


@pytest.mark.attack("17.6")
class KnownAndUnknownTests(PortalTestCase):
    def setUp(self) -> None:
        self.device = factory.make_device(1, serial_number="XM-KNOWN-01", adb_number="ADBKNOWN01", at=clock.now())
        self.moment = clock.now()

    def test_four_corrections_by_three_numbers_of_one_device_get_the_same_receipts(self) -> None:
        kinds = ("imei", "serial_number", "adb_number", "imei", "serial_number")
        known, unknown = (self._ask_by(kinds, values, place) for place, values in enumerate((KNOWN, UNKNOWN), start=1))
        assert known.seen == unknown.seen

    def test_pressing_confirm_again_and_again_looks_the_same(self) -> None:
        known, unknown = (self._press(values, place) for place, values in enumerate((KNOWN, UNKNOWN), start=1))
        assert known == unknown
        assert known[1:] == [[True, False, True, False, True, False, True], [True] * 6 + [False] * 2]
        assert [seen[0] for seen in known[0][::2]] == [302] * 6 + [422] * 2

    def test_a_refusal_on_the_device_is_not_to_be_seen(self) -> None:
        known, unknown = (
            self._press(values, place, between=self._deny) for place, values in enumerate((KNOWN, UNKNOWN), start=1)
        )
        assert known == unknown

    def test_a_question_costs_the_same_entries_and_rows(self) -> None:
        costs = []
        for place, values in enumerate((KNOWN, UNKNOWN), start=1):
            visit = self._opened(values, place)
            words = Entry.objects.count(), Challenge.objects.count(), GeneralOutbox.objects.count(), len(mail.outbox)
            visit.post("/en/rights/case/device/", {})
            after = Entry.objects.count(), Challenge.objects.count(), GeneralOutbox.objects.count(), len(mail.outbox)
            costs.append([late - early for early, late in zip(words, after, strict=True)])
        assert costs[0] == costs[1]
        assert costs[0][1] == 1

    def test_the_consent_pages_ask_and_stop_asking_alike(self) -> None:
        seen = []
        for place, values in enumerate((KNOWN, UNKNOWN), start=1):
            visit, costs = Visit(f"198.51.100.{place}"), []
            for term in ("imei", "serial_number", "adb_number", "imei", "imei"):
                before = Entry.objects.count(), Challenge.objects.count()
                visit.post("/en/consents/proof/device/", {"term": values[term]})
                costs.append((Entry.objects.count() - before[0], Challenge.objects.count() - before[1]))
                visit.get("/en/consents/waiting/")
                visit.post("/en/consents/waiting/", {})
            seen.append((visit.seen, costs))
        assert seen[0] == seen[1]
        assert Challenge.objects.filter(device_id=self.device.id).count() == 3

    def test_the_consent_pages_ask_the_databases_as_often(self) -> None:
        asked = []
        for place, values in enumerate((UNKNOWN, KNOWN, UNKNOWN), start=1):
            with (
                CaptureQueriesContext(connections["default"]) as general,
                CaptureQueriesContext(connections["personal"]) as own,
            ):
                Visit(f"198.51.100.{place}").post("/en/consents/proof/device/", {"term": values["imei"]})
            asked.append((len(general), len(own)))
        # the first one of an hour makes the hour's row
        assert asked[1] == asked[2]

    def test_both_orders_of_asking_look_the_same(self) -> None:
        begun = [
            identity_verification.methods()["device"].begin(values["imei"], "", self.moment)
            for values in (UNKNOWN, KNOWN, UNKNOWN, KNOWN)
        ]
        assert len({one.shown for one in begun}) == len({one.key for one in begun}) == 4
        assert {len(one.shown) for one in begun} == {6}
        assert {one.expires_at - self.moment for one in begun} == {timedelta(minutes=30)}

    def _ask_by(self, kinds: tuple[str, ...], values: dict[str, str], place: int) -> Visit:
        visit = Visit(f"198.51.100.{place}")
        for number, kind in enumerate(kinds):
            visit.post("/en/rights/request/", self._fields(kind, values[kind], number))
        return visit

    def _fields(self, kind: str, value: str, number: int) -> dict[str, Any]:
        return {
            "rights": ["correction"], "target_kind": kind, "target": value, "item": "device-registration/model",
            "wanted": f"SM-X{number}", "requester": "self", "name": "Mina", "answer_by": "email",
            "email": "mina@example.org", "explanation": "no",
        }  # fmt: skip

    def _opened(self, values: dict[str, str], place: int) -> Visit:
        visit = Visit(f"198.51.100.{place}")
        visit.post("/en/rights/request/", self._fields("imei", values["imei"], place))
        number, code = re.findall(r'class="once"[^>]*>([^<]+)<', visit.text)
        visit.seen.clear()
        visit.client.post("/en/rights/case/", {"number": number, "code": code})
        return visit

    def _press(self, values: dict[str, str], place: int, between: Any = None) -> list[Any]:
        """Press twice within the life of each of four questions; return what was seen, and when the code changed."""
        visit, codes = self._opened(values, place), []
        for _question in range(4):
            for _again in range(2):
                visit.post("/en/rights/case/device/", {})
                visit.get("/en/rights/case/")
                codes.append(visit.code())
                if between is not None:
                    between(clock.now())
            # Half an hour later.
            Challenge.objects.update(expires_at=F("asked_at"))
        changed = [early == late for early, late in pairwise(codes)]
        return [visit.seen, changed, [bool(code) for code in codes]]

    def _deny(self, at: datetime) -> None:
        for one in Challenge.objects.filter(device_id=self.device.id).open(at=at):
            devices.answer_challenge(
                device_id=self.device.id, challenge_id=one.id, confirmed=False, gateway=factory.make_gate(), at=at
            )
