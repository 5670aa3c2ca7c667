"""Each statement that the main paths send to the database `personal` says whose rows it means, or is listed.

What `docs/scale.md` calls the next step, division by person, needs that: a statement without a person or a device goes
to every part. ``APPROVE=1`` writes the list anew; read each new line of it as you read code. Rows that intake copies in
(``COPY``) are not seen here: each has its device.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.personal_statements import is_keyed

ROOT = Path(__file__).resolve().parents[2]
LIST = Path(__file__).with_name("personal_statements.txt")
MAIN_PATHS = [
    "tests/devices/test_registration.py", "tests/devices/test_reports_are_stored.py",
    "tests/devices/test_contact_calls.py", "tests/devices/test_office_pages.py", "tests/devices/test_statistics.py",
    "tests/privacy/rights/test_correction.py", "tests/privacy/rights/test_deletions.py",
    "tests/privacy/retention/test_retention_boundaries.py",
]  # fmt: skip
# Why a statement on a table may go without: of each that is listed.
WHY = {
    "devices_device": "found by a number or an agreement's key, listed, or swept by date: every part is asked",
    "devices_licence": "found by its key or its own number, or swept by date",
    "devices_applog": "a whole month of the policy's term",
    "devices_batch": "a gateway's, of many devices at once: its own part, by gateway",
    "devices_importedrow": "a fleet's file before anybody is registered",
    "subjects_contact": "by its own number, or swept by date",
    "rights_particulars": "of a case, which may have no person yet",
    "incidents_complainttext": "of a complaint, which has no person",
    "vault_encryptedfile": "of a case, by the case or its own number",
    "systems_envelope": "of one list or correction, whose people they are: each part looks for its own",
    "jobs_personaloutbox": "what is due, whoever it is of: a table in each part",
    "retention_personaljournalcursor": "one line in each part",
    "devices_make_month": "months, of nobody", "devices_drop_month": "months, of nobody",
    "pg_inherits": "months, of nobody",
}  # fmt: skip


@pytest.fixture(scope="module")
def statements(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Run the main paths' tests and return what the portal sent meanwhile."""
    told = tmp_path_factory.mktemp("statements") / "personal.txt"
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    command = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "tests.house.personal_statements"]
    done = subprocess.run(
        [*command, "-p", "no:cacheprovider", "-m", "not browser and not faults", *MAIN_PATHS],
        cwd=ROOT, env={**environ, "PERSONAL_STATEMENTS": str(told)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:]
    return set(told.read_text().splitlines())


@pytest.mark.truth("20.14")
def test_each_statement_says_whose_rows_it_means_or_is_listed(statements: set[str]) -> None:
    assert len(statements) > 100
    without = {one for one in statements if not is_keyed(one)}
    if os.environ.get("APPROVE"):
        LIST.write_text("".join(f"{one}\n" for one in sorted(without)))
    listed = set(LIST.read_text().splitlines())
    assert not without - listed, "goes to every part; name the person or the device, or list it"
    assert not listed - without, "listed, and no longer sent"


def test_each_that_is_listed_has_a_reason_and_each_reason_a_statement() -> None:
    listed = LIST.read_text().splitlines()
    assert [one for one in listed if not any(table in one for table in WHY)] == []
    assert [table for table in WHY if not any(table in one for one in listed)] == []


@pytest.mark.parametrize(
    ("statement", "keyed"),
    [
        ('SELECT … FROM "devices_device" WHERE "devices_device"."imei_index" = %s', False),
        ('SELECT "x"."subject_id" FROM "devices_device"', False),
        ('SELECT … FROM "devices_licence" WHERE "devices_licence"."device_id" = %s', True),
        ('DELETE FROM "devices_report"', False),
        ('UPDATE "devices_device" SET "subject_id" = %s WHERE "devices_device"."reference" = %s', False),
    ],
)
def test_a_column_that_is_read_is_no_key(statement: str, keyed: bool) -> None:
    """The positive control: a statement is not keyed because it brings the person back."""
    assert is_keyed(statement) is keyed
