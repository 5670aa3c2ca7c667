"""What leaves as a file does so in few places: tables of text, and files that are handed over."""

import ast
import re

import pytest
from django.apps import apps
from django.db.models import FileField

from config import settings as production
from tests.house.test_secure_code import SERVED, SOURCES


@pytest.mark.asvs("1.2.10")
def test_tables_of_text_are_written_in_few_places() -> None:
    """Each puts its cells through ``csv_cell``; the counts of statistics are ours."""
    tables = {path: text for path, text in SOURCES.items() if path.startswith(SERVED) and "csv.writer(" in text}
    assert tables.keys() == {
        "devices/admin/statistics.py",
        "privacy/campaigns/letters.py",
        "privacy/disclosures/encrypted_file.py",
        "privacy/lib/documents/spreadsheets.py",
        "privacy/rights/access_package/csv_tables.py",
    }
    assert [path for path, text in tables.items() if "csv_cell(" not in text] == ["devices/admin/statistics.py"]


@pytest.mark.asvs("3.2.1")
def test_files_are_handed_over_in_few_ways() -> None:
    """Files of others by ``attachment`` alone, in a sandbox; what the portal makes itself may be named elsewhere."""
    named = {path for path, text in SOURCES.items() if path.startswith(SERVED) and "Content-Disposition" in text}
    assert named == {
        "consents/views.py", "devices/admin/imports.py", "devices/admin/statistics.py",
        "privacy/disclosures/admin/notices.py", "privacy/ledger/admin/checkpoints.py",
        "privacy/ledger/admin/entries.py", "privacy/ledger/admin/reviews.py", "privacy/lib/http/downloads.py",
        "privacy/policies/views.py", "privacy/retention/views.py", "privacy/rights/admin/objections.py",
        "privacy/rights/opening_views.py", "privacy/rights/views.py", "privacy/safeguards/views.py",
        "privacy/workforce/admin/pledges.py", "privacy/workforce/views.py",
    }  # fmt: skip


@pytest.mark.law("S-05")
def test_no_sealed_data_is_opened_without_a_reason() -> None:
    """What a person typed, or the case of a paper (decision 0448); one job of the portal itself has none."""
    without = [
        path
        for path, text in SOURCES.items()
        if path.startswith(SERVED)
        for call in ast.walk(ast.parse(text))
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "vault.opened"
        if not any(one.arg == "reason" for one in call.keywords)
    ]
    assert without == ["privacy/subjects/actions/contacts.py"]


@pytest.mark.asvs("5.3.1")
def test_no_upload_lies_in_a_folder() -> None:
    """It is in memory while it is read, and sealed in a database afterwards."""
    assert production.FILE_UPLOAD_HANDLERS == ["django.core.files.uploadhandler.MemoryFileUploadHandler"]
    assert not hasattr(production, "MEDIA_ROOT")
    assert not [model for model in apps.get_models() for one in model._meta.fields if isinstance(one, FileField)]
    storage = r"default_storage|FileSystemStorage|temporary_file_path"
    assert not {path for path, text in SOURCES.items() if path.startswith(SERVED) and re.search(storage, text)}


@pytest.mark.asvs("5.4.3")
def test_what_others_send_is_kept_by_the_way_that_scans_it_alone() -> None:
    """``receive_file`` keeps it closed until it was scanned; what is stored otherwise the portal has made itself."""
    made = re.compile(r"\bstore_file\(|\bEncryptedFile\(|EncryptedFile\.objects\.(?:bulk_)?create\(")
    assert {path for path, text in SOURCES.items() if path.startswith(SERVED) and made.search(text)} == {
        "privacy/rights/actions/package_builds.py",  # an access package
        "privacy/vault/actions/files.py",
        "privacy/vault/models.py",
    }


@pytest.mark.asvs("5.4.2")
def test_one_mail_has_files_and_their_names_are_ours() -> None:
    attaches = {
        path: text
        for path, text in SOURCES.items()
        if path.startswith(SERVED) and re.search(r"\bmail\.send\((?:(?!\n    \)).)*attachments=", text, re.DOTALL)
    }
    assert attaches.keys() == {"privacy/rights/tasks.py"}
    assert 'f"{letter.reference}-{language}.pdf"' in attaches["privacy/rights/tasks.py"]
    attached = {path for path, text in SOURCES.items() if path.startswith(SERVED) and re.search(r"\.attach\(", text)}
    assert attached == {"privacy/lib/integrations/mail.py"}
