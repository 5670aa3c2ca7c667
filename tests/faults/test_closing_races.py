"""A hundred races each: what is frozen, destroyed or granted no more is read by nobody from the commit on.

``SCALE`` scales the run, ``SEED`` repeats it. The races and their control are those of the ordinary tests.
"""

import os
import random

import pytest

from tests.database import PortalDatabase
from tests.privacy.vault.closing_races import KINDS, race
from tests.privacy.vault.key_services import key_service
from tests.seeds import drawn

SCALE = float(os.environ.get("SCALE", "1"))
SEED = drawn()
ROUNDS = max(10, int(100 * SCALE))


@pytest.mark.faults
@pytest.mark.attack("18.4")
def test_nothing_is_read_that_was_closed(portal_database: PortalDatabase) -> None:
    print(f"SEED={SEED}, {ROUNDS} races each")
    dice = random.Random(SEED)
    with key_service(portal_database):
        late = {kind.__name__: race(portal_database, kind, rounds=ROUNDS, dice=dice) for kind in KINDS}
    assert not any(late.values()), late
