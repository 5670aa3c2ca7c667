"""What an operator types: sweep with a dry run, reconcile, finish_destruction."""

from datetime import date, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings

from config.schedules import SCHEDULES
from devices.models import AppLog, Device, Licence
from privacy.lib.dates import clock
from privacy.retention import actions as retention
from privacy.retention import tasks
from privacy.retention.models import Certificate, DestructionRun, Finding, Rewrite
from tests.base import PortalTestCase
from tests.database import PortalDatabase
from tests.factory import SWEEPER, at_noon, carry_out_all, make_device, make_expired_device, make_reports, sweep_on


def run(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


class Sweep(PortalTestCase):
    def setUp(self) -> None:
        happened = at_noon(date(2026, 9, 10))
        self.device = make_device(at=happened, agreed=("activation", "service-analytics", "app-log"))
        make_reports(self.device, ["app-log"], at=happened)
        make_expired_device(2, ended_on=date(2024, 5, 15))

    def test_dry_counts_and_writes_nothing(self) -> None:
        said = run("sweep", "--as-of", "2026-11-24", "--dry-run")
        assert "device-registration: 1 people, 2 records" in said
        assert "app-log 2026-09: 1 people, 1 records" in said
        assert "needs approval" in said
        assert not DestructionRun.objects.exists()

    @pytest.mark.law("D-01")
    @pytest.mark.asvs("14.2.4", "14.2.7")
    def test_carries_out_what_the_rule_releases_and_lists_the_rest(self) -> None:
        said = run("sweep", "--as-of", "2026-11-24")
        assert "to approve" in said
        assert not AppLog.objects.exists()
        assert Certificate.objects.count() == 1
        assert Device.objects.count() == 2

    def test_ahead_of_time_is_refused_in_production(self) -> None:
        tomorrow = str(clock.today() + timedelta(days=1))
        with override_settings(DEVELOPMENT=False), pytest.raises(CommandError, match="has not come"):
            run("sweep", "--as-of", tomorrow)
        run("sweep", "--as-of", tomorrow, "--dry-run")

    @pytest.mark.asvs("14.2.7")
    def test_rings_every_night_and_goes_on(self) -> None:
        assert "2 due" in tasks.sweep() or "1 due" in tasks.sweep()
        assert "carried out" in tasks.resume()
        assert tasks.reconcile() == "0 findings"
        rings = {job.function.removeprefix("privacy.retention.tasks."): job.cron for job in SCHEDULES}
        assert (rings["sweep"], rings["resume"]) == ("30 3 * * *", "*/5 * * * *")


class Reconcile(PortalTestCase):
    def test_agrees_after_a_destruction(self) -> None:
        make_expired_device(ended_on=date(2024, 5, 15))
        carry_out_all(sweep_on(date(2026, 5, 16)))
        assert run("reconcile") == "no differences\n"

    def test_finds_a_record_that_came_back_and_closes_the_finding_when_it_is_gone(self) -> None:
        make_device()
        device = make_expired_device(2, ended_on=date(2024, 5, 15))
        licence = Licence.objects.get(device=device)
        at = clock.now()
        carry_out_all(sweep_on(clock.today()), at=at)
        device.save(force_insert=True)
        licence.save(force_insert=True)
        with pytest.raises(CommandError, match="differences"):
            run("reconcile")
        kinds = set(Finding.objects.filter(closed_at=None).values_list("kind", flat=True))
        assert kinds == {"keyless", "undead"}
        licence.delete()
        device.delete()
        run("reconcile")
        assert not Finding.objects.filter(closed_at=None).exists()

    @pytest.mark.truth("finding-closes-by-age")
    def test_a_difference_that_lasts_is_a_finding_for_as_long(self) -> None:
        """Destructions of the last weeks are compared: a finding about an older one was closed as if it were gone."""
        device = make_expired_device(2, ended_on=date(2024, 5, 15))
        licence = Licence.objects.get(device=device)
        at = clock.now()
        (row,) = carry_out_all(sweep_on(clock.today()), at=at)
        device.save(force_insert=True)
        licence.save(force_insert=True)
        type(row).objects.filter(pk=row.pk).update(keys_destroyed=9)
        moment = at + timedelta(days=5)
        first = {finding.kind for finding in retention.reconcile(actor=SWEEPER, at=moment)}
        assert first == {"keyless", "undead", "counts"}
        for days in (40, 60, 200):
            later = retention.reconcile(actor=SWEEPER, at=moment + timedelta(days=days))
            assert {finding.kind for finding in later} == first, days
        type(row).objects.filter(pk=row.pk).update(keys_destroyed=1)
        licence.delete()
        device.delete()
        assert retention.reconcile(actor=SWEEPER, at=moment + timedelta(days=201)) == []

    def test_finds_a_record_of_nobody(self) -> None:
        from privacy.subjects.models import Subject

        device = make_device()
        Subject.objects.filter(pk=device.subject_id).delete()
        with pytest.raises(CommandError):
            run("reconcile")
        assert Finding.objects.filter(kind="orphan", about="devices.device", count=1).exists()


def test_finish_destruction_runs_as_the_owner(portal_database: PortalDatabase) -> None:
    make_expired_device(ended_on=date(2024, 5, 15))
    carry_out_all(sweep_on(date(2026, 5, 16)))
    done = portal_database.manage("finish_destruction", "--keys-only", role="portal_owner")
    assert done.returncode == 0, done.stderr
    row = Rewrite.objects.get()
    assert row.done_at is not None
    assert row.tables == ["vault_subjectkey", "vault_monthkey"]
