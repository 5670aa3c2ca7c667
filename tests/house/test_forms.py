"""Every form of the console keeps what was typed, and every form that changes a record carries its version."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib import admin
from django.contrib.admin.options import InlineModelAdmin

from privacy.lib.console.editable_admin import EditableAdmin, VersionedInline
from privacy.lib.console.read_only_admin import ReadOnlyAdmin

ROOT = Path(__file__).parents[2]

# What a form may begin with and still make something new: the clock, what the address says, constants.
NEW = {"clock", "today", "request", "new_form_nonce", "on", "True", "False", "None"}
# Forms that begin with what another record says, and make a new one of it. Each with its reason.
MAKES_NEW = {
    # These judge a record and change no field of it: the digest of all that was read is compared by their verb.
    "consents/admin/agreements.py::publish": "carries the digest of the draft that was read",
    "privacy/disclosures/admin/provisions.py::approve": "carries the digest of what was seen",
    "privacy/incidents/admin/incidents.py::close": "carries the digest of the conclusion that was read",
    "privacy/incidents/admin/incidents.py::notify": "carries the digest of the notice that was read",
    "privacy/incidents/admin/incidents.py::website": "carries the digest of the notice that was read",
    "privacy/rights/admin/case_actions.py::_for_each": "carries the digest of the request that was read",
    "privacy/rights/admin/case_actions.py::refuse": "carries the digest of the request that was read",
    "privacy/rights/admin/postponements.py::approve_postponement": "carries the digest of the proposal that was read",
    "privacy/rights/admin/postponements.py::decline_postponement": "carries the digest of the proposal that was read",
    "privacy/safeguards/admin/inspections.py::report": "carries the digest of the findings that were read",
    "privacy/rights/admin/automated_decisions.py::answer_decision": "carries the digest of the request that was read",
    "privacy/rights/admin/automated_decisions.py::extend_term": "carries the digest of the extensions that were read",
    "privacy/rights/admin/messages.py::write_message": "carries the number of the newest message that was shown",
    "privacy/rights/admin/messages.py::settle_messages": "carries the number of the newest message that was shown",
    "privacy/rights/admin/incoming_mail.py::file_mail": "proposes a number, and changes no field of the mail",
    "privacy/safeguards/admin/assessments.py::approve": "carries the digest of the assessment that was read",
    "privacy/rights/admin/decide.py::decide": "carries the digest of the request that was read",
    "privacy/rights/admin/package_preview.py::_preview_page": "carries the digest of the request that was read",
    "privacy/disclosures/admin/proofs.py::confirm": "carries the digest of the evidence that was read",
    "privacy/systems/admin/tasks.py::confirm": "carries the digest of the evidence that was read",
    "privacy/safeguards/admin/management_plans.py::approve": "carries the digest of the text that was read",
    "privacy/incidents/admin/incidents.py::record": "a new incident, which may begin with a complaint",
    "consents/admin/agreements.py::draft_text": "a new draft begins with the words in force",
    "privacy/policies/admin/message_templates.py::edit_page": "carries the digest of the draft that was opened",
    "privacy/policies/admin/versions.py::approve": "carries the digest of the version that was read",
    "privacy/policies/admin/versions.py::publish": "the day is what the publisher says, whatever the draft proposed",
    "privacy/accounts/admin/access_grants.py::grant_page": "a new grant",
    "privacy/systems/admin/forms.py::__init__": "a new system, which begins with the days that are usual",
    "privacy/safeguards/admin/copies.py::keep": "a new record, which begins with the name of who makes it",
}


def console_modules() -> Iterator[Path]:
    for path in sorted(ROOT.rglob("*.py")):
        parts = path.relative_to(ROOT).parts
        if parts[0] in {"privacy", "consents", "devices", "config"} and ("admin" in parts or path.name == "admin.py"):
            yield path


def in_functions(tree: ast.Module) -> Iterator[tuple[str, ast.AST]]:
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef):
            for node in ast.walk(function):
                yield function.name, node


@pytest.mark.truth("refused-form")
def test_every_button_of_the_console_keeps_a_refused_form() -> None:
    for model, site in admin.site._registry.items():
        for action in site.actions or ():
            function = getattr(site, action) if isinstance(action, str) else action
            assert hasattr(function, "needs"), f"{model._meta.label}: {action} is not made by read_only_admin.button"


@pytest.mark.truth("refused-form")
def test_no_page_of_the_console_catches_a_refusal_and_leads_away() -> None:
    leading_away = []
    for path in console_modules():
        for handler in ast.walk(ast.parse(path.read_text())):
            if not (isinstance(handler, ast.ExceptHandler) and "Refusal" in ast.dump(handler.type or ast.Pass())):
                continue
            said = " ".join(ast.dump(statement) for statement in handler.body)
            shown = "add_error" in said or "show_refusals" in said or "as_refusal" in said
            if not shown and ("HttpResponseRedirect" in said or "Return(" in said):
                leading_away.append(f"{path.relative_to(ROOT)}:{handler.lineno}")
    # A proof is asked for by a link: nothing was typed.
    assert [each for each in leading_away if not each.startswith("privacy/ledger/admin/entries.py")] == []


@pytest.mark.truth("two-writers")
def test_every_form_that_changes_a_record_carries_the_version_it_was_opened_with() -> None:
    unversioned = []
    for path in console_modules():
        for name, node in in_functions(ast.parse(path.read_text())):
            if not isinstance(node, ast.keyword) or node.arg != "initial":
                continue
            names = {part.id for part in ast.walk(node.value) if isinstance(part, ast.Name)}
            where = f"{path.relative_to(ROOT)}::{name}"
            if names - NEW and where not in MAKES_NEW and path.name != "confirm_action.py":
                unversioned.append(f"{where} begins with {sorted(names - NEW)}: use ask(…, edits=…)")
    assert sorted(set(unversioned)) == []


@pytest.mark.truth("two-writers")
def test_every_page_with_fields_carries_the_version_it_was_opened_with() -> None:
    for model, site in admin.site._registry.items():
        if type(site).has_change_permission is not ReadOnlyAdmin.has_change_permission:
            assert isinstance(site, EditableAdmin), f"{model._meta.label} saves fields and is no VerbAdmin"
        for inline in site.inlines:
            if inline.has_change_permission is not InlineModelAdmin.has_change_permission:
                shows_only = set(inline.fields or ()) <= set(inline.readonly_fields or ())
                assert shows_only or issubclass(inline, VersionedInline), f"{inline} saves rows without their version"
