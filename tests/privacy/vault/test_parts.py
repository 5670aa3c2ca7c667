"""What is much is asked of the key service in parts, and each part is answered in time."""

import time
from typing import Any

import pytest

from privacy.lib.identifiers.ids import new_id
from privacy.vault import actions as vault
from privacy.vault.keyservice import client, messages
from privacy.vault.keyservice.parts import PART_BYTES, PART_ITEMS, in_parts
from tests.base import PortalTestCase
from tests.database import PortalDatabase
from tests.factory import NOON
from tests.privacy.vault.key_services import key_service

MANY = 2 * PART_ITEMS + 1_000


def test_so_many_and_so_large_at_a_time() -> None:
    assert [len(part) for part in in_parts(range(MANY))] == [PART_ITEMS, PART_ITEMS, 1_000]
    sizes = [PART_BYTES // 2, PART_BYTES // 2, 1, 2 * PART_BYTES, 1]
    assert list(in_parts(sizes, lambda size: size)) == [sizes[:2], [1], [2 * PART_BYTES], [1]]
    assert list(in_parts([])) == []


class PartsTest(PortalTestCase):
    def test_a_search_for_many_identifiers_asks_few_questions(self) -> None:
        asked: list[messages.Request] = []
        ask = client.ask

        def count(request: messages.Request) -> Any:
            asked.append(request)
            return ask(request)

        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(client, "ask", count)
            found = vault.blind_indexes_of(("serial", f"R{number}") for number in range(MANY))
        assert found[-1] == vault.blind_index("serial", f"R{MANY - 1}")
        assert len(set(found)) == MANY
        assert sum(isinstance(one, messages.Index) for one in asked) == 3


@pytest.mark.attack("18")
def test_an_import_of_many_people_is_sealed_in_answers_that_come_in_time(
    portal_database: PortalDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One message of 50,000 rows took longer than its asker waits."""
    slowest: dict[str, float] = {}
    ask = client.ask

    def timed(request: messages.Request) -> Any:
        started, name = time.monotonic(), type(request).__name__
        found = ask(request)
        slowest[name] = max(slowest.get(name, 0.0), time.monotonic() - started)
        return found

    rows = [("devices.ImportedRow", "registration", who, who, "device-registration", b"x" * 300)
            for who in (new_id() for _number in range(MANY))]  # fmt: skip
    with key_service(portal_database):
        monkeypatch.setattr(client, "ask", timed)
        assert len(set(vault.encrypt_batch(rows, NOON))) == MANY
    assert {"NewKeys", "Seal"} <= slowest.keys()
    assert max(slowest.values()) < client.ANSWER_SECONDS / 2, slowest
    print(slowest)
