"""The first release: the files that made its databases, and the databases themselves with a few rows in many tables.

``python tools/migrations.py pin`` writes both here. After 0.1.0 is released nobody runs it any more: a test holds the
files to their digests, and migrates the databases up.
"""

import gzip
import json
import re
import subprocess
from hashlib import sha256
from pathlib import Path

import django
from django.conf import settings
from django.core.management import call_command

from privacy.ledger.integrity import structure
from tests.database import PortalDatabase

FOLDER = Path(__file__).resolve().parent
ROOT = FOLDER.parents[1]
DIGESTS = FOLDER / "first_release.json"
# Beside the migrations: what they read when they run.
READ_BY_MIGRATIONS = (
    "privacy/disclosures/editions/*.toml",
    "privacy/ledger/sql/*.sql",
    "privacy/policies/editions/2020-12-01.document.json",
    "privacy/policies/editions/2020-12-01.rules.toml",
    "privacy/policies/editions/2020-12-01.text.toml",
    "privacy/policies/editions/parameters.toml",
    "privacy/processors/editions/*.toml",
    "privacy/rights/editions/*.toml",
    "privacy/safeguards/editions/*.toml",
    "privacy/workforce/editions/*.toml",
)


def dump_file(alias: str) -> Path:
    """Return the file that one database of the release is in."""
    return FOLDER / f"first_release.{alias}.sql.gz"


def files_of_migrations() -> list[Path]:
    """Return every migration, and every file that one reads."""
    patterns = ("privacy/*/migrations/0*.py", "consents/migrations/0*.py", "devices/migrations/0*.py")
    return sorted(path for pattern in (*patterns, *READ_BY_MIGRATIONS) for path in ROOT.glob(pattern))


def digest_files() -> dict[str, str]:
    """Return the SHA-256 of each, by its path."""
    return {str(path.relative_to(ROOT)): sha256(path.read_bytes()).hexdigest() for path in files_of_migrations()}


def write_rows() -> None:
    """Let the office work for a while: every app of the portal writes rows of its own."""
    from django.db.backends.signals import connection_created

    from tests import factory, own_writes
    from tests.factory import NOON

    connection_created.connect(own_writes.install)

    factory.make_emin()
    factory.make_officer()
    factory.make_handler()
    mina = factory.make_mina()
    factory.make_contact(mina)
    device = factory.make_device(1, agreed=("activation", "service-analytics", "app-log", "advertising-email"))
    factory.make_reports(device, ("status", "access", "app-log"), at=NOON)
    factory.make_token()
    factory.make_provided(device)
    factory.make_hold()
    factory.make_draft()
    factory.make_approved_plan()
    factory.make_measure()
    factory.make_finding()
    factory.make_area()
    factory.make_agreement_text("advertising-email", at=NOON)
    today = NOON.date()
    factory.make_known_incident(mina)
    factory.make_expired_device(2, ended_on=today.replace(year=today.year - 3))
    factory.carry_out_all(factory.sweep_on(today))
    factory.make_verified(factory.ask(target=factory.imei(1)))
    factory.make_sealed_file(subject_id=mina.pk)
    factory.make_freeze(mina.pk)


def dump(database: PortalDatabase, alias: str) -> str:
    """Return what pg_dump writes of a database, without the pair of psql's own commands with a number of that run."""
    command = [str(settings.EMBEDDED_SERVER.binaries() / "pg_dump"), database.url("postgres", alias)]
    said = subprocess.run(command, capture_output=True, text=True, check=True)
    return re.sub(r"^\\(un)?restrict \w+\n", "", said.stdout, flags=re.MULTILINE)


def main() -> None:
    """Write the databases and the digests."""
    django.setup()
    settings.EMBEDDED_SERVER.start()
    call_command("make_keys", "--if-missing", verbosity=0)
    database = PortalDatabase()
    with database.in_use():
        write_rows()
        for alias in database.names:
            dump_file(alias).write_bytes(gzip.compress(dump(database, alias).encode(), mtime=0))
        with database.connect() as superuser:
            structure.PINNED.write_text(structure.as_text(superuser.execute(structure.TRIGGERS)), "utf-8")
    DIGESTS.write_text(json.dumps(digest_files(), indent=1) + "\n")


if __name__ == "__main__":
    main()
