"""Wrong codes and many forms: what is counted, and that counting is exact however many come at once."""

from itertools import pairwise

import pytest

from privacy.incidents import actions as incidents
from privacy.incidents.models import Complaint
from privacy.lib.errors.refusals import Refusal, TooManyAttempts
from privacy.lib.postgres.advisory_locks import LockBusy
from privacy.rights import actions as rights
from privacy.rights.models import Request
from privacy.subjects.actions import WrongCode
from privacy.subjects.models import FailedCodeAttempt
from tests import factory
from tests.base import PortalTestCase
from tests.database import PortalDatabase
from tests.factories.accounts import NOON
from tests.privacy.rights.test_form_idempotency import at_once


@pytest.mark.attack("17.7")
class WrongCodeTests(PortalTestCase):
    def setUp(self) -> None:
        factory.make_device(1)
        self.receipt = factory.ask_correction()

    def open(self, code: str, address: str) -> Request:
        return rights.authenticate(number=self.receipt.number, code=code, address=address, at=NOON)

    def test_a_stranger_s_wrong_codes_do_not_lock_the_owner_out(self) -> None:
        for number in range(40):
            with pytest.raises(WrongCode):
                self.open("WRONG", f"198.51.100.{number}")
        assert self.open(self.receipt.code, "203.0.113.1").number == self.receipt.number

    def test_one_network_of_ipv6_is_one_place(self) -> None:
        refused = []
        for number in range(12):
            with pytest.raises(Refusal) as refusal:
                self.open("WRONG", f"2001:db8:1:2::{number:x}")
            refused.append(type(refusal.value))
        assert refused == [WrongCode] * 10 + [TooManyAttempts] * 2

    def test_the_right_code_is_not_counted(self) -> None:
        for _time in range(12):
            self.open(self.receipt.code, "203.0.113.1")
        assert not FailedCodeAttempt.objects.exists()

    def test_numbers_do_not_tell_how_many_there_are(self) -> None:
        numbers = [int(factory.ask_correction().number.partition("-")[2]) for _case in range(4)]
        gaps = {later - earlier for earlier, later in pairwise(numbers)}
        assert gaps != {1}
        assert max(map(abs, gaps)) > 1_000


def _taken(send: object, times: int) -> int:
    """How many of so many sendings at once are taken, and of as many in a row afterwards.

    The others are told to come back later: also who waited too long for those before.
    """

    def run() -> bool:
        try:
            send()  # type: ignore[operator]
        except (TooManyAttempts, LockBusy):
            return False
        return True

    return at_once(run, times).count(True) + [run() for _time in range(times)].count(True)


@pytest.mark.asvs("2.3.2", "2.4.1")
@pytest.mark.attack("17.13")
def test_the_limits_of_an_hour_are_exact_for_twenty_at_once(portal_database: PortalDatabase) -> None:
    factory.make_device(1)
    place = {"address": "198.51.100.7", "at": NOON}
    assert _taken(lambda: factory.ask_correction(actor=None, **place), 20) == Request.objects.count() == 5
    assert _taken(lambda: incidents.file_complaint(explanation="x", **place), 20) == Complaint.objects.count() == 5

    def try_code() -> None:
        try:
            incidents.authenticate_complainant(reference="M7-0000-0000", code="x", **place)
        except WrongCode:
            return

    assert _taken(try_code, 20) == FailedCodeAttempt.objects.count() == 10
