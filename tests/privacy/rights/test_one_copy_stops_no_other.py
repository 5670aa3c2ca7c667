"""Copies that wait for their people are made anew and removed one by one, each as it is when its turn has come."""

from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest

from privacy.rights import actions as rights
from privacy.rights import tasks
from privacy.rights.actions import RequestedRight, package_builds
from privacy.rights.models import Letter, Package, Right
from privacy.vault import actions as vault
from privacy.vault.models import EncryptedFile
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON
from tests.privacy.rights.test_access_package_freshness import LATER, granted


@pytest.mark.truth("hunt")
class TwoCopiesTests(PortalTestCase):
    def setUp(self) -> None:
        self.odile = factory.make_officer()
        for number in (1, 2):
            device = factory.make_device(number)
            (access,) = granted(RequestedRight("access"), target=factory.imei(number))
            rights.carry_out(access, actor=self.odile, at=NOON)
            factory.make_provided(device, "model")
        self.first, self.second = Package.objects.order_by("built_at", "id")

    def test_what_became_of_a_copy_while_another_was_made_is_seen(self) -> None:
        build = package_builds.build_package

        def slowly(right: Right, **who: Any) -> Package:
            Package.objects.exclude(right=right).update(removed_at=LATER)
            return build(right, **who)

        with patch.object(package_builds, "build_package", slowly):
            assert rights.renew_packages(actor=tasks.WORKER, at=LATER) == 1
        self.second.refresh_from_db()
        assert self.second.outdated_at is None, "it was removed meanwhile, so nothing is said or made of it"

    def test_a_file_that_can_not_be_removed_keeps_no_other_copy_nor_the_rest_of_the_ring_from_it(self) -> None:
        theirs = set(package_builds.package_files(self.first.right, self.first.event_id).values_list("id", flat=True))
        delete = vault.delete_file

        def stuck(file: EncryptedFile, **who: Any) -> None:
            if file.id in theirs:
                raise OSError("a disk that does not answer")
            delete(file, **who)

        late = NOON + timedelta(days=30)
        Package.objects.update(expires_at=NOON, downloaded_at=NOON)
        with patch.object(vault, "delete_file", stuck):
            assert rights.remove_packages(actor=tasks.WORKER, at=late) == 1
        assert list(Package.objects.filter(removed_at=None)) == [self.first]
        assert rights.remove_packages(actor=tasks.WORKER, at=late) == 1

    def test_a_copy_for_which_a_new_code_was_given_meanwhile_is_not_removed(self) -> None:
        """The worker had it on its list as expired, and took away what the office had just opened again."""
        late, delete, codes = NOON + timedelta(days=30), vault.delete_file, []

        def slowly(file: EncryptedFile, **who: Any) -> None:
            if not codes:
                Package.objects.filter(pk=self.second.pk).update(expires_at=late + timedelta(days=1))
                codes.append(file)
            delete(file, **who)

        Letter.objects.update(sent_at=NOON)
        Package.objects.update(expires_at=NOON)
        with patch.object(vault, "delete_file", slowly):
            assert rights.remove_packages(actor=tasks.WORKER, at=late) == 1
        self.second.refresh_from_db()
        assert self.second.removed_at is None
        assert package_builds.package_files(self.second.right, self.second.event_id).exists()
