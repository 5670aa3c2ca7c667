"""One real server of each kind for all tests here, and a system of each test's own in it."""

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from exafe_connector import Connector, System
from exafe_connector.keys import Keys, make_keys
from exafe_connector.store import Store
from tests.sdk.connector import systems
from tests.sdk.connector.portal_side import SECRET, Portal, through_wsgi

KINDS = ["postgresql", pytest.param("mariadb", marks=pytest.mark.mariadb), "objects", "folder", "parquet", "crm"]


@pytest.fixture(scope="session")
def mariadb_socket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if not shutil.which("mariadb-install-db"):
        pytest.skip("MariaDB isn't installed here: make mariadb (as root)")
    with systems.mariadb_server(tmp_path_factory.mktemp("mariadb")) as address:
        yield address


@pytest.fixture(scope="session")
def object_store() -> Iterator[str]:
    with systems.moto_server() as url:
        yield url


@pytest.fixture
def held(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[systems.Held]:
    """A system with Mina (A7) and Hana (A71) in it."""
    name = f"test_{os.getpid()}_{uuid4().hex[:8]}_connector"
    with ExitStack() as stack:
        match request.param:
            case "postgresql":
                yield stack.enter_context(systems.postgresql(name))
            case "mariadb":
                address = request.getfixturevalue("mariadb_socket")
                yield stack.enter_context(systems.mariadb(address, name))
            case "objects":
                yield systems.Objects(request.getfixturevalue("object_store"), uuid4().hex)
            case "folder":
                folder = tmp_path / "folder"
                folder.mkdir()
                yield systems.Folder(folder)
            case "parquet":
                folder = tmp_path / "folder"
                folder.mkdir()
                yield systems.Parquet(folder)
            case "crm":
                crm = systems.Crm()
                stack.callback(crm.close)
                yield crm


@pytest.fixture
def own_keys(tmp_path: Path) -> Keys:
    return make_keys(tmp_path / "key")


@pytest.fixture
def connect(tmp_path: Path, own_keys: Keys) -> Iterator[Any]:
    """Make a portal that calls a connector before an adapter; the same store each time."""
    made: list[Connector] = []

    def connected(adapter: Any, **options: Any) -> Portal:
        system = System(
            adapter,
            Store(tmp_path / "store", own_keys.listing),
            options.pop("backups_days", 30),
            options.pop("canary", None),
        )
        made.append(Connector(system, keys=own_keys, secrets=[SECRET], **options))
        return Portal(through_wsgi(made[-1]), own_keys.public)

    yield connected
    for one in made:
        one.close()
