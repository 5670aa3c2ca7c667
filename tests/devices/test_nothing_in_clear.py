"""A dump of personal or general has no identifier or contact in clear, in hex, in base64 or as a plain hash (P8.4)."""

import base64
import hashlib

import pytest
from django.db import connections

from devices import actions as devices
from privacy.subjects.models import Subject
from tests import factory
from tests.base import PortalTestCase

MAIL, PHONE = "cnry-mina@example.org", "010-8765-4321"
MOTHER = {"name": "CNRY-김하나", "contact": "CNRY-01012345678", "confirmation": "card"}


@pytest.mark.asvs("11.7.2", "14.2.4")
@pytest.mark.clause("P8.4")
class DumpTest(PortalTestCase):
    def dump(self, alias: str) -> bytes:
        """Every row of every table, as COPY writes them."""
        written = []
        with connections[alias].cursor() as cursor:
            cursor.execute(
                "SELECT format('%%I.%%I', schemaname, relname) FROM pg_stat_user_tables"
                " WHERE has_table_privilege(relid, 'SELECT')",
                [],
            )
            for (table,) in cursor.fetchall():
                with cursor.copy(f"COPY (SELECT * FROM {table}) TO STDOUT") as copy:
                    written += [bytes(block) for block in copy]
        return b"".join(written)

    @pytest.mark.law("S-19")
    def test_no_spelling_of_a_secret_is_in_it(self) -> None:
        secrets = [
            MAIL,
            PHONE,
            factory.imei(7),
            "R3CT000007X",
            "CNRY-adb-7",
            "CNRY-MODEL",
            "EXAFE-00000007",
            "CNRY-log",
            *MOTHER.values(),
        ]
        device = factory.make_device(
            7, adb_number="CNRY-adb-7", model="CNRY-MODEL", agreed=("activation", "service-analytics", "app-log")
        )
        factory.agree(device, "advertising-sms", representative=MOTHER)
        mina = Subject.objects.get(pk=device.subject_id)
        factory.make_contact(mina, kind="email", value=MAIL)
        factory.make_contact(mina, kind="phone", value=PHONE)
        report = factory.make_report(device, "app-log", body={"level": "info", "message": "CNRY-log"})
        devices.store_reports(factory.make_batch(report), gateway=factory.make_gate(), at=factory.NOON)
        secrets.remove("card")
        found = {alias: self.dump(alias).lower() for alias in ("default", "personal")}
        assert all(len(dump) > 1000 for dump in found.values())
        assert device.reference.lower().encode() in found["personal"]
        for secret in secrets:
            for alias, dump in found.items():
                for form in spelled(secret):
                    assert form.lower() not in dump, (alias, secret, form)

    def test_it_would_be_found_if_it_were_there(self) -> None:
        """The dump holds what is written in clear, and each spelling is told from noise."""
        odile = factory.make_odile()
        assert odile.email.encode() in self.dump("default")
        for before in ("", "x", "xy"):
            packed = base64.b64encode(f"{before}mina@example.org, Seoul".encode())
            assert any(form in packed for form in spelled("mina@example.org")), before


def spelled(secret: str) -> set[bytes]:
    """The spellings in which a secret could leak: itself, hex, base64 wherever it begins, plain hashes of it."""
    forms = set()
    for raw in {secret.encode(), secret.lower().encode(), secret.upper().encode()}:
        forms |= {raw, raw.hex().encode(), *aligned(raw)}
        for name in ("sha256", "sha1", "md5"):
            digest = hashlib.new(name, raw, usedforsecurity=False).digest()
            forms |= {digest.hex().encode(), *aligned(digest)}
    return forms


def aligned(raw: bytes) -> set[bytes]:
    """Base64 of some bytes in the middle of others: three ways, without the letters that the neighbours share."""
    ways = [base64.b64encode(bytes(shift) + raw).rstrip(b"=")[(0, 2, 3)[shift] :] for shift in range(3)]
    return {way[: len(way) - 1] for way in ways}
