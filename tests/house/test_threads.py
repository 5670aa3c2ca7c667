"""What the threads of a process share is guarded, and each guard is seen to keep two threads apart."""

import re

import pytest

from tests.house.test_inventory import BESIDE, PRODUCT
from tools import asvs

GUARD = re.compile(r"\b(?:threading\.)?(?:R?Lock|(?:Bounded)?Semaphore|Condition|local)\(")
KEY_SERVICE = "tests/privacy/vault/test_key_service_threads.py"
# Each module that guards something, and the test in which two threads come to it at once.
GUARDED = {
    "config/health.py": "tests/config/test_health.py::test_however_many_ask_one_question_is_on_its_way",
    "config/middleware.py": "tests/config/test_uploads.py::UploadsTest::test_a_fifth_at_a_time_is_told_to_try_again",
    "privacy/accounts/access_tokens.py": "tests/privacy/office_api/test_credentials.py::CompanyClientTests"
    "::test_no_call_waits_for_the_provider_s_keys_and_none_is_used_for_ever",
    "privacy/ledger/witness/asking.py": "tests/privacy/ledger/test_witness_threads.py"
    "::test_proofs_for_several_witnesses_are_read_one_after_the_other",
    "privacy/ledger/witness/cosigning.py": "tests/privacy/ledger/test_witness_threads.py"
    "::test_of_two_histories_that_come_at_once_one_is_cosigned",
    "privacy/lib/postgres/invalidation.py": "tests/privacy/lib/test_invalidation.py"
    "::test_what_was_found_before_another_thread_heard_is_not_added",
    "privacy/vault/key_providers.py": "tests/privacy/vault/test_key_files.py"
    "::test_while_one_thread_reads_the_file_none_uses_what_it_held_before",
    "privacy/vault/keyservice/attesting.py": f"{KEY_SERVICE}"
    "::test_what_is_read_while_an_attestation_is_written_is_in_the_next",
    "privacy/vault/keyservice/ceilings.py": "tests/privacy/vault/test_ceilings.py"
    "::test_of_threads_that_come_at_once_no_more_pass_than_the_ceiling_says",
    "privacy/vault/keyservice/circuit_breaker.py": f"{KEY_SERVICE}"
    "::test_of_two_who_find_a_service_silent_one_finds_out_whether_it_answers",
    "privacy/vault/keyservice/connection_limits.py": f"{KEY_SERVICE}"
    "::test_of_two_that_come_for_the_last_place_one_gets_it",
    "privacy/vault/keyservice/reading_policy.py": f"{KEY_SERVICE}"
    "::test_a_record_that_two_connections_show_at_once_is_one_connection_s",
    "privacy/vault/keyservice/rotation_policy.py": f"{KEY_SERVICE}"
    "::test_two_that_end_a_generation_open_its_keys_one_after_the_other",
    "privacy/vault/keyservice/signing_policy.py": f"{KEY_SERVICE}"
    "::test_two_that_look_at_a_list_look_one_after_the_other",
    "privacy/vault/keyservice/trail_watch.py": f"{KEY_SERVICE}::test_however_many_ask_one_looks_at_the_trail",
    "privacy/vault/pkcs11_session.py": "tests/privacy/vault/test_pkcs11_session.py"
    "::test_many_threads_get_their_own_answers",
}
# Of one thread that gives way by itself, or a thread's own.
OF_ONE_THREAD = {"config/forwarder.py", "privacy/lib/crypto/random_pool.py", "privacy/vault/keyservice/client.py"}


@pytest.mark.asvs("15.4.1")
def test_each_guard_of_what_threads_share_is_seen_at_work() -> None:
    found = {path for path, text in PRODUCT.items() if GUARD.search(text) and not BESIDE.search(path)}
    found -= OF_ONE_THREAD
    assert found == GUARDED.keys()
    (row,) = [one for one in asvs.rows() if one.id == "15.4.1"]
    assert set(GUARDED.values()) <= set(row.tests)
