"""Fixtures of the fault runs."""

from collections.abc import Iterator

import pytest
from django.db import connections

from config.databases import DATABASES
from tests.settings import PATIENCE


@pytest.fixture
def locks_given_up_soon() -> Iterator[None]:
    """Wait for a lock as long as the portal does, and not as long as its tests do."""
    ours = [connections.settings[alias]["OPTIONS"] for alias in DATABASES]
    for options in ours:
        options["options"] = options["options"].removesuffix(PATIENCE)
    yield
    for options in ours:
        options["options"] += PATIENCE
