"""A dump of the personal and the general database has no identifier in clear, hex, base64 or plain hash (P8.4)."""

import base64
import hashlib

import pytest
from django.db import connections

from devices import actions as devices
from tests import factory
from tests.base import PortalTestCase

MOTHER = {"name": "CNRY-김하나", "contact": "CNRY-01012345678", "confirmation": "card"}


@pytest.mark.clause("P8.4")
class DumpTest(PortalTestCase):
    def dump(self, alias: str) -> bytes:
        """Every row of every table, as COPY writes them."""
        written = []
        with connections[alias].cursor() as cursor:
            cursor.execute(
                "SELECT format('%%I.%%I', schemaname, relname) FROM pg_stat_user_tables WHERE has_table_privilege("
                "format('%%I.%%I', schemaname, relname), 'SELECT')",
                [],
            )
            for (table,) in cursor.fetchall():
                with cursor.copy(f"COPY (SELECT * FROM {table}) TO STDOUT") as copy:
                    written += [bytes(block) for block in copy]
        return b"".join(written)

    def test_no_spelling_of_a_secret_is_in_it(self) -> None:
        secrets = [
            factory.imei(7),
            "R3CT000007X",
            "CNRY-adb-7",
            "CNRY-MODEL",
            "EXAFE-00000007",
            "CNRY-log",
            *MOTHER.values(),
        ]
        device = factory.make_device(7, adb_number="CNRY-adb-7", model="CNRY-MODEL", agreed=("activation", "app-log"))
        factory.agree(device, "advertising-sms", representative=MOTHER)
        report = factory.make_report(device, "app-log", body={"level": "info", "message": "CNRY-log"})
        devices.store_reports(factory.make_batch(report), gateway=factory.make_gate(), at=factory.NOON)
        secrets.remove("card")
        found = {alias: self.dump(alias).lower() for alias in ("default", "personal")}
        assert all(len(dump) > 1000 for dump in found.values())
        assert device.reference.lower().encode() in found["personal"]
        for secret in secrets:
            raw = secret.encode()
            spelled = {
                raw, raw.hex().encode(), base64.b64encode(raw).rstrip(b"="), hashlib.sha256(raw).hexdigest().encode(),
                hashlib.sha256(raw).digest().hex().encode(), hashlib.md5(raw).hexdigest().encode(),
            }  # fmt: skip
            for alias, dump in found.items():
                for form in spelled:
                    assert form.lower() not in dump, (alias, secret, form)
