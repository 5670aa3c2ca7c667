"""Fixtures: the databases, the keys, and the cast."""

import gc
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db.backends.signals import connection_created
from django.utils import timezone, translation
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

import manage
from tests import database, force_login, once_more, own_writes, process_roles, recording_connection, seeds
from tests.database import PortalDatabase

# A busy machine is slow; that says nothing of what is tested.
hypothesis_settings.register_profile(
    "portal", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=seeds.SAME_DRAWS
)
hypothesis_settings.load_profile("portal")
force_login.complete_force_login()
connection_created.connect(own_writes.install, dispatch_uid="tests-own-writes")
connection_created.connect(recording_connection.keep, dispatch_uid="tests-recording-connection")
recording_connection.keep_between_classes()

# Long without databases of their own: they go through every page, combination or history, or start programs.
LONG = {
    "test_routes.py", "test_reads_are_recorded.py", "test_headers.py", "test_every_page.py", "test_order_of_steps.py",
    "test_verify_program.py", "test_sigstore.py", "test_gets_change_nothing.py", "test_personal_statements.py",
    "test_secrets_are_shown_once.py", "test_words_of_the_console.py", "test_parameters.py", "test_simulation.py",
    "test_histories.py", "test_dashboard_histories.py", "test_hostile_tables.py", "test_refusal_grounds_on_pages.py",
    "test_refusals.py", "test_case_state_machine.py", "test_transport.py", "test_witnesses.py", "test_start.py",
    "test_upload_validation.py", "test_warm_python.py",
}  # fmt: skip

SHARED = database.SharedDatabases()
MOST_USES = 100


def pytest_configure(config: pytest.Config) -> None:
    for plugin in (seeds, once_more):
        config.pluginmanager.register(plugin)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the long ones, and put their files first: a whole file goes to one process, and the last has others wait."""
    weights: Counter[Path] = Counter()
    for item in items:
        if "portal_database" in getattr(item, "fixturenames", ()) or item.path.name in LONG:
            item.add_marker("long")
    for item in items:
        fixtures = getattr(item, "fixturenames", ())
        weights[item.path] += 100 if "desk" in fixtures else 10 if "portal_database" in fixtures else 1
    weights.update({path: 1_000 for path in weights if path.name in LONG})
    items.sort(key=lambda item: -weights[item.path])


def pytest_collection_finish(session: pytest.Session) -> None:
    """Leave what the collected tests hold out of every search for garbage: an eighth of the time went there."""
    gc.collect()
    gc.freeze()


def pytest_sessionstart(session: pytest.Session) -> None:
    """Before a test module takes a task by its name."""
    gc.set_threshold(manage.COLLECT_EVERY)
    process_roles.work_as_the_worker()


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker: pytest.FixtureRequest) -> Iterator[None]:
    """Clone the migrated databases for this process; ordinary tests run in transactions on them."""
    SHARED.renew()
    yield
    SHARED.drop()


@pytest.fixture(scope="module", autouse=True)
def as_migrated() -> Iterator[None]:
    """Clone those databases anew after a file, once many tests used them: their recorded reads stay, and pile up.

    A nightly comparison took half a minute among what two thousand tests had left; alone it takes half a second.
    """
    yield
    if SHARED.names and SHARED.uses >= MOST_USES:
        SHARED.renew()


@pytest.fixture(scope="session", autouse=True)
def keys() -> None:
    """The test home has a set of development keys."""
    call_command("make_keys", "--if-missing", verbosity=0)


@pytest.fixture
def portal_database(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> Iterator[PortalDatabase]:
    """Three fresh databases with real commits, for browsers, workers, daemons and faults."""
    with django_db_blocker.unblock(), PortalDatabase().in_use() as made:  # type: ignore[attr-defined]
        yield made


@pytest.fixture(autouse=True)
def one_use() -> None:
    SHARED.uses += 1


@pytest.fixture(autouse=True)
def language() -> Iterator[None]:
    """Each test begins in Korean: a page that was visited in English leaves its language to this thread."""
    translation.activate(settings.LANGUAGE_CODE)
    yield
    translation.activate(settings.LANGUAGE_CODE)


@pytest.fixture(autouse=True)
def told_clock(request: pytest.FixtureRequest) -> Iterator[None]:
    """Where a test's marker tells the moment, the portal's clock runs on from it; the database keeps its own.

    So a page, form or job sees the terms that a factory started at noon as they are then, on whatever day this runs.
    """
    if (told := request.node.get_closest_marker("clock")) is None:
        yield
        return
    real = timezone.now
    apart = told.args[0] - real()
    with patch.object(timezone, "now", lambda: real() + apart):
        yield


@pytest.fixture(autouse=True)
def journal_of_destructions(tmp_path: Path, settings: Any) -> None:
    """Each test has its own journal: what is rolled back must not look like a restored backup to the next one."""
    settings.DESTRUCTION_JOURNAL_DIR = tmp_path / "destructions"
