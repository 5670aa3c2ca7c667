"""Raw keys are kept briefly, boundedly, and only once they are committed; a shred or a freeze empties them."""

import time
from datetime import date
from unittest.mock import patch

import pytest
from django.db import transaction
from django.test import Client
from pytest_django import Settings  # type: ignore[attr-defined]

from config import settings as production
from privacy.ledger.actors import SystemActor
from privacy.lib.identifiers.ids import new_id
from privacy.vault import actions as vault
from privacy.vault import keys
from privacy.vault.models import SubjectKey
from tests.database import LOCKS_HERE, PortalDatabase
from tests.factory import NOON, make_freeze, make_sealed_file
from tests.privacy.vault.decryption_sessions import decryption_session


def named(number: int) -> keys.KeyName:
    return ("epoch", ("app-log", date(2000 + number, 1, 1)))


def test_it_is_bounded_and_the_oldest_make_room() -> None:
    cache = keys.KeyCache(seconds=60, size=3)
    for number in range(10):
        cache.put({named(number): b"k"})
        assert len(cache) <= 3
    assert set(cache.get([named(number) for number in range(10)])) == {named(7), named(8), named(9)}
    cache.put({named(number): b"k" for number in range(100)})
    assert len(cache) == 3


def test_what_is_put_again_is_young_again() -> None:
    cache = keys.KeyCache(seconds=60, size=2)
    for number in (1, 2, 1, 3):
        cache.put({named(number): b"k"})
    assert set(cache.get([named(1), named(2), named(3)])) == {named(1), named(3)}


@pytest.mark.asvs("11.7.2")
def test_it_is_short_lived() -> None:
    cache = keys.KeyCache(seconds=0, size=10)
    cache.put({named(1): b"k"})
    assert cache.get([named(1)]) == {}
    cache.put({named(2): b"k"})
    assert len(cache) == 1, "what is stale leaves"
    # As production has it: what was read with for seconds, what intake seals with for minutes.
    assert 0 < production.VAULT_CACHE_SECONDS <= 60 and 0 < keys.CONTENT_SECONDS <= 300


@pytest.mark.asvs("11.7.2")
def test_a_process_keeps_what_it_read_with_for_the_seconds_of_the_settings(
    portal_database: PortalDatabase, settings: Settings
) -> None:
    settings.VAULT_CACHE_SECONDS = 7
    cache = keys.KeyCaches().here()
    begun = time.monotonic()
    with patch("privacy.vault.keys.time.monotonic", side_effect=lambda: begun):
        cache.put({named(1): b"k"})
        cache.put_content_keys("app-log", date(2026, 1, 1), {b"s": b"k"}, ticket=cache.watch._revision)
    # Nobody asks for it again, and it is gone all the same: with the next request, whatever that is about.
    with patch.object(keys.caches, "_caches", {"here": cache}):
        for seconds, held, contents in ((6.9, 1, 1), (7.1, 0, 1), (keys.CONTENT_SECONDS + 1, 0, 0)):
            with patch("privacy.vault.keys.time.monotonic", return_value=begun + seconds):
                assert len(cache.get([named(1)])) == held, seconds
                assert Client().get("/livez").status_code == 200
            assert (len(cache), len(cache._contents)) == (held, contents), seconds


def test_a_key_that_was_rolled_back_is_not_kept(portal_database: PortalDatabase) -> None:
    """Or the next boxes would be sealed under a key that nobody has."""
    subject = new_id()
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        first = make_sealed_file(subject_id=subject, category="app-log")
        raise ZeroDivisionError
    assert len(keys.caches.here()) == 0
    second = make_sealed_file(subject_id=subject, category="app-log")
    with decryption_session() as vault_session:
        assert vault_session.decrypt(second, "name") == "증빙.pdf"
        with pytest.raises(vault.InvalidCiphertext):
            vault_session.decrypt(first, "name")


def test_committed_keys_are_kept_and_spare_the_query(
    portal_database: PortalDatabase, django_assert_num_queries: pytest.FixtureRequest
) -> None:
    subject = new_id()
    row = ("vault.EncryptedFile", "name", new_id(), subject, "app-log", b"x")
    vault.encrypt_batch([row], NOON)
    with django_assert_num_queries(1):  # type: ignore[operator]
        vault.encrypt_batch([row] * 50, NOON)


@pytest.mark.asvs("11.7.2", "14.2.2")
def test_shred_and_freeze_empty_it_when_they_commit(portal_database: PortalDatabase) -> None:
    file, other = make_sealed_file(), make_sealed_file()
    cache = keys.caches.here()
    with decryption_session() as vault_session:
        for each in (file, other):
            assert vault_session.decrypt(each, "name")
    assert len(cache) == 2
    with transaction.atomic():
        make_freeze(other.subject_id)
        assert len(cache) == 2
    assert len(cache) == 0
    with decryption_session() as vault_session:
        assert vault_session.decrypt(file, "name")
    assert len(cache) == 1
    vault.shred_subject(
        subject_id=other.subject_id, categories=None, cause="x", certificate="C", actor=SystemActor("tests"), at=NOON
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
                go_on.wait(60)
        finally:
            connections.close_all()

    def second() -> None:
        try:
            files.append(make_sealed_file(subject_id=subject, category="app-log"))
        finally:
            connections.close_all()

    one, two = threading.Thread(target=first), threading.Thread(target=second)
    one.start()
    assert started.wait(60)
    two.start()
    with portal_database.connect() as watcher:
        while watcher.execute(f"{LOCKS_HERE} AND NOT granted").fetchone() == (0,) and two.is_alive():
            continue
    assert two.is_alive()
    go_on.set()
    one.join()
    two.join()
    assert SubjectKey.objects.filter(subject_id=subject).count() == 1
    keys.caches.here().clear()
    with decryption_session() as vault_session:
        assert [name for _row, name in vault_session.decrypt_many(files, "name")] == ["증빙.pdf"] * 2


@pytest.mark.truth("key-cache-starves")
def test_a_new_month_takes_the_room_of_the_old_one() -> None:
    """At the turn of the month nothing writes to the old month any more; its keys must not keep the new one's out."""
    cache = keys.KeyCache(seconds=60, size=100)
    ticket = cache.watch._revision
    old, new = date(2026, 10, 1), date(2026, 11, 1)
    names = [bytes([number]) * 16 for number in range(200)]
    cache.put_content_keys("app-log", old, dict.fromkeys(names[:100], b"k"), ticket=ticket)
    for start in (0, 50, 100, 150):
        part = names[start : start + 50]
        cache.put_content_keys("app-log", new, dict.fromkeys(part, b"k"), ticket=ticket)
        assert cache.contents("app-log", new, part) == [b"k"] * 50
    assert cache.contents("app-log", old, names[:100]) == [None] * 100
    assert cache.contents("app-log", new, names[:100]) == [None] * 100, "the oldest of the new month made room"


@pytest.mark.truth("key-cache-starves")
def test_what_is_stale_leaves_in_every_month() -> None:
    cache = keys.KeyCache(seconds=60, size=100, content_seconds=0)
    for month in (10, 11):
        cache.put_content_keys("app-log", date(2026, month, 1), {b"a" * 16: b"k"}, ticket=cache.watch._revision)
    assert not cache.contents("app-log", date(2026, 10, 1), [b"a" * 16])[0]
    assert len(cache._contents) <= 1
