"""Numbers and hours that README, security, ledger and vault name are those that the code works with."""

import ast
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings

from config.schedules import SCHEDULES
from consents.models.decisions import MAX_CLOCK_SKEW
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
# What asks for the factor again, file by file: an act that is no longer here, or a new one, is a decision.
DANGEROUS = {
    # Approving, releasing and stopping destructions; the archive.
    "privacy/retention/admin/destruction_lists.py": {"approve"},
    "privacy/retention/admin/archive.py": {"approve", "read"},
    "consents/admin/destructions.py": {"go_on"},
    # Disclosures, and what leaves for others.
    "privacy/disclosures/admin/provisions.py": {"approve", "fetch_again", "provide", "show_passphrase"},
    "privacy/disclosures/admin/third_parties.py": {"show_key"},
    "privacy/campaigns/admin/campaigns.py": {"stop"},
    "privacy/campaigns/admin/letter_batches.py": {"take"},
    # Publishing, and the rules.
    "privacy/policies/admin/versions.py": {"publish"},
    "privacy/policies/admin/parameters.py": {"approve"},
    "consents/admin/agreements.py": {"publish"},
    "privacy/safeguards/admin/management_plans.py": {"approve"},
    "privacy/safeguards/admin/assessments.py": {"approve"},
    # Exports: a list, the file of an inspection, a register, the trail.
    "config/admin.py": {"dossier", "list_file", "one_register"},
    "privacy/ledger/admin/checkpoints.py": {"bundle_view"},
    # Access, accounts and sign-ins.
    "privacy/accounts/admin/access_grants.py": {"approve", "change_end", "grant_page", "refuse", "revoke"},
    "privacy/accounts/admin/account_acts.py": {"approve", "refuse"},
    "privacy/accounts/admin/emergency_approvals.py": {"alone", "review"},
    "privacy/accounts/admin/users.py": {
        "confirm_colleague", "leave", "open_account", "remove_factor", "reset_sign_in",
    },
    "privacy/accounts/signin/views.py": {"end_session"},
    "privacy/workforce/admin/letters.py": {"confirm_letter"},
    # Tokens and keys: of gateways, of programs and their webhooks, of the directory, of connected systems.
    "devices/admin/gateways.py": {"approve", "close", "issue_token", "revoke", "rotate"},
    "devices/admin/device_buttons.py": {"remove_key"},
    "devices/admin/imports.py": {"confirm"},
    "privacy/office_api/admin/credentials.py": {"issue_token", "register_client", "revoke"},
    "privacy/office_api/admin/deliveries.py": {"discard", "send_again"},
    "privacy/office_api/admin/webhooks.py": {
        "approve", "end", "end_old_secret", "refuse", "renew_secret", "replay", "request_webhook", "resume",
        "show_secret",
    },
    "privacy/scim/admin.py": {"approve", "request_token", "revoke"},
    "privacy/systems/admin/systems.py": {
        "approve", "change", "change_scope", "connect", "end", "renew_secret", "show_secret",
    },
    "privacy/systems/admin/entry_changes.py": {"approve"},
    # Cases: who is who, what is decided and carried out, and what goes out of them.
    "privacy/rights/admin/case_actions.py": {"carry_out", "grant", "verify"},
    "privacy/rights/admin/automated_decisions.py": {"answer_decision"},
    "privacy/rights/admin/decide.py": {"decide"},
    "privacy/rights/admin/objections.py": {"issue_code", "send_code"},
    "privacy/rights/admin/package_preview.py": {"preview"},
}  # fmt: skip
# What makes a button or a page ask, and asks for no act of its own.
MACHINERY = "privacy/lib/console/read_only_admin.py"


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


def test_who_asks_again_about_a_consent_is_told_how_far_ahead_one_may_be_dated() -> None:
    assert timedelta(minutes=5) == MAX_CLOCK_SKEW
    for document, words in (
        ("docs/guide/gateway.en.md", "ask again after five minutes"),
        ("docs/guide/gateway.ko.md", "5분이 지난 뒤 다시 물어"),
        ("sdk/python/examples/agent.py", "To decide again, wait five minutes"),
    ):
        assert words in (ROOT / document).read_text(), document


def test_the_window_before_sealing_and_signing_is_the_measured_one() -> None:
    results = (ROOT / "benchmarks" / "RESULTS.md").read_text()
    measured = {
        name: float(ours) for name, ours in re.findall(r"^\| ledger \| `(\w+)` \| ([\d.]+) \|", results, re.MULTILINE)
    }
    assert "unsealed for about a second and unsigned for a few" in (ROOT / "docs" / "ledger.md").read_text()
    assert measured["seal_lag_p99_s"] <= 1.5
    assert measured["anchored_p99_s"] <= 5


def guarded() -> Iterator[tuple[str, str]]:
    """The buttons and pages that ask for the second factor again: the module, and the function."""
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
                yield path.relative_to(ROOT).as_posix(), node.name


@pytest.mark.asvs("7.5.3")
def test_what_is_called_dangerous_asks_for_the_factor_again() -> None:
    found: dict[str, set[str]] = {}
    for path, name in guarded():
        found.setdefault(path, set()).add(name)
    del found[MACHINERY]
    assert found == DANGEROUS
    said = (ROOT / "docs" / "security.md").read_text()
    assert "Approving a destruction or a disclosure, publishing, exports, access, tokens and resets" in said
