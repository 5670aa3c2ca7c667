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
DESTROYS = {
    "shred_subject",
    "shred_subjects",
    "shred_month",
    "delete_file",
    "destroy",
    "destroy_month",
    "drop_partition",
    "destroy_documents",
    "destroy_files_of",
    "destroy_objection_files",
    "discard_build",
}
DELETES = {"delete", "_raw_delete"}
SQL = re.compile(r"\b(DELETE FROM|TRUNCATE TABLE|DROP TABLE|DETACH PARTITION)\b")
PERSON = "tests.privacy.retention.test_holds:AHoldOnAPersonStops."
EVERY = "tests.privacy.retention.test_holds_on_every_path:"
OTHER, ARCHIVE, LAST = f"{EVERY}AHoldStopsToo.", f"{EVERY}AHoldOnTheArchive.", f"{EVERY}TheLastLock."
OFFICE = f"{OTHER}test_the_sweep_of_every_category_of_the_office"
EVIDENCE = f"{OTHER}test_the_documents_of_a_closed_case"
OBJECTION = f"{OTHER}test_what_came_with_an_objection"
ORDER, MONTH = f"{PERSON}test_deletion_on_request", f"{PERSON}test_a_month_that_is_dropped_whole"
APPROVED, TERM = f"{PERSON}test_a_list_that_is_approved_already", f"{PERSON}test_the_end_of_the_preservation_term"
REPLAY = "tests.privacy.retention.test_restore:test_what_was_destroyed_before_the_hold_goes_again"
AGAIN = "tests.privacy.retention.test_archive_expiry:test_a_restored_archive_stays_closed_until_replayed"
TURN = "tests.privacy.vault.test_master_key_rotation:test_a_living_generation_is_never_destroyed"
SETTLED = "tests.devices.test_settled_errors:ServedTest.test_a_hold_keeps_the_logs_of_one_and_nobody_elses"
PACKAGE, BEGUN = f"{OTHER}test_the_package_of_an_access_request", f"{OTHER}test_a_package_that_is_begun_anew"
LEFT_IMPORT = f"{OTHER}test_an_import_that_is_thrown_away_or_left"
CERTIFICATES = "tests.privacy.workforce.test_training:OutsideTest.test_a_hold_keeps_the_certificates"
TWICE = "tests.privacy.workforce.test_training:OutsideTest."

MANDATE = "tests.privacy.rights.test_new_mandates:ReadingTests.test_under_a_hold_what_proved_it_stays"
ASKED = "tests.consents.test_children:RequestTests.test_under_a_hold_who_was_named_stays"
DRAFT = "tests.privacy.rights.test_incoming_mail:DraftTests.test_under_a_hold_a_draft_stays"

PATHS = {
    "privacy/rights/actions/mandates.py:renew_authority": MANDATE,
    "privacy/vault/actions/crypto_shredding.py:": f"{LAST}test_no_key_of_a_held_person_goes",
    "privacy/vault/actions/crypto_shredding.py:shred_subject": f"{LAST}test_no_key_of_a_held_person_goes",
    "privacy/vault/actions/crypto_shredding.py:shred_month": f"{LAST}test_no_key_of_a_month_goes",
    "privacy/vault/actions/files.py:delete_file": f"{LAST}test_no_sealed_file_goes",
    "privacy/vault/keyservice/custodian.py:_destroy_generation": TURN,
    "privacy/vault/keyservice/holders.py:_end": TURN,
    "privacy/vault/pkcs11_keys.py:destroy": TURN,
    "privacy/retention/actions/destruction/subject_strategy.py:_destroy_slice": APPROVED,
    "privacy/retention/actions/destruction/subject_strategy.py:_delete_slice": APPROVED,
    "privacy/retention/actions/destruction/subject_strategy.py:replay": REPLAY,
    "privacy/retention/actions/destruction/month_strategy.py:_destroy_month": MONTH,
    "privacy/retention/actions/destruction/month_strategy.py:_drop_month": MONTH,
    "privacy/retention/actions/destruction/month_strategy.py:replay": REPLAY,
    "privacy/retention/actions/destruction/archive_strategy.py:destroy_keys": (
        f"{ARCHIVE}test_keeps_the_keys_of_a_finished_month"
    ),
    "privacy/retention/actions/destruction/archive_strategy.py:_delete_unless_held": TERM,
    "privacy/retention/actions/destruction/archive_strategy.py:replay": AGAIN,
    "privacy/retention/actions/destruction/archive_strategy.py:_destroy_keyrings": (
        f"{ARCHIVE}test_keeps_the_keys_of_a_person_without_records"
    ),
    "privacy/retention/actions/paper_destruction.py:record_paper": (
        f"{OTHER}test_the_evidence_of_a_paper_that_is_sent_twice"
    ),
    "privacy/workforce/actions/completions.py:_discard": f"{TWICE}test_a_hold_keeps_both_scans_of_one_training",
    "privacy/retention/actions/paper_destruction.py:destroy_evidence": f"{OTHER}test_the_evidence_of_a_paper",
    "privacy/rights/actions/identity_documents.py:destroy_documents": EVIDENCE,
    "privacy/rights/actions/identity_documents.py:destroy_files_of": EVIDENCE,
    "privacy/rights/actions/incoming_mail.py:destroy_draft": DRAFT,
    "privacy/rights/actions/objection_evidence.py:destroy_objection_files": OBJECTION,
    "privacy/rights/actions/objection_evidence.py:destroy_leftover_evidence": OBJECTION,
    "privacy/rights/actions/objections.py:decide_objection": OBJECTION,
    "privacy/rights/actions/identity_documents.py:destroy_leftover_documents": EVIDENCE,
    "privacy/rights/actions/letters.py:close_case": EVIDENCE,
    "privacy/rights/actions/identity.py:reject_identity": EVIDENCE,
    "privacy/rights/actions/identity.py:withdraw": EVIDENCE,
    "privacy/rights/actions/duplicates.py:join": f"{OTHER}test_the_documents_of_a_joined_case",
    "privacy/rights/actions/access_packages.py:_discard": PACKAGE,
    "privacy/rights/actions/access_packages.py:_remove": PACKAGE,
    "privacy/rights/actions/package_builds.py:_finish": BEGUN,
    "privacy/rights/actions/package_builds.py:_current_build": BEGUN,
    "privacy/rights/actions/package_builds.py:discard_build": BEGUN,
    "privacy/rights/actions/package_builds.py:remove_orphaned_files": BEGUN,
    "privacy/rights/actions/particulars.py:_remove": OFFICE,
    "privacy/incidents/actions/complaints.py:destroy_texts": OFFICE,
    "privacy/disclosures/actions/scans.py:destroy_scans": OFFICE,
    "privacy/safeguards/actions/measures.py:destroy_evidence_files": OFFICE,
    "privacy/safeguards/actions/measures.py:record_evidence": f"{LAST}test_no_sealed_file_goes",
    "privacy/systems/actions/by_hand.py:report_done": f"{LAST}test_no_sealed_file_goes",
    "privacy/disclosures/actions/answering.py:answer": f"{LAST}test_no_sealed_file_goes",
    "privacy/disclosures/actions/settlements.py:settle": f"{LAST}test_no_sealed_file_goes",
    "privacy/safeguards/actions/proofs.py:keep_proof": f"{LAST}test_no_sealed_file_goes",
    "privacy/disclosures/actions/scans.py:attach_scan": f"{OTHER}test_a_scan_whose_place_another_takes",
    "privacy/disclosures/actions/scans.py:discard_orphaned_scans": f"{OTHER}test_a_scan_that_was_never_attached",
    "privacy/subjects/actions/contacts.py:remove_contacts": f"{PERSON}test_contacts",
    "privacy/subjects/actions/contacts.py:remove_ended_contacts": f"{OTHER}test_a_contact_that_ended",
    "privacy/workforce/actions/completions.py:remove_certificates": CERTIFICATES,
    "consents/actions/decisions.py:remove_representatives": APPROVED,
    "consents/actions/representatives.py:forget_asked": ASKED,
    "devices/actions/discarded_imports.py:_shred_rows": LEFT_IMPORT,
    "devices/actions/imports.py:_remove_counted": f"{OTHER}test_rows_of_an_import_that_were_refused_on_the_way",
    "devices/actions/imports.py:remove_imported_rows": APPROVED,
    "devices/actions/row_deletion.py:remove_registrations": APPROVED,
    "devices/actions/settled_errors.py:_remove": SETTLED,
    "devices/actions/row_deletion.py:_remove": ORDER,
    "devices/actions/row_deletion.py:_drop": MONTH,
}
HARMLESS = {
    "privacy/rights/inbox.py:read_inbox": "a mail in the mailbox, which the portal has taken or refused with a reason",
    "privacy/rights/actions/postponements.py:decline_postponement": "a proposal that never held; dates and a reason",
    "privacy/accounts/actions/old_grants.py:delete_old_grants": "lines on employees' access, ended three years ago",
    "privacy/accounts/actions/sessions.py:end_all_sessions": "sessions of an employee",
    "privacy/accounts/actions/deactivation.py:_end_all_else": "ways to sign in of an account that is closed",
    "privacy/accounts/signin/actions.py:_end": "a sign-in that is over",
    "privacy/accounts/signin/actions.py:remove_factor": "a second factor that two officers, or its owner, took away",
    "privacy/accounts/signin/actions.py:reset": "second factors of an account that start anew",
    "privacy/accounts/signin/actions.py:delete_expired": "sign-ins and attempts that are over",
    "privacy/retention/actions/archive_transfer.py:": "an earlier copy for the same list, replaced in one transaction",
    "privacy/retention/actions/archive_transfer.py:delete_copies": (
        "a second copy of records that stay where they are in use"
    ),
    "privacy/retention/actions/forecast.py:update_forecast": "numbers of past months",
    "privacy/retention/actions/destruction_lists.py:_propose": "a list on which nobody stands",
    "privacy/retention/actions/destruction_lists.py:_abandon": "a plan that nobody approved",
    "privacy/retention/actions/clock_anomalies.py:confirm_clock": "marks of a clock",
    "privacy/vault/actions/key_rotation.py:_rewrap_all": "how far a turn came, which begins anew",
    "privacy/vault/actions/key_rotation.py:_begin": "how far another turn came",
    "privacy/vault/actions/key_table.py:_bring_after": "the copy of a key that its table has as it stands now",
    "privacy/vault/actions/key_table.py:_change_places": "the table of keys, once all living keys stand in the new one",
    "privacy/vault/actions/key_table.py:_dropped": "a list of ids of keys",
    "privacy/vault/pkcs11_keys.py:_make": "a master key that another host made too, before it wrapped anything",
    "privacy/systems/actions/envelopes.py:remove_envelopes": "a copy of identifiers, made to have copies destroyed",
    "privacy/systems/actions/envelopes.py:seal_identifiers": "such a copy, which is sealed anew with what came since",
    "privacy/policies/actions/parameters.py:withdraw_holiday": "a holiday",
    "privacy/policies/actions/drafts.py:revise_draft": "a part of a draft",
    "privacy/subjects/actions/contacts.py:_end": "a contact that another replaced before any mail went to it",
    "privacy/subjects/actions/contact_codes.py:delete_old_codes": "digests of codes that prove nothing any more",
    "privacy/subjects/actions/access_code_attempts.py:check_code": "the counted try of a code that was right",
    "privacy/subjects/actions/access_code_attempts.py:delete_old_attempts": "counters of wrong tries, without names",
    "consents/actions/agreements.py:discard_text": "a draft of a text",
    "privacy/office_api/actions/outgoing_events.py:remove_old_events": "what programs were told of, long ago",
    "devices/actions/idempotency.py:release_idempotency_key": "the claim on an answer that was never given",
    "devices/actions/idempotency.py:delete_expired_responses": "answers to gateways, kept a day for repetition",
    "devices/actions/signed_requests.py:delete_expired_nonces": "marks of signed requests, without a person",
    "devices/actions/gateways.py:delete_expired_rates": "counters of requests",
    "devices/actions/statistics.py:delete_expired_batches": "ids of batches, without records",
    "privacy/jobs/queue_broker.py:dequeue": "rows of the queue that name no job",
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
        "def f(): partitions.drop_partition(table, month)",
        "def f(): Device.objects.filter(id=1).delete()",
        "def f(): cursor.execute('DELETE FROM devices_device')",
        "def f(): holding.destroy([], certificate='')",
    )
    assert [list(destroying(ast.parse(way))) for way in ways] == [["f"]] * len(ways)
    assert not list(destroying(ast.parse("def f(): return Device.objects.all()")))
