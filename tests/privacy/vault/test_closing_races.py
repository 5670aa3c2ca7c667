"""A freeze, a destruction and the end of a grant hold from their commit on, in whichever process somebody reads."""

import random

import pytest

from tests.database import PortalDatabase
from tests.privacy.vault.closing_races import KINDS, race
from tests.privacy.vault.key_services import BROKEN, key_service
from tests.seeds import drawn

pytestmark = pytest.mark.attack("18.4")

ROUNDS = 10
SEED = drawn()


@pytest.mark.asvs("8.3.2")
def test_nothing_is_read_that_was_closed(portal_database: PortalDatabase) -> None:
    print(f"SEED={SEED}")
    dice = random.Random(SEED)
    with key_service(portal_database):
        assert {kind.__name__: race(portal_database, kind, rounds=ROUNDS, dice=dice) for kind in KINDS} == {
            kind.__name__: [] for kind in KINDS
        }


def test_a_service_that_does_not_ask_again_is_caught(portal_database: PortalDatabase) -> None:
    """The positive control: the same races with a policy that leaves its questions out."""
    with key_service(portal_database, program=BROKEN):
        for kind in KINDS:
            late = race(portal_database, kind, rounds=2, dice=random.Random(SEED))
            assert late == ["round 0: past the door", "round 1: past the door"], kind.__name__
