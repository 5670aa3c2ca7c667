"""What must agree across databases is declared by each app, compared every night, and kept until it agrees."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from django.core.exceptions import ImproperlyConfigured

from privacy.retention import actions as retention
from privacy.retention import consistency_checks
from privacy.retention.consistency_checks import Difference
from privacy.retention.models import Finding
from privacy.rights import actions as rights
from privacy.rights.models import Particulars
from privacy.vault.models import EncryptedFile
from tests.base import PortalTestCase
from tests.factory import NOON, SWEEPER, ask, imei, make_device, make_granted, make_odile, make_officer

LATER = NOON + timedelta(hours=1)


def found() -> set[str]:
    return {finding.about for finding in retention.reconcile(actor=SWEEPER, at=LATER)}


@pytest.mark.clause("P8.7")
class WhatTheRequestsAgreeOn(PortalTestCase):
    def test_an_open_case_has_the_words_of_its_requester(self) -> None:
        case = ask().request
        assert found() == set()
        Particulars.objects.filter(subject_id=case.holder_id).delete()
        assert found() == {f"rights.words {case.reference}"}

    def test_a_case_that_is_being_written_is_no_difference(self) -> None:
        case = ask(at=LATER).request
        Particulars.objects.filter(subject_id=case.holder_id).delete()
        assert found() == set()

    def test_a_package_has_its_file(self) -> None:
        make_device(1)
        right = make_granted(ask(target=imei(1)))
        rights.carry_out(right, actor=make_officer(), at=NOON)
        assert found() == set()
        EncryptedFile.objects.all().delete()
        assert found() == {f"rights.packages {right.request.reference}"}


class AnAgreement(PortalTestCase):
    def setUp(self) -> None:
        self.differences = [Difference("K7-1", 2)]

        def compare(at: datetime) -> Iterator[Difference]:
            yield from self.differences

        consistency_checks.declare("tests.pairs", description="pairs of the test", compare=compare)
        self.addCleanup(consistency_checks._checks.pop, "tests.pairs")

    def test_opens_a_finding_and_closes_it_when_the_sides_agree(self) -> None:
        (finding,) = retention.reconcile(actor=SWEEPER, at=LATER)
        assert (finding.kind, finding.about, finding.count) == ("declared", "tests.pairs K7-1", 2)
        self.assertLedgered("retention.finding.opened", finding)
        retention.reconcile(actor=SWEEPER, at=LATER)
        assert Finding.objects.count() == 1
        self.differences.clear()
        assert retention.reconcile(actor=SWEEPER, at=LATER) == []
        self.assertLedgered("retention.finding.closed", finding)

    def test_is_told_to_the_officer_in_its_own_words(self) -> None:
        retention.reconcile(actor=SWEEPER, at=LATER)
        self.client.force_login(make_odile())
        page = self.client.get("/office/retention/finding/").content.decode()
        assert "pairs of the test" in page
        assert "K7-1" in page

    def test_is_declared_once(self) -> None:
        with pytest.raises(ImproperlyConfigured):
            consistency_checks.declare("tests.pairs", description="other pairs", compare=lambda at: iter(()))
