"""Known and unknown targets take the same time at the public form: 500 each, in turns, statistics printed (SEC-16)."""

import gc
import math
import os
import random
import statistics
import time
from collections.abc import Sequence

import pytest
from django.urls import reverse

from tests import factory
from tests.base import PortalTestCase
from tests.privacy.rights.test_request_form import fields

# A tenth under SCALE=0.1; the same questions and the same length are proven in test_request_form.py each time.
EACH = max(50, int(500 * float(os.environ.get("SCALE", "1"))))
KNOWN = 100
GAP_SECONDS = 0.005


def mann_whitney(one: Sequence[float], other: Sequence[float]) -> float:
    """The two-sided p-value that two samples come from one distribution, by the normal approximation."""
    ranked = sorted([(value, 0) for value in one] + [(value, 1) for value in other])
    ranks = sum(place for place, (_value, which) in enumerate(ranked, start=1) if which == 0)
    n, m = len(one), len(other)
    u = ranks - n * (n + 1) / 2
    z = (u - n * m / 2) / math.sqrt(n * m * (n + m + 1) / 12)
    return math.erfc(abs(z) / math.sqrt(2))


class SameTimeTests(PortalTestCase):
    @pytest.mark.faults
    @pytest.mark.clause("P1.3")
    @pytest.mark.asvs("6.3.8")
    def test_five_hundred_known_and_five_hundred_unknown(self) -> None:
        for number in range(KNOWN):
            factory.make_device(number)
        address = reverse("rights:request")
        times: dict[bool, list[float]] = {True: [], False: []}
        lengths: set[int] = set()
        gc.collect()
        gc.disable()
        try:
            for number in range(2 * EACH + 20):
                known = number % 2 == 0
                target = factory.imei(number // 2 % KNOWN if known else 500_000 + number)
                sent = fields(target=target, wanted=factory.imei(900_000 + number))
                origin = f"10.{number // 62_500}.{number // 250 % 250}.{number % 250}"
                started = time.perf_counter()
                answer = self.client.post(address, sent, REMOTE_ADDR=origin)
                taken = time.perf_counter() - started
                assert answer.status_code == 200
                if number >= 20:
                    times[known].append(taken)
                    lengths.add(len(answer.content))
        finally:
            gc.enable()
        p = mann_whitney(times[True], times[False])
        medians = {known: statistics.median(times[known]) for known in times}
        gap = abs(medians[True] - medians[False])
        print(
            f"\nknown: median {1000 * medians[True]:.3f} ms, unknown: median {1000 * medians[False]:.3f} ms,"
            f" gap {1000 * gap:.3f} ms, Mann-Whitney p {p:.3f}, {EACH} each; lengths {sorted(lengths)}"
        )
        assert len(lengths) == 1
        assert gap < GAP_SECONDS
        assert p > 0.01


def test_the_statistic_tells_a_difference_where_there_is_one() -> None:
    """The control: samples that differ by a quarter of their spread are told apart."""
    chance = random.Random(20_261_124)
    one, other = ([chance.gauss(10, 1) for _number in range(EACH)] for _sample in range(2))
    assert mann_whitney(one, other) > 0.01
    assert mann_whitney(one, [value + 0.25 for value in other]) < 0.01
