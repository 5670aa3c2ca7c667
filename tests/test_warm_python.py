"""A command in a fork of a warm process does what it does in a process of its own."""

import subprocess
import sys

import pytest

from tests.database import ROOT, PortalDatabase
from tests.warm_python import run_command

CHECK = ["check", "--deploy", "--fail-level", "WARNING"]


@pytest.mark.parametrize(
    ("arguments", "changes"),
    [
        (CHECK, {"DEVELOPMENT": "0", "SECRET_KEY": "short", "PORTAL_URL": "http://privacy.extrus.example"}),
        (CHECK, {"DEVELOPMENT": "0", "SECRET_KEY": "", "PORTAL_PROCESS": "pages"}),
        (CHECK, {"PORTAL_PROCESS": "intake", "ALLOWED_HOSTS": "*", "EMAIL_URL": "smtp://mail.extrus.example"}),
        (["check"], {"KEY_BACKUP_DAYS": "a week"}),
        (["verify_ledger"], {"NOTARY_VKEYS": ""}),
        (["no_such_command"], {}),
    ],
)
def test_both_say_the_same_and_end_the_same(
    portal_database: PortalDatabase, arguments: list[str], changes: dict[str, str]
) -> None:
    portal_database.manage("check")  # begins the warm one with another environment
    environ = {**portal_database.environ("portal_auditor"), **changes}
    alone = subprocess.run(
        [sys.executable, "manage.py", *arguments], cwd=ROOT, env=environ, capture_output=True, text=True, check=False
    )
    warm = run_command(arguments, environ)
    assert (warm.returncode, warm.stdout) == (alone.returncode, alone.stdout)
    # of a traceback its last line: a fork stands on other frames
    assert warm.stderr.splitlines()[-1:] == alone.stderr.splitlines()[-1:]
    assert sorted(line for line in warm.stderr.splitlines() if line.startswith("?:")) == sorted(
        line for line in alone.stderr.splitlines() if line.startswith("?:")
    )


def test_a_command_that_hangs_is_ended(portal_database: PortalDatabase) -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        portal_database.manage("shell", "-v", "0", "-c", "import time; time.sleep(600)", timeout=2)
    assert portal_database.manage("check").returncode == 0


def test_what_changes_python_itself_gets_a_process_of_its_own(portal_database: PortalDatabase) -> None:
    environ = {**portal_database.environ("portal_auditor"), "PYTHONHASHSEED": "7"}
    command = [
        "shell",
        "-v",
        "0",
        "-c",
        "import os, sys; print(sys.flags.hash_randomization, os.environ['PYTHONHASHSEED'])",
    ]
    assert run_command(command, environ).stdout == "1 7\n"
