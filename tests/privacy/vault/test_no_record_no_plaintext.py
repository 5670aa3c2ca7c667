"""If the access record can't be written, the door stays shut: no plaintext, no key fetched (law S-01, SEC-10)."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from privacy.ledger.actions import LedgerUnavailable
from privacy.vault import keys
from privacy.vault.models import EncryptedFile
from tests.database import PortalDatabase
from tests.factory import make_sealed_file
from tests.privacy.vault.decryption_sessions import decryption_session


@pytest.mark.law("S-03")
@pytest.mark.clause("P8.3")
@pytest.mark.asvs("16.5.3")
def test_the_door_stays_shut(portal_database: PortalDatabase) -> None:
    file = make_sealed_file()
    keys.caches.here().clear()
    with portal_database.connect() as superuser:
        superuser.execute("REVOKE INSERT ON ledger.entry FROM portal_app, portal_intake, portal_worker")
    for rows in ([file], EncryptedFile.objects.all()):
        with (
            decryption_session() as vault_session,
            CaptureQueriesContext(connection) as queries,
            pytest.raises(LedgerUnavailable),
        ):
            list(vault_session.decrypt_many(rows, "content"))
        assert not [query for query in queries.captured_queries if "vault_subjectkey" in query["sql"]]
        assert len(keys.caches.here()) == 0


def test_the_record_stays_whatever_becomes_of_the_request(portal_database: PortalDatabase) -> None:
    from django.db import transaction

    from privacy.ledger.models import Entry

    file = make_sealed_file()
    with pytest.raises(ZeroDivisionError), transaction.atomic(), decryption_session() as vault_session:
        assert vault_session.decrypt(file, "name")
        raise ZeroDivisionError
    assert Entry.objects.filter(word="ledger.read").count() == 1
