"""Keys lie in no database, and identifiers only sealed: what pg_dump writes of all three is searched (SEC-27)."""

import base64
import hashlib
import subprocess

import pytest
from django.conf import settings

from privacy.vault import actions as vault
from privacy.vault import key_providers, keys
from privacy.vault.keyservice.key_material import unwrap
from tests.database import PortalDatabase
from tests.factory import make_sealed_file


def dump_of(database: PortalDatabase, alias: str) -> str:
    """Return what pg_dump writes of one database."""
    program = str(settings.EMBEDDED_SERVER.binaries() / "pg_dump")
    done = subprocess.run([program, database.url("postgres", alias)], capture_output=True, text=True, check=True)
    return done.stdout


@pytest.mark.asvs("13.3.1")
def test_no_key_lies_in_a_database(portal_database: PortalDatabase) -> None:
    """Neither the master key nor a raw key is anywhere in the three databases, raw, in hex or in base64."""
    file = make_sealed_file()
    secrets = [
        *key_providers.parse_key_file(settings.MASTER_KEY_FILE.read_text(), "master").values(),
        key_providers.parse_key_file(settings.INDEX_KEY_FILE.read_text(), "index")[1],
        *unwrap(list(keys.find([(file.subject_id, file.category)], []).wrapped.values())),
    ]
    assert len(secrets) == 3
    dumps = "".join(dump_of(portal_database, alias) for alias in settings.DATABASES)
    assert "vault_subjectkey" in dumps
    for secret in secrets:
        assert secret.hex() not in dumps
        assert base64.b64encode(secret).decode() not in dumps


@pytest.mark.law("S-19")
@pytest.mark.clause("P8.4")
@pytest.mark.asvs("14.2.4")
def test_sealed_values_lie_nowhere_in_clear(portal_database: PortalDatabase) -> None:
    """Nor in hex, in base64, or as a plain hash; and the blind index is none of these."""
    canary = "CNRY-356938035643809"
    file = make_sealed_file(name=canary, content=canary.encode())
    assert vault.blind_index("serial", canary) != hashlib.sha256(canary.encode()).digest()
    dumps = "".join(dump_of(portal_database, alias) for alias in settings.DATABASES)
    assert str(file.subject_id) in dumps
    raw = canary.encode()
    for shape in (canary, raw.hex(), base64.b64encode(raw).decode(), hashlib.sha256(raw).hexdigest()):
        assert shape.lower() not in dumps.lower()
