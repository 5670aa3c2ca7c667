"""The base of the portal's tests and the domain's own assertions."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import models
from django.test import TestCase

from privacy.ledger.entries.payloads import about_key
from privacy.ledger.models import Entry


class PortalTestCase(TestCase):
    """A test in a transaction on all three databases."""

    databases = {"default", "personal", "archive"}

    def assertLedgered(self, word: str, about: models.Model | None = None) -> Entry:
        """Some entry with this word (about this record) is on the ledger; return the newest."""
        entries = Entry.objects.filter(word=word)
        if about is not None:
            entries = entries.about(about_key(about))
        newest = entries.order_by("-id").first()
        assert newest is not None, f"no entry {word}" + (f" about {about}" if about else "")
        return newest

    @contextmanager
    def assertNotLedgered(self, word: str) -> Iterator[None]:
        """No entry with this word is written inside the block."""
        before = Entry.objects.filter(word=word).count()
        yield
        assert Entry.objects.filter(word=word).count() == before, f"{word} was recorded"
