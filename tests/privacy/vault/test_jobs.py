"""The vault's periodic jobs call verbs and are safe to repeat."""

import pytest

from privacy.lib.dates import clock
from privacy.vault import tasks
from privacy.vault.models import KeyCheck
from tests.database import PortalDatabase
from tests.factory import make_sealed_file
from tests.privacy.vault.keyfiles import generations, own_keys


@pytest.mark.law("S-22")
def test_the_master_key_is_turned_once_a_month(portal_database: PortalDatabase) -> None:
    with own_keys() as folder:
        tasks.rotate_master_key()
        make_sealed_file()
        KeyCheck.objects.filter(kind="master").update(begun_at=clock.now().replace(year=2020))
        for _ in range(3):
            tasks.rotate_master_key()
            assert generations(folder) == {1, 2}, "the old one waits for its grace"
        assert KeyCheck.objects.get(kind="master", current=True).generation == 2
