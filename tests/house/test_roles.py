"""The table of roles names permissions that exist, and the register of access is the only source of permissions."""

import json
from pathlib import Path

import pytest
from django.contrib.auth.models import Permission
from django.core.exceptions import FieldDoesNotExist

from privacy.accounts.models import User
from privacy.accounts.roles import ROLE_NAMES, ROLES, ROLES_OF_PERMISSION
from privacy.lib.registries import registers
from tests.base import PortalTestCase

PERMISSIONS_OF_ROLES = json.loads((Path(__file__).parent / "permissions_of_roles.json").read_text(encoding="utf-8"))


@pytest.mark.asvs("8.2.1")
class RolesTest(PortalTestCase):
    def test_every_codename_exists(self) -> None:
        known = {f"{p.content_type.app_label}.{p.codename}" for p in Permission.objects.select_related("content_type")}
        missing = {code for codes in ROLES.values() for code in codes} - known
        assert not missing

    @pytest.mark.law("S-08")
    def test_each_role_holds_exactly_what_was_agreed(self) -> None:
        """A permission given to a role, or taken from it, is a decision: change the list with the table."""
        assert {role: sorted(codes) for role, codes in ROLES.items()} == PERMISSIONS_OF_ROLES

    def test_every_role_in_the_table_has_a_name(self) -> None:
        assert set().union(*ROLES_OF_PERMISSION.values()) <= set(ROLE_NAMES)

    def test_an_auditor_reads_and_writes_nothing_but_the_audit(self) -> None:
        """What an auditor may do beside looking: reviews and inspections, and taking the trail out."""
        acts = {code for code in ROLES["auditor"] if not code.split(".")[1].startswith("view_")}
        assert acts == {
            "accounts.review_emergency",
            "ledger.export_trail",
            "ledger.review_trail",
            "ledger.verify_trail",
            "processors.supervise_processors",
            "safeguards.confirm_finding",
            "safeguards.keep_inspections",
        }

    @pytest.mark.law("S-08")
    def test_a_handler_decides_about_nobody_s_rights_access_or_data(self) -> None:
        """A handler prepares; what is decided, approved, published or granted is the officer's."""
        acts = {code for code in ROLES["handler"] if not code.split(".")[1].startswith("view_")}
        assert not {code for code in acts if code.startswith(("accounts.", "ledger.", "jobs."))}
        verbs = ("approve_", "decide_", "publish_", "grant_", "designate_", "order_", "lift_", "place_", "confirm_")
        assert not {code for code in acts if code.split(".")[1].startswith(verbs)}
        assert not acts - set(ROLES["officer"]), "an officer may do what a handler may"

    @pytest.mark.law("O-04")
    def test_the_protection_officer_sees_whatever_the_office_keeps(self) -> None:
        """Access to what is processed (Decree art. 32(7)): each record of the console, each register, the trail."""
        held = set(ROLES["officer"])
        assert not {code for code in ROLES_OF_PERMISSION if ".view_" in code} - held
        assert not {register.permission for register in registers.all_registers()} - held
        assert {"vault.open_vault", "ledger.view_entry", "ledger.verify_trail"} <= held

    @pytest.mark.clause("P8.8")
    def test_an_account_has_no_other_source_of_permissions(self) -> None:
        """No group to be added to, no permission to be given, no superuser to be made."""
        for name in ("groups", "user_permissions", "is_superuser", "is_staff"):
            with pytest.raises(FieldDoesNotExist):
                User._meta.get_field(name)
