"""Raw keys are kept briefly, boundedly, and only once they are committed; a shred or a freeze empties them."""

from datetime import date

import pytest
from django.db import transaction

from privacy.ledger.actors import System
from privacy.lib.ids import new_id
from privacy.vault import actions as vault
from privacy.vault import keys
from privacy.vault.models import SubjectKey
from tests.database import PortalDatabase
from tests.factory import NOON, make_freeze, make_sealed_file
from tests.privacy.vault.doors import open_door


def named(number: int) -> keys.Name:
    return ("epoch", ("app-log", date(2000 + number, 1, 1)))


def test_it_is_bounded_and_the_oldest_make_room() -> None:
    cache = keys.Cache(seconds=60, size=3)
    for number in range(10):
        cache.put({named(number): b"k"})
        assert len(cache) <= 3
    assert set(cache.get([named(number) for number in range(10)])) == {named(7), named(8), named(9)}
    cache.put({named(number): b"k" for number in range(100)})
    assert len(cache) == 3


def test_what_is_put_again_is_young_again() -> None:
    cache = keys.Cache(seconds=60, size=2)
    for number in (1, 2, 1, 3):
        cache.put({named(number): b"k"})
    assert set(cache.get([named(1), named(2), named(3)])) == {named(1), named(3)}


def test_it_is_short_lived() -> None:
    cache = keys.Cache(seconds=0, size=10)
    cache.put({named(1): b"k"})
    assert cache.get([named(1)]) == {}
    cache.put({named(2): b"k"})
    assert len(cache) == 1, "what is stale leaves"


def test_a_key_that_was_rolled_back_is_not_kept(portal_database: PortalDatabase) -> None:
    """Or the next boxes would be sealed under a key that nobody has."""
    subject = new_id()
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        first = make_sealed_file(subject_id=subject, category="app-log")
        raise ZeroDivisionError
    assert len(keys.caches.here()) == 0
    second = make_sealed_file(subject_id=subject, category="app-log")
    with open_door() as door:
        assert door.reveal(second, "name") == "증빙.pdf"
        with pytest.raises(vault.NotSealed):
            door.reveal(first, "name")


def test_committed_keys_are_kept_and_spare_the_query(
    portal_database: PortalDatabase, django_assert_num_queries: pytest.FixtureRequest
) -> None:
    subject = new_id()
    row = ("vault.SealedFile", "name", new_id(), subject, "app-log", b"x")
    vault.seal_batch([row], NOON)
    with django_assert_num_queries(1):  # type: ignore[operator]
        vault.seal_batch([row] * 50, NOON)


def test_shred_and_freeze_empty_it_when_they_commit(portal_database: PortalDatabase) -> None:
    file, other = make_sealed_file(), make_sealed_file()
    cache = keys.caches.here()
    assert len(cache) >= 3
    with transaction.atomic():
        make_freeze(other.subject_id)
        assert len(cache) >= 3
    assert len(cache) == 0
    with open_door() as door:
        assert door.reveal(file, "name")
    assert len(cache) == 2
    vault.shred_subject(
        subject_id=other.subject_id, categories=None, cause="x", certificate="C", actor=System("tests"), at=NOON
    )
    assert len(cache) == 0


def test_two_processes_that_make_one_key_end_with_one(portal_database: PortalDatabase) -> None:
    """The other's insert is not yet committed when ours begins: ours waits, then uses the other's key."""
    import threading

    from django.db import connections

    make_sealed_file()
    subject = new_id()
    started, go_on = threading.Event(), threading.Event()
    files = []

    def first() -> None:
        try:
            with transaction.atomic():
                files.append(make_sealed_file(subject_id=subject, category="app-log"))
                started.set()
                go_on.wait(10)
        finally:
            connections.close_all()

    def second() -> None:
        try:
            files.append(make_sealed_file(subject_id=subject, category="app-log"))
        finally:
            connections.close_all()

    one, two = threading.Thread(target=first), threading.Thread(target=second)
    one.start()
    assert started.wait(10)
    two.start()
    with portal_database.connect() as watcher:
        while watcher.execute("SELECT count(*) FROM pg_locks WHERE NOT granted").fetchone() == (0,) and two.is_alive():
            continue
    assert two.is_alive()
    go_on.set()
    one.join()
    two.join()
    assert SubjectKey.objects.filter(subject_id=subject).count() == 1
    keys.caches.here().clear()
    with open_door() as door:
        assert [name for _row, name in door.reveal_many(files, "name")] == ["증빙.pdf"] * 2
