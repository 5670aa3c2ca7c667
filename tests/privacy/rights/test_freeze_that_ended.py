"""A correction verified after its first freeze has ended is frozen anew, also before the worker has lifted that one."""

from datetime import timedelta

import pytest

from privacy.vault.models import Freeze
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON


class FreezeThatEndedTests(PortalTestCase):
    @pytest.mark.truth("freeze-that-ended")
    def test_verified_late_the_item_is_frozen_until_it_is_decided(self) -> None:
        device = factory.make_device(1)
        asked = factory.ask_correction(item="model", wanted="SM-X")
        (placed,) = Freeze.objects.active(NOON)
        assert placed.until is not None
        late = placed.until + timedelta(minutes=1)
        assert not Freeze.objects.active(late).exists()
        factory.make_verified(asked, at=late)
        (held,) = Freeze.objects.active(late + timedelta(days=9))
        assert (held.subject_id, held.item, held.until) == (device.subject_id, "model", None)
        placed.refresh_from_db()
        assert placed.lifted_at == late
