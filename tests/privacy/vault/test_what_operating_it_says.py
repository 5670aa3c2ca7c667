"""What docs/vault.md says of other holders of the master key, of hosts and of limits."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from privacy.ledger.actors import SystemActor
from privacy.ledger.models import Entry
from privacy.vault import actions as vault
from privacy.vault import decryption_session, key_providers, keys
from privacy.vault.keyservice import client, messages
from privacy.vault.models import EncryptedFile
from privacy.vault.purposes import Purpose
from tests.database import PortalDatabase
from tests.factory import NOON, make_freeze, make_sealed_file
from tests.privacy.vault.decryption_sessions import decryption_session as open_door
from tests.privacy.vault.keyfiles import own_keys

pytestmark = pytest.mark.truth("claims")


@pytest.fixture
def folder(portal_database: PortalDatabase) -> Iterator[Path]:
    with own_keys() as made:
        yield made


def test_whoever_holds_the_keys_is_shown_the_number_of_the_record(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = make_sealed_file(name="asked.pdf")
    keys.caches.here().clear()
    asked: list[messages.ReadKeys] = []
    ask = client.ask

    def listen(request: messages.Request) -> Any:
        asked.extend([request] if isinstance(request, messages.ReadKeys) else [])
        return ask(request)

    monkeypatch.setattr(client, "ask", listen)
    with open_door() as opened:
        assert opened.decrypt(file, "name") == "asked.pdf"
    assert [one.record for one in asked] == [Entry.objects.filter(word="ledger.read").latest("id").id]


def test_a_host_that_lacks_a_generation_neither_seals_nor_opens_and_says_so(folder: Path) -> None:
    file = make_sealed_file()
    vault.rotate(actor=SystemActor("tests"), at=NOON)
    held = key_providers.parse_key_file((folder / "master.key").read_text(), "master.key")
    key_providers.write_secret(folder / "master.key", key_providers.format_key_file({1: held[1]}))
    keys.caches.here().clear()
    with pytest.raises(vault.WrongKey, match="2"):
        make_sealed_file()
    with open_door() as opened, pytest.raises(vault.WrongKey, match="2"):
        opened.decrypt(file, "name")


def test_the_length_of_a_box_tells_the_length_of_the_value(folder: Path) -> None:
    short, long = make_sealed_file(name="a"), make_sealed_file(name="a" * 21)
    held = EncryptedFile.objects.in_bulk()
    assert len(held[long.pk].name.ciphertext) - len(held[short.pk].name.ciphertext) == 20


def test_a_long_reading_meets_a_freeze_in_its_next_slice(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert decryption_session.CHUNK == 1_000
    monkeypatch.setattr(decryption_session, "CHUNK", 2)
    files = [make_sealed_file(category="app-log") for _ in range(5)]
    with open_door(Purpose.ERROR_ANALYSIS) as opened:
        reading = opened.decrypt_many(files, "name")
        next(reading)
        held = make_freeze(files[4].subject_id)
        assert [row for row, _name in reading] == files[1:4]
        assert opened.left_out == [held]
