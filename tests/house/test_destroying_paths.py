"""Each path that destroys is known, and was tried under a hold (law D-03): a new one fails here until it was.

``PATHS`` names for every function that destroys the test that tries it under a hold; ``HARMLESS`` says of every other
deletion why no hold can reach it. Nothing else in the code may destroy.
"""

import ast
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DESTROYS = {"shred_subject", "shred_subjects", "shred_epoch", "discard_file", "destroy", "destroy_month", "drop"}
DELETES = {"delete", "_raw_delete"}
SQL = re.compile(r"\b(DELETE FROM|TRUNCATE TABLE|DROP TABLE|DETACH PARTITION)\b")
PERSON = "tests.privacy.retention.test_holds:AHoldOnAPersonStops."
EVERY = "tests.privacy.retention.test_holds_on_every_path:"
OTHER, ARCHIVE, LAST = f"{EVERY}AHoldStopsToo.", f"{EVERY}AHoldOnTheArchive.", f"{EVERY}TheLastLock."
OFFICE = f"{OTHER}test_the_sweep_of_every_category_of_the_office"
EVIDENCE = f"{OTHER}test_the_documents_of_a_closed_case"
ORDER, MONTH = f"{PERSON}test_deletion_on_request", f"{PERSON}test_a_month_that_is_dropped_whole"
APPROVED, TERM = f"{PERSON}test_a_list_that_is_approved_already", f"{PERSON}test_the_end_of_the_preservation_term"
REPLAY = "tests.privacy.retention.test_restore:test_what_was_destroyed_before_the_hold_goes_again"
AGAIN = "tests.privacy.retention.test_archive_ends:test_a_restored_archive_stays_closed_until_replayed"
TURN = "tests.privacy.vault.test_master_key_turns:test_a_living_generation_is_never_destroyed"
CERTIFICATES = "tests.privacy.workforce.test_training:OutsideTest.test_a_hold_keeps_the_certificates"

PATHS = {
    "privacy/vault/actions/shredding.py:": f"{LAST}test_no_key_of_a_held_person_goes",
    "privacy/vault/actions/shredding.py:shred_subject": f"{LAST}test_no_key_of_a_held_person_goes",
    "privacy/vault/actions/shredding.py:shred_epoch": f"{LAST}test_no_key_of_a_month_goes",
    "privacy/vault/actions/files.py:discard_file": f"{LAST}test_no_sealed_file_goes",
    "privacy/vault/actions/rotation.py:end_generations": TURN,
    "privacy/retention/actions/keying.py:_destroy_slice": APPROVED,
    "privacy/retention/actions/keying.py:_destroy_month": MONTH,
    "privacy/retention/actions/removing.py:remove_rows": APPROVED,
    "privacy/retention/actions/removing.py:_remove_month": MONTH,
    "privacy/retention/actions/expiring.py:destroy_keys": f"{ARCHIVE}test_keeps_the_keys_of_a_finished_month",
    "privacy/retention/actions/expiring.py:_remove": TERM,
    "privacy/retention/actions/expiring.py:repeat": AGAIN,
    "privacy/retention/actions/expiring.py:_end_rings": f"{ARCHIVE}test_keeps_the_keys_of_a_person_without_records",
    "privacy/retention/actions/replaying.py:_destroy": REPLAY,
    "privacy/retention/actions/replaying.py:_destroy_keys": REPLAY,
    "privacy/retention/actions/evidence.py:destroy_evidence": f"{OTHER}test_the_evidence_of_a_paper",
    "privacy/rights/actions/evidence.py:destroy": EVIDENCE,
    "privacy/rights/actions/evidence.py:destroy_left": EVIDENCE,
    "privacy/rights/actions/answering.py:close": EVIDENCE,
    "privacy/rights/actions/identity.py:reject_identity": EVIDENCE,
    "privacy/rights/actions/identity.py:withdraw": EVIDENCE,
    "privacy/rights/actions/accessing.py:_discard": f"{OTHER}test_the_package_of_an_access_request",
    "privacy/rights/actions/reading.py:_remove": OFFICE,
    "privacy/incidents/actions/complaints.py:destroy_texts": OFFICE,
    "privacy/disclosures/actions/scans.py:destroy_scans": OFFICE,
    "privacy/safeguards/actions/measures.py:destroy_evidence_files": OFFICE,
    "privacy/disclosures/actions/scans.py:attach_scan": f"{OTHER}test_a_scan_whose_place_another_takes",
    "privacy/subjects/actions/registering.py:remove_contacts": f"{PERSON}test_contacts",
    "privacy/workforce/actions/learning.py:discard_certificates": CERTIFICATES,
    "consents/actions/decisions.py:remove_representatives": APPROVED,
    "devices/actions/imports.py:discard_import": f"{OTHER}test_an_import_that_is_thrown_away",
    "devices/actions/imports.py:remove_imported_rows": APPROVED,
    "devices/actions/removal.py:remove_registrations": APPROVED,
    "devices/actions/removal.py:_remove": ORDER,
    "devices/actions/removal.py:_drop": MONTH,
}
HARMLESS = {
    "privacy/lib/closings.py:": "tells caches for a week who was closed; of nobody's data",
    "privacy/accounts/actions/forgetting.py:forget_old_grants": "lines on employees' access, ended three years ago",
    "privacy/accounts/actions/sessions.py:end_sessions": "sessions of an employee",
    "privacy/accounts/signin/actions.py:_end": "a sign-in that is over",
    "privacy/accounts/signin/actions.py:reset": "second factors of an account that start anew",
    "privacy/accounts/signin/actions.py:tidy": "sign-ins and attempts that are over",
    "privacy/retention/actions/archiving.py:": "an earlier copy for the same list, replaced in one transaction",
    "privacy/retention/actions/forecasting.py:count_ahead": "numbers of past months",
    "privacy/retention/actions/planning.py:_propose": "a list on which nobody stands",
    "privacy/retention/actions/planning.py:_abandon": "a plan that nobody approved",
    "privacy/retention/actions/watching.py:confirm_clock": "marks of a clock",
    "privacy/policies/actions/calendar.py:withdraw_holiday": "a holiday",
    "privacy/policies/actions/drafting.py:revise": "a part of a draft",
    "privacy/subjects/actions/doors.py:forget_tries": "counters of wrong tries, without names",
    "consents/actions/texts.py:discard_text": "a draft of a text",
    "devices/actions/answers.py:release_answer": "the claim on an answer that was never given",
    "devices/actions/answers.py:forget_answers": "answers to gateways, kept a day for repetition",
    "devices/actions/gateways.py:forget_rates": "counters of requests",
    "devices/actions/imports.py:carry_on_import": "rows that now stand in the registrations they became",
    "devices/actions/statistics.py:forget_batches": "ids of batches, without records",
    "config/management/commands/sync_schedules.py:handle": "django-q2's own schedules",
}


def destroying(tree: ast.AST, inside: str = "") -> Iterator[str]:
    """Yield the name of each function or class in which something is destroyed; empty: at the module's level."""
    for child in ast.iter_child_nodes(tree):
        place = child.name if isinstance(child, ast.FunctionDef | ast.ClassDef) else inside
        if isinstance(child, ast.Call):
            called = child.func
            name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
            if name in DESTROYS | DELETES:
                yield place
        # The text of a statement: not of a docstring, which speaks of it.
        if isinstance(child, ast.Constant) and isinstance(child.value, str) and SQL.search(child.value):
            yield place
        yield from destroying(child, place)


def found() -> set[str]:
    places = set()
    for folder in ("config", "privacy", "consents", "devices"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "migrations" not in path.parts:
                name = path.relative_to(ROOT)
                places |= {f"{name}:{place}" for place in destroying(ast.parse(path.read_text()))}
    return places


@pytest.mark.clause("P7.1")
def test_every_path_that_destroys_was_tried_under_a_hold() -> None:
    unknown = sorted(found() - set(PATHS) - set(HARMLESS))
    assert not unknown, "Try these under a hold, and name the test in PATHS:\n" + "\n".join(unknown)


def test_nothing_is_listed_that_is_not_there() -> None:
    assert not (set(PATHS) | set(HARMLESS)) - found()
    assert not set(PATHS) & set(HARMLESS)


@pytest.mark.parametrize("named", sorted(set(PATHS.values())))
def test_the_named_test_is_there(named: str) -> None:
    module, _colon, path = named.partition(":")
    place = import_module(module)
    for part in path.split("."):
        place = getattr(place, part)
    assert callable(place)


def test_the_scan_sees_each_way_to_destroy() -> None:
    ways = (
        "def f(): vault.shred_subjects(subject_ids=ids)",
        "def f(): months.drop(table, month)",
        "def f(): Device.objects.filter(id=1).delete()",
        "def f(): cursor.execute('DELETE FROM devices_device')",
        "def f(): holding.destroy([], certificate='')",
    )
    assert [list(destroying(ast.parse(way))) for way in ways] == [["f"]] * len(ways)
    assert not list(destroying(ast.parse("def f(): return Device.objects.all()")))
