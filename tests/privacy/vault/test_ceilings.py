"""When a reached ceiling is told, whatever the host's clock says meanwhile, and how many pass at once."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest

from privacy.vault.keyservice import ceilings
from privacy.vault.keyservice.ceilings import Ceilings
from privacy.vault.keyservice.refusals import CeilingReached

pytestmark = pytest.mark.attack("18")


def test_a_clock_that_is_set_back_silences_none(monkeypatch: pytest.MonkeyPatch) -> None:
    now = {"time": 1_000_000.0, "monotonic": 5.0}
    monkeypatch.setattr(ceilings.time, "time", lambda: now["time"])
    monkeypatch.setattr(ceilings.time, "monotonic", lambda: now["monotonic"])
    counted = Ceilings({"pages": 1})

    def reach() -> int:
        with pytest.raises(CeilingReached):
            counted.read("pages", "rights", [b"1", b"2"])
        return len(counted.reached)

    assert [reach(), reach()] == [1, 1]
    now["time"] -= 86_400
    now["monotonic"] += 61
    assert [reach(), reach()] == [2, 2]
    now["time"] += 2 * 86_400
    assert reach() == 2


class SlowLimits(dict[str, int]):
    """Whoever looks a limit up lets the other threads go on meanwhile."""

    def get(self, name: str, default: Any = None) -> Any:
        time.sleep(0.001)
        return super().get(name, default)


@pytest.mark.asvs("15.4.1")
def test_of_threads_that_come_at_once_no_more_pass_than_the_ceiling_says() -> None:
    counted = Ceilings(SlowLimits({"pages": 10, "pages.rights": 20}))

    def come(worker: int) -> int:
        passed = 0
        for number in range(4):
            with suppress(CeilingReached):
                counted.read("pages", "rights", [b"%d-%d" % (worker, number)])
                passed += 1
        return passed

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(come, range(8))) == 10
    assert len(counted.reached) == 1, "it is told once"
