"""The table of roles names permissions that exist, and nothing else gives permissions."""

import pytest
from django.contrib.auth.models import Group, Permission

from privacy.accounts.roles import ROLES
from tests.base import PortalTestCase


class RolesTest(PortalTestCase):
    def test_every_codename_exists(self) -> None:
        known = {f"{p.content_type.app_label}.{p.codename}" for p in Permission.objects.select_related("content_type")}
        missing = {code for codes in ROLES.values() for code in codes} - known
        assert not missing

    @pytest.mark.clause("P8.8")
    def test_groups_hold_exactly_the_table(self) -> None:
        for name, wanted in ROLES.items():
            held = {
                f"{p.content_type.app_label}.{p.codename}"
                for p in Group.objects.get(name=name).permissions.select_related("content_type")
            }
            assert held == set(wanted), name
