"""Every grant has a last day, a role from the opening of an account too, and somebody can always grant (P8.8, S-08)."""

from datetime import date, timedelta

import pytest
from django.core import mail

from privacy.accounts import actions as accounts
from privacy.accounts.actions.access_grants import write_grant
from privacy.accounts.models import User
from privacy.ledger.actors import SystemActor
from privacy.workforce import reminders, tasks
from tests.base import PortalTestCase
from tests.factory import NOON, make_emin, make_odile

TODAY = date(2026, 11, 24)
TOMORROW = TODAY + timedelta(days=1)
WORKER = SystemActor("workforce")


def first_officer(*, until: date | None = None) -> User:
    return accounts.create_user(
        email="first@extrus.example", name="First", roles=["officer"], password=None, actor=SystemActor("installation"),
        at=NOON, since=TODAY - timedelta(days=30) if until else None, until=until,
    )  # fmt: skip


@pytest.mark.clause("P8.8")
class EveryGrantEndsTest(PortalTestCase):
    def test_a_role_given_at_the_opening_of_an_account_runs_as_long_as_a_grant_may(self) -> None:
        grant = first_officer().grants.get()
        assert (grant.valid_from, grant.valid_until) == (TODAY, date(2027, 11, 23))

    def test_the_last_who_may_grant_is_not_shut_out_and_it_is_on_record(self) -> None:
        first = first_officer(until=TODAY)
        tasks.maintain_access_on(TODAY - timedelta(days=1), at=NOON)
        assert first.grants.count() == 1
        tasks.maintain_access_on(TODAY, at=NOON)
        tasks.maintain_access_on(TODAY, at=NOON)
        old, new = first.grants.order_by("valid_until")
        assert (new.replaces, new.valid_until, new.granted_by) == (old, date(2026, 12, 24), WORKER.ref)
        assert old.revoked_at == NOON
        assert WORKER.ref in self.assertLedgered("accounts.access.changed", new).actor
        assert User.objects.holding("officer", on=TOMORROW).get() == first

    def test_a_missed_morning_is_made_good_for_a_month(self) -> None:
        first_officer(until=TODAY)
        for late, kept in ((32, 0), (31, 1)):
            assert len(accounts.extend_last_granter(on=TODAY + timedelta(days=late), actor=WORKER, at=NOON)) == kept

    def test_who_left_is_not_called_back(self) -> None:
        first, odile = first_officer(until=TODAY), make_odile(granted=False)
        accounts.deactivate_user(first, why="resigned", actor=odile, at=NOON)
        User.objects.filter(pk=odile.pk).update(is_active=False)
        assert accounts.extend_last_granter(on=TODAY, actor=WORKER, at=NOON) == []

    @pytest.mark.truth("granter-keeps-the-next-year")
    def test_a_line_that_is_to_follow_keeps_its_own_period(self) -> None:
        """The portal bridges a gap of some days; it puts no month in the place of what was granted."""
        first = first_officer(until=TODAY)
        following = write_grant(
            user=first, role="officer", reason="renewed", valid_from=TODAY + timedelta(days=5),
            valid_until=TODAY + timedelta(days=300), asked_by=first.ref, actor=make_emin(), at=NOON,
        )  # fmt: skip
        [bridge] = accounts.extend_last_granter(on=TODAY, actor=WORKER, at=NOON)
        following.refresh_from_db()
        assert following.revoked_at is None
        assert bridge.replaces != following

    @pytest.mark.law("O-08")
    def test_where_a_colleague_can_grant_a_role_just_ends(self) -> None:
        first_officer(until=TODAY)
        make_odile(granted=False)
        assert accounts.extend_last_granter(on=TODAY, actor=WORKER, at=NOON) == []

    def test_the_officers_hear_ahead_of_roles_that_end(self) -> None:
        odile = make_odile(granted=False)
        ending = first_officer(until=TODAY + timedelta(days=14)).grants.get()
        assert reminders.officer_report(on=TODAY).ending == [ending]
        assert reminders.officer_report(on=TODAY - timedelta(days=1)).ending == []
        tasks.deliver_report({"on": TODAY.isoformat(), "to": odile.reference}, event=odile.pk, starts=1, at=NOON)
        told = str(mail.outbox[-1].body)
        assert ending.user.reference in told
        assert f"/office/accounts/accessgrant/{ending.pk}/change/" in told
