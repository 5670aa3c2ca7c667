"""The table of roles names permissions that exist, and the register of access is the only source of permissions."""

import pytest
from django.contrib.auth.models import Permission
from django.core.exceptions import FieldDoesNotExist

from privacy.accounts.models import User
from privacy.accounts.roles import ROLE_NAMES, ROLES
from tests.base import PortalTestCase


class RolesTest(PortalTestCase):
    def test_every_codename_exists(self) -> None:
        known = {f"{p.content_type.app_label}.{p.codename}" for p in Permission.objects.select_related("content_type")}
        missing = {code for codes in ROLES.values() for code in codes} - known
        assert not missing

    def test_every_role_has_a_name(self) -> None:
        assert set(ROLE_NAMES) == set(ROLES)

    @pytest.mark.clause("P8.8")
    def test_an_account_has_no_other_source_of_permissions(self) -> None:
        """No group to be added to, no permission to be given, no superuser to be made."""
        for name in ("groups", "user_permissions", "is_superuser", "is_staff"):
            with pytest.raises(FieldDoesNotExist):
                User._meta.get_field(name)
