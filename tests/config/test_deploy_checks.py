"""``check --deploy``: silent with the documented environment, and a refusal for each thing production must not be."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from psycopg import sql

from tests.database import ROOT, PortalDatabase

Check = Callable[..., subprocess.CompletedProcess[str]]
SECRET = "m9fK3-long-and-random-enough-for-the-check-0123456789-abcdefghijkl"


@pytest.fixture
def check(portal_database: PortalDatabase, tmp_path: Path) -> Check:
    keys = tmp_path / "keys"
    shutil.copytree(settings.KEYS_DIR, keys)
    documented = {
        "DEVELOPMENT": "0",
        "SECRET_KEY": SECRET,
        "PORTAL_HOME": str(tmp_path),
        "PORTAL_URL": "https://privacy.extrus.example",
        "ALLOWED_HOSTS": "privacy.extrus.example",
        "CSRF_TRUSTED_ORIGINS": "https://privacy.extrus.example",
        "TRUSTED_PROXIES": "10.0.0.0/24",
        "EMAIL_URL": "smtp+tls://user:password@mail.extrus.example:587",
    }

    def run(role: str = "portal_app", **changes: str | None) -> subprocess.CompletedProcess[str]:
        environ = {**portal_database.environ(role), **documented, **changes}
        return subprocess.run(
            [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
            cwd=ROOT,
            env={name: value for name, value in environ.items() if value is not None},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.mark.asvs("13.4.2")
def test_the_documented_environment_has_no_warnings(check: Check) -> None:
    result = check()
    assert result.returncode == 0, result.stderr
    assert "0 silenced" in result.stdout + result.stderr


def test_every_documented_variable_is_known_to_the_settings() -> None:
    source = (ROOT / "config" / "settings.py").read_text()
    for line in (ROOT / ".env.example").read_text().splitlines():
        if line and not line.startswith("#"):
            assert f'"{line.split("=")[0]}"' in source, line


def test_no_secret_key_is_an_error_outside_development(check: Check) -> None:
    result = check(SECRET_KEY=None)
    assert result.returncode != 0
    assert "SECRET_KEY" in result.stderr


def test_the_embedded_server_is_refused(check: Check, tmp_path: Path) -> None:
    # a name that no DATABASE_URL sets: the settings then start the embedded server of the tests' home
    nothing = dict.fromkeys(("DATABASE_URL", "PERSONAL_DATABASE_URL", "ARCHIVE_DATABASE_URL"))
    result = check(**nothing, PORTAL_HOME=str(settings.PORTAL_HOME))
    assert result.returncode != 0
    assert "config.E001" in result.stderr


@pytest.mark.clause("P6.4")
def test_an_archive_that_opens_with_the_credentials_of_another_database_is_refused(
    check: Check, portal_database: PortalDatabase
) -> None:
    shared = settings.EMBEDDED_SERVER.url("portal_app", portal_database.names["archive"])
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(shared)
    assert "config.E011" in check(ARCHIVE_DATABASE_URL=shared).stderr
    # A role of its own is not enough while the other one may come in too.
    with portal_database.connect("postgres", "archive") as server:
        server.execute(
            sql.SQL("GRANT CONNECT ON DATABASE {} TO portal_app").format(
                sql.Identifier(portal_database.names["archive"])
            )
        )
    assert "The archive lets in portal_app" in check().stderr


def test_a_database_that_was_not_granted_to_auditors_is_refused(check: Check, portal_database: PortalDatabase) -> None:
    with portal_database.connect("postgres", "personal") as server:
        server.execute("REVOKE SELECT ON ALL TABLES IN SCHEMA public FROM portal_reader")
    assert "In the database personal auditors' requests can't run as portal_reader" in check().stderr


@pytest.mark.clause("P8.7")
def test_coinciding_databases_are_refused(check: Check, portal_database: PortalDatabase) -> None:
    result = check(PERSONAL_DATABASE_URL=portal_database.url())
    assert "config.E003" in result.stderr
    assert result.returncode != 0


@pytest.mark.clause("P6.4")
def test_the_archive_may_not_share_a_database_either(check: Check, portal_database: PortalDatabase) -> None:
    result = check(ARCHIVE_DATABASE_URL=portal_database.url(alias="personal"))
    assert "config.E003" in result.stderr


@pytest.mark.clause("P8.3")
@pytest.mark.parametrize("role", ["portal_owner", "postgres"])
def test_a_role_that_owns_the_tables_is_refused(check: Check, role: str) -> None:
    result = check(role)
    assert "config.E004" in result.stderr
    assert result.returncode != 0


@pytest.mark.fault("FLT-12")
@pytest.mark.parametrize("name", ["MASTER_KEY_FILE", "INDEX_KEY_FILE", "CERTIFICATE_KEY_FILE"])
def test_a_missing_key_is_refused_and_never_made(check: Check, tmp_path: Path, name: str) -> None:
    missing = tmp_path / "nowhere.key"
    result = check(**{name: str(missing)})
    assert result.returncode != 0
    assert "config.E006" in result.stderr
    assert not missing.exists()


def test_a_key_that_others_can_read_is_refused(check: Check, tmp_path: Path) -> None:
    (tmp_path / "keys" / "master.key").chmod(0o644)
    assert "config.E007" in check().stderr


def test_a_plain_address_and_no_mail_server_are_refused(check: Check) -> None:
    result = check(PORTAL_URL="http://privacy.extrus.example", EMAIL_URL=None)
    assert "config.E009" in result.stderr
    assert "config.E010" in result.stderr
