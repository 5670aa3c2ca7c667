"""When a reached ceiling is told, whatever the host's clock says meanwhile."""

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
