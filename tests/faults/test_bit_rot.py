"""A byte rots on the disk: it is noticed, what lies there can't be read, and everything else can (FLT-28)."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.db import DatabaseError
from django.test import Client
from django.urls import reverse

from privacy.rights.models import Request
from privacy.vault import actions as vault
from privacy.vault.models import EncryptedFile
from tests import factory
from tests.database import PortalDatabase
from tests.faults.invariants import Memory, assert_hold
from tests.faults.surroundings import OwnServer, own_server
from tests.privacy.retention.kill_at_commit import close_everything
from tests.privacy.rights.test_request_form import fields
from tests.privacy.vault.decryption_sessions import decryption_session

pytestmark = [pytest.mark.faults, pytest.mark.fault("FLT-28")]

PAGE_BYTES, FILES = 8_192, 120


def flip(path: Path, place: int) -> None:
    """Turn one bit of a file."""
    with path.open("r+b") as file:
        file.seek(place)
        (byte,) = file.read(1)
        file.seek(place)
        file.write(bytes([byte ^ 4]))


def file_of(server: OwnServer, table: str, alias: str = "personal") -> Path:
    """Return the file of a table's rows."""
    with server.connect(alias) as superuser:
        row = superuser.execute("SELECT pg_relation_filepath(%s)", [table]).fetchone()
        superuser.execute("CHECKPOINT")
    assert row is not None
    return server.cluster / str(row[0])


def readable(files: list[EncryptedFile]) -> int:
    """Return how many files open as they were."""
    opened = 0
    for file in files:
        try:
            fresh = EncryptedFile.objects.get(id=file.id)
            with decryption_session() as session:
                opened += session.decrypt(fresh, "name") == f"{file.subject_id}.pdf"
        except (DatabaseError, vault.WrongKey):
            continue
    return opened


def test_a_rotten_page_of_the_disk_takes_nothing_else_along(tmp_path: Path, django_db_blocker: Any) -> None:
    with django_db_blocker.unblock(), own_server(tmp_path / "own") as server:
        memory = Memory()
        people = [uuid4() for _number in range(FILES)]
        files = [factory.make_sealed_file(subject_id=person, name=f"{person}.pdf") for person in people]
        client = Client(raise_request_exception=False)
        receipt = memory.ask(client, "post", reverse("rights:request"), fields(submission="a")).context["receipt"]
        memory.filed(receipt.number)
        rotten, cases = file_of(server, "vault_encryptedfile"), file_of(server, "rights_particulars")
        server.stop()
        flip(rotten, PAGE_BYTES - 100)
        flip(cases, PAGE_BYTES - 100)
        server.start()
        close_everything()
        left = readable(files)
        assert 0 < left < FILES
        print(f"{left} of {FILES} files can be read")
        with server.connect("personal") as superuser:
            row = superuser.execute("SELECT sum(checksum_failures) FROM pg_stat_database").fetchone()
        assert row is not None and row[0] > 0
        # The page of the case whose words are there says so; it is no fault of ours.
        client.force_login(factory.make_officer())
        address = reverse("admin:rights_request_change", args=[Request.objects.get().pk])
        assert memory.ask(client, "get", address).status_code == 503
        for page in (reverse("admin:rights_request_changelist"), reverse("rights:request")):
            assert memory.ask(client, "get", page).status_code == 200


def test_a_rotten_ciphertext_is_one_record_that_does_not_open(portal_database: PortalDatabase) -> None:
    memory = Memory()
    files = [factory.make_sealed_file() for _number in range(3)]
    with portal_database.connect(alias="personal") as superuser:
        superuser.execute("SET session_replication_role = replica")
        superuser.execute(
            "UPDATE vault_encryptedfile SET content = set_byte(content, 40, get_byte(content, 40) # 4) WHERE id = %s",
            [files[1].id],
        )
    opened = []
    for file in files:
        fresh = EncryptedFile.objects.get(id=file.id)
        with decryption_session() as session:
            try:
                opened.append(session.decrypt(fresh, "content"))
            except vault.WrongKey:
                opened.append(None)
    assert [one is not None for one in opened] == [True, False, True]
    assert_hold(memory)
