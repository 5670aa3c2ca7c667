"""Known and unknown identifiers take the same time at every public door: in turns, statistics printed (SEC-16).

``SCALE`` scales the number. What the answers say, and that they are of one length, is proven each time in
``tests/privacy/rights/test_known_and_unknown.py``.
"""

import gc
import logging
import math
import os
import random
import statistics
import time
from collections.abc import Callable, Sequence

import pytest
from django.test import Client
from django.urls import reverse

from privacy.incidents import actions as incidents
from privacy.lib.dates import clock
from tests import factory
from tests.base import PortalTestCase
from tests.privacy.rights.test_request_form import fields

EACH = max(50, int(1_000 * float(os.environ.get("SCALE", "1"))))
KNOWN = 100
GAP_SECONDS = 0.001
CHANCE = 0.001
WRONG_CODE = "ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZ"
type Press = Callable[[bool, int, str], object]


def mann_whitney(one: Sequence[float], other: Sequence[float]) -> float:
    """The two-sided p-value that two samples come from one distribution, by the normal approximation."""
    ranked = sorted([(value, 0) for value in one] + [(value, 1) for value in other])
    ranks = sum(place for place, (_value, which) in enumerate(ranked, start=1) if which == 0)
    n, m = len(one), len(other)
    u = ranks - n * (n + 1) / 2
    z = (u - n * m / 2) / math.sqrt(n * m * (n + m + 1) / 12)
    return math.erfc(abs(z) / math.sqrt(2))


def told_apart(known: Sequence[float], unknown: Sequence[float]) -> bool:
    """Whether somebody who measures can tell them apart: surely, and by more than a network blurs."""
    gap = abs(statistics.median(known) - statistics.median(unknown))
    return mann_whitney(known, unknown) < CHANCE and gap > GAP_SECONDS


@pytest.mark.faults
@pytest.mark.attack("17.6")
class SameTimeTest(PortalTestCase):
    def setUp(self) -> None:
        # a line for each refused attempt is no part of what is measured
        logging.disable(logging.WARNING)
        self.addCleanup(logging.disable, logging.NOTSET)

    @pytest.mark.asvs("6.3.8")
    @pytest.mark.clause("P1.3")
    def test_the_request_form(self) -> None:
        for number in range(KNOWN):
            factory.make_device(number)

        def press(known: bool, number: int, origin: str) -> object:
            target = factory.imei(number % KNOWN if known else 500_000 + number)
            sent = fields(target=target, wanted=factory.imei(900_000 + number))
            return self.client.post(reverse("rights:request"), sent, REMOTE_ADDR=origin)

        self.compare("the request form", press, {200})

    @pytest.mark.asvs("6.3.8")
    def test_the_consent_pages_question_to_a_device(self) -> None:
        for number in range(EACH + 20):
            factory.make_device(number)

        def press(known: bool, number: int, origin: str) -> object:
            address = reverse("consents:begin", args=["device"])
            term = factory.imei(number if known else 500_000 + number)
            return self.client.post(address, {"term": term}, REMOTE_ADDR=origin)

        self.compare("the consent pages", press, {302})

    @pytest.mark.asvs("6.3.8", "11.2.4")
    def test_the_status_page_of_a_case(self) -> None:
        cases = [self._case(number) for number in range(KNOWN)]

        def press(known: bool, number: int, origin: str) -> object:
            sent = {"number": cases[number % KNOWN] if known else f"2026-{9_000_000 + number}", "code": WRONG_CODE}
            return self.client.post(reverse("rights:case"), sent, REMOTE_ADDR=origin)

        self.compare("the status page of a case", press, {422})

    @pytest.mark.asvs("6.3.8")
    def test_the_status_page_of_a_complaint(self) -> None:
        made = [self._complaint(number) for number in range(KNOWN)]

        def press(known: bool, number: int, origin: str) -> object:
            reference = made[number % KNOWN] if known else f"Q-{number:04d}-92QX"
            sent = {"reference": reference, "code": WRONG_CODE}
            return self.client.post(reverse("incidents:status"), sent, REMOTE_ADDR=origin)

        self.compare("the status page of a complaint", press, {422})

    def test_the_button_that_asks_the_device(self) -> None:
        """A session for each: the button stands on the page of a case that its code opened."""
        for number in range(KNOWN // 2):
            factory.make_device(number)
        visitors = {
            known: [self._opened(number if known else 500_000 + number) for number in range(KNOWN // 2)]
            for known in (True, False)
        }

        def press(known: bool, number: int, origin: str) -> object:
            visitor = visitors[known][number % (KNOWN // 2)]
            return visitor.post(reverse("rights:confirm-device"), {}, REMOTE_ADDR=origin)

        self.compare("the button that asks the device", press, {302, 422})

    @pytest.mark.asvs("6.3.8")
    def test_signing_in(self) -> None:
        for number in range(EACH + 20):
            factory.make_user(f"known-{number}@extrus.example", f"Known {number}")

        def press(known: bool, number: int, origin: str) -> object:
            email = f"{'known' if known else 'other'}-{number}@extrus.example"
            sent = {"login": email, "password": "not the password"}
            return self.client.post(reverse("account_login"), sent, REMOTE_ADDR=origin)

        self.compare("signing in", press, {200, 422})

    def compare(self, door: str, press: Press, statuses: set[int]) -> None:
        times: dict[bool, list[float]] = {True: [], False: []}
        gc.collect()
        gc.disable()
        try:
            for place in range(2 * EACH + 40):
                known, number = place % 2 == 0, place // 2
                origin = f"10.{place // 62_500}.{place // 250 % 250}.{place % 250}"
                started = time.perf_counter()
                answer = press(known, number, origin)
                taken = time.perf_counter() - started
                assert answer.status_code in statuses, (known, answer.status_code, answer.content[:300])  # type: ignore[attr-defined]
                if number >= 20:
                    times[known].append(taken)
        finally:
            gc.enable()
        medians = {known: 1000 * statistics.median(times[known]) for known in times}
        print(
            f"\n{door}: known median {medians[True]:.3f} ms, unknown {medians[False]:.3f} ms, Mann-Whitney "
            f"p {mann_whitney(times[True], times[False]):.4f}, {EACH} each"
        )
        assert not told_apart(times[True], times[False])

    def _case(self, number: int) -> str:
        return factory.ask(target=factory.imei(number), address="").request.number

    def _complaint(self, number: int) -> str:
        return incidents.file_complaint(explanation=f"complaint {number}", at=clock.now()).complaint.reference

    def _opened(self, number: int) -> Client:
        receipt = factory.ask(target=factory.imei(number), address="", at=clock.now())
        visitor = Client()
        sent = {"number": receipt.request.number, "code": receipt.code}
        answer = visitor.post(reverse("rights:case"), sent, REMOTE_ADDR=f"192.168.{number // 250 % 250}.{number % 250}")
        assert answer.status_code == 302
        return visitor


def test_the_statistic_tells_a_difference_where_there_is_one() -> None:
    """The control: two milliseconds are told apart, and chance is not."""
    chance = random.Random(20_261_124)
    one, other = ([chance.gauss(0.01, 0.001) for _number in range(EACH)] for _sample in range(2))
    assert not told_apart(one, other)
    assert told_apart(one, [value + 0.002 for value in other])
