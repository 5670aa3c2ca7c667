"""Every document that the portal hands out can be checked at /verify/: each place that hands one out is known here."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from privacy.lib.registries import issued_documents

ROOT = Path(settings.BASE_DIR)
# Which kind leaves at which place; or, in a sentence, why nothing leaves there that the portal issued.
PLACES = {
    "config/dossier/console_page.py:dossier_page": "dossier",
    "config/list_views.py:_send": "register",
    "config/register_exports.py:_sealed": "register",
    "config/register_exports.py:register_page": "register",
    "consents/views.py:receipt": "consent-receipt",
    "privacy/campaigns/admin/campaigns.py:print_letters": "notice-letters",
    "privacy/campaigns/admin/letter_batches.py:take": "notice-letters",
    "privacy/disclosures/admin/notices.py:print_letter": "recipient-notice",
    "privacy/disclosures/admin/provisions.py:_handed_over": "provision-file",
    "privacy/incidents/admin/incidents.py:_form": "incident-report",
    "privacy/ledger/admin/reviews.py:sheet_view": "review-sheet",
    "privacy/policies/views.py:published_text": "published-text",
    "privacy/retention/admin/certificates.py:file": "destruction-certificate",
    "privacy/retention/admin/paper_destruction.py:print_form": "partial-destruction",
    "privacy/rights/admin/objections.py:print_letter": "answer-letter",
    "privacy/rights/tasks.py:_send": "answer-letter",
    "privacy/rights/views.py:letter": "answer-letter",
    "privacy/rights/views.py:download": "access-package",
    "privacy/safeguards/admin/management_plans.py:paper": "management-plan",
    "privacy/safeguards/admin/annual_reports.py:download": "annual-report",
    "privacy/workforce/admin/pledges.py:sheet_page": "pledge",
    "privacy/workforce/views.py:pledge_paper": "pledge",
    "privacy/systems/admin/tasks.py:save_evidence": "answers that others signed: each verifies itself",
    "devices/admin/imports.py:findings": "the rows of a list that could not be taken, back to the one who sent them",
    "devices/admin/statistics.py:changelist_view": "counts as a table to work with; the page shows the same",
    "privacy/disclosures/admin/provisions.py:read_scan": "a document of others",
    "privacy/ledger/admin/entries.py:proof_view": "a proof verifies itself with verify.py",
    "privacy/rights/opening_views.py:proof": "a proof verifies itself with verify.py",
    "privacy/ledger/admin/checkpoints.py:_bundle": "a bundle verifies itself with verify.py",
    "privacy/retention/admin/paper_destruction.py:read_evidence": "a document of others",
    "privacy/rights/admin/document_files.py:documents_file": "a document of others",
    "privacy/rights/views.py:send_message": "takes a file in",
    "privacy/rights/views.py:power_of_attorney_form": "a form to fill in: it says nothing about anybody",
    "privacy/accounts/admin/console_buttons.py:hand_out_paper": "a document of others",
    "privacy/safeguards/views.py:calendar": "a calendar feed, made anew for each look",
    "privacy/vault/actions/files.py:receive_file": "takes a file in",
    "privacy/vault/actions/files.py:store_file": "takes a file in",
    "privacy/workforce/admin/letters.py:read_letter": "a document of others",
}
# Functions that only put a file into an answer; who calls them is looked at.
PASSING_ON = {"attachment", "_attachment", "_file", "_spreadsheet", "_saved"}


def sources() -> Iterator[Path]:
    for folder in ("config", "privacy", "consents", "devices"):
        yield from (path for path in (ROOT / folder).rglob("*.py") if "migrations" not in path.parts)


def places() -> dict[str, ast.FunctionDef]:
    """Every function that hands a file to somebody, by module and name."""
    found = {}
    for path in sources():
        for function in ast.walk(ast.parse(path.read_text())):
            if isinstance(function, ast.FunctionDef) and function.name not in PASSING_ON and _hands_out(function):
                found[f"{path.relative_to(ROOT)}:{function.name}"] = function
    return found


def _hands_out(function: ast.FunctionDef) -> bool:
    for node in ast.walk(function):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and "; filename=" in node.value:
            return True
        if isinstance(node, ast.Call):
            # A file inside a page leaves as surely as one beside it.
            if getattr(node.func, "id", "") in PASSING_ON or _within_a_page(node, function):
                return True
            if any(keyword.arg == "attachments" for keyword in node.keywords):
                return not isinstance(node.func, ast.Name)
    return False


def _within_a_page(call: ast.Call, function: ast.FunctionDef) -> bool:
    asks = function.args.args[:2]
    of_a_request = any(argument.arg == "request" for argument in asks)
    return of_a_request and getattr(call.func, "attr", "") == "b64encode"


def kinds_named() -> set[str]:
    """The kinds that some call puts on record."""
    named = set()
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in {"issue", "issue_sheet"}:
                named |= {
                    keyword.value.value
                    for keyword in node.keywords
                    if keyword.arg == "kind" and isinstance(keyword.value, ast.Constant)
                }
    return named


@pytest.mark.truth("4")
def test_every_place_that_hands_a_file_out_is_known() -> None:
    known, there = set(PLACES), set(places())
    assert not (there - known), "say here which kind leaves, declare it in issued_documents.py and issue() it"
    assert not (known - there), "no such place any more"


@pytest.mark.truth("4")
def test_every_kind_that_is_issued_is_declared() -> None:
    leaving = {kind for kind in PLACES.values() if " " not in kind}
    assert not (leaving - set(issued_documents.document_kinds())), "declare these in the app's issued_documents.py"
    assert not (kinds_named() - set(issued_documents.document_kinds()))


@pytest.mark.truth("4")
def test_every_kind_is_put_on_record_or_found_by_its_own_number() -> None:
    found = {code for code, kind in issued_documents.document_kinds().items() if kind.find is not None}
    # Certificates name their kind by a table, and one finder knows both.
    assert set(issued_documents.document_kinds()) - kinds_named() - found == {
        "certificate-addendum",
        "finality-certificate",
    }


def test_what_is_not_declared_is_not_handed_out() -> None:
    with pytest.raises(issued_documents.UndeclaredDocumentKind):
        issued_documents.get_kind("poem")
