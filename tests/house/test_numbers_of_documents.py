"""Numbers and hours that README, security, ledger and vault name are those that the code works with."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from config.schedules import SCHEDULES
from privacy.ledger import tasks as ledger_tasks
from privacy.ledger import verify
from privacy.ledger.actions import scrubs
from privacy.ledger.integrity import verification_queries
from privacy.vault import keys
from privacy.vault import tasks as vault_tasks

ROOT = Path(settings.BASE_DIR)
pytestmark = pytest.mark.truth("claims")
NIGHTLY = r"\d+ [0-5] \* \* \*"
RINGS = {
    "privacy.ledger.tasks.make_partitions": NIGHTLY,
    "privacy.ledger.tasks.start_scrub": NIGHTLY,
    "privacy.ledger.tasks.reconcile_writes": NIGHTLY,
    "privacy.ledger.tasks.open_reviews": NIGHTLY,
    "privacy.vault.tasks.rotate_master_key": r"\*/5 2-4 \* \* \*",
    "privacy.vault.tasks.expire_freezes": r"\*/10 \* \* \* \*",
    "privacy.retention.tasks.sweep": NIGHTLY,
    "devices.tasks.remove_expired_logs": NIGHTLY,
    "privacy.retention.tasks.reconcile": NIGHTLY,
}
# What the page on security calls dangerous, and where its button or page is.
DANGEROUS = {
    "approving a destruction": "privacy/retention/admin/destruction_lists.py:approve",
    "approving a disclosure": "privacy/disclosures/admin/provisions.py:approve",
    "publishing the policy": "privacy/policies/admin/versions.py:publish",
    "publishing an agreement": "consents/admin/agreements.py:publish",
    "taking a register out": "config/admin.py:",
    "taking the trail out": "privacy/ledger/admin/checkpoints.py:",
    "granting access": "privacy/accounts/admin/access_grants.py:approve",
    "issuing a token": "devices/admin/gateways.py:issue",
    "rotating a token": "devices/admin/gateways.py:rotate",
    "resetting a sign-in": "privacy/accounts/admin/users.py:reset",
}


def test_what_is_said_to_happen_each_minute_or_night_does() -> None:
    crons = {job.function: job.cron for job in SCHEDULES}
    for function, cron in RINGS.items():
        assert re.fullmatch(cron, crons[function]), function


def test_numbers_are_the_codes() -> None:
    ledger = (ROOT / "docs" / "ledger.md").read_text()
    vault = (ROOT / "docs" / "vault.md").read_text()
    assert "more than an hour before the latest head before it, or five minutes after its own" in ledger
    assert (verify.TRANSACTION, verify.AHEAD, verify.LATE) == (3_600, 300, 600)
    assert "for ten minutes" in ledger
    assert Path(verification_queries.__file__).read_text().count("interval '10 minutes'") == 2
    assert "Months are made six ahead" in ledger and ledger_tasks.MONTHS_AHEAD == 6
    assert f"in slices of {scrubs.SLICE_SECONDS:.0f} s" in ledger
    assert "keeps for five minutes" in vault and keys.CONTENT_SECONDS == 300
    assert "in slices below a minute" in vault and vault_tasks.SECONDS < 60


def test_the_window_before_sealing_and_signing_is_the_measured_one() -> None:
    results = (ROOT / "benchmarks" / "RESULTS.md").read_text()
    measured = {
        name: float(ours) for name, ours in re.findall(r"^\| ledger \| `(\w+)` \| ([\d.]+) \|", results, re.MULTILINE)
    }
    assert "unsealed for about a second and unsigned for a few" in (ROOT / "docs" / "ledger.md").read_text()
    assert measured["seal_lag_p99_s"] <= 1.5
    assert measured["anchored_p99_s"] <= 5


def guarded() -> Iterator[str]:
    """The buttons and pages that ask for the second factor again, as ``module:name``."""
    for path in (path for app in ("config", "privacy", "devices", "consents") for path in (ROOT / app).rglob("*.py")):
        text = path.read_text()
        if "step" not in text or "tests" in path.parts:
            continue
        for node in ast.walk(ast.parse(text)):
            if not isinstance(node, ast.FunctionDef):
                continue
            stepping = any(
                isinstance(decorator, ast.Call)
                and any(
                    keyword.arg == "step_up" and ast.unparse(keyword.value) == "True" for keyword in decorator.keywords
                )
                for decorator in node.decorator_list
            )
            if stepping or "step_up_authentication.require(request)" in ast.unparse(node):
                yield f"{path.relative_to(ROOT)}:{node.name}"


@pytest.mark.asvs("7.5.3")
def test_what_is_called_dangerous_asks_for_the_factor_again() -> None:
    found = set(guarded())
    for act, place in DANGEROUS.items():
        assert any(one.startswith(place) for one in found), f"{act}: {place} is not among {sorted(found)}"
