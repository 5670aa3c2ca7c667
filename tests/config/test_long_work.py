"""The page of long work tells what runs, how far it is and for how long still, from the rows of the work itself."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext

from config import long_work
from config.long_work import LongWork, remaining_text
from devices.models.imports import FleetImport
from privacy.campaigns import actions as campaigns
from privacy.campaigns.models import Campaign, Delivery
from privacy.ledger.models import Scrub
from privacy.lib.dates import clock
from privacy.lib.identifiers.ids import new_id
from privacy.retention import actions as retention
from privacy.retention.models import DestructionLine, DestructionList
from privacy.retention.refusals import OnHold
from privacy.rights import actions as rights
from privacy.rights.actions import RequestedRight
from privacy.rights.models import PackageBuild, Right
from privacy.vault.models import KeyCheck, MonthKey, SubjectKey
from tests import factory
from tests.base import PortalTestCase
from tests.factories.devices import make_gateway
from tests.process_roles import as_process

QUERIES = 13
PAGE = "/office/long-work/"


def test_an_estimate_is_of_the_pace_so_far_and_is_not_made_up() -> None:
    at = clock.now()
    work = LongWork("", "", "", begun_at=at - timedelta(minutes=10), done=25, total=100)
    assert (work.percent, work.remaining(at)) == (25, timedelta(minutes=30))
    for none in (LongWork("", "", "", begun_at=at, done=0, total=9), LongWork("", "", "", begun_at=at)):
        assert none.remaining(at) is None
    with translation.override("en"):
        said = [remaining_text(timedelta(minutes=n)) for n in (0, 29.5, 119, 121, 60 * 47, 60 * 72)]
        assert remaining_text(None) == "No estimate yet"
    assert said == [
        "about 1 minute left", "about 30 minutes left", "about 2 hours left", "about 2 hours left",
        "about 47 hours left", "about 3 days left",
    ]  # fmt: skip


class LongWorkPage(PortalTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.at = clock.now()
        self.odile = factory.make_odile(granted=False)
        self.client.force_login(self.odile)

    def read(self, path: str = "/en" + PAGE) -> str:
        answer = self.client.get(path)
        assert answer.status_code == 200
        return answer.content.decode()

    def make_list(self, **changes: Any) -> DestructionList:
        device = factory.make_device(DestructionList.objects.count() + 1)
        row = retention.order_destruction(
            device.subject_id, ["service-analytics"], cause="deletion", case=f"K7-{device.pk.hex[:8]}",
            actor=factory.SWEEPER, at=self.at,
        )[0]  # fmt: skip
        DestructionList.objects.filter(pk=row.pk).update(**changes)
        return DestructionList.objects.get(pk=row.pk)

    def make_running_list(self) -> DestructionList:
        """Of four people one is destroyed, of one the key is gone, of two nothing yet: four of twelve steps."""
        row = self.make_list(state="executing", step="intent", begun_at=self.at - timedelta(minutes=10))
        row.lines.update(state="removed")
        for state in ("keyed", "planned", "planned", "held"):
            DestructionLine.objects.create(list=row, category=row.category, subject_id=new_id(), state=state)
        return row

    def make_copy(self) -> Right:
        factory.make_device(30)
        case = factory.make_verified(factory.ask(RequestedRight("access"), target=factory.imei(30)), at=self.at)
        right = rights.grant(case.rights.get(), actor=factory.make_odile(), at=self.at)
        progress = {"category": 1, "categories": ["a", "b", "c", "d"]}
        PackageBuild.objects.create(
            right=right, event_id=right.event_id, read_at=self.at - timedelta(minutes=1), fingerprint="", slices=2,
            progress=progress,
        )  # fmt: skip
        Right.objects.filter(pk=right.pk).update(started_at=self.at)
        return right

    def make_campaign(self) -> Campaign:
        made = campaigns.notify_of_version(factory.make_policy(), actor=self.odile, at=self.at - timedelta(hours=1))
        for state in ("sent", "waiting", "without-address"):
            settled = {"settled_at": self.at, "settled_by": "system:worker"} if state == "sent" else {}
            Delivery.objects.create(campaign=made, subject_id=new_id(), language="ko", state=state, **settled)
        Campaign.objects.filter(pk=made.pk).update(listed_at=self.at)
        return made

    def make_import(self) -> FleetImport:
        return FleetImport.objects.create(
            gateway=make_gateway(), file_digest="0" * 64, state="running", rows=10, accepted=8, registered=2,
            made_by=self.odile.ref, made_at=self.at, confirmed_by=self.odile.ref,
            confirmed_at=self.at - timedelta(minutes=2),
        )  # fmt: skip

    def turn_key(self) -> None:
        """A turn that has carried over one of the keys."""
        before = KeyCheck.objects.get(kind="master", current=True)
        KeyCheck.objects.filter(pk=before.pk).update(current=False)
        KeyCheck.objects.create(kind="master", generation=before.generation + 1, value=b"", begun_at=self.at)
        key = SubjectKey.objects.order_by("pk").first()
        assert key is not None
        SubjectKey.objects.filter(pk=key.pk).update(generation=before.generation + 1)

    def shown(self, kind: str) -> LongWork:
        page = long_work.build_page(self.odile, self.at)
        rows = [*(work for work, _left in page.running), *page.waiting, *page.ended]
        return next(work for work in rows if str(work.kind) == kind)

    def test_each_kind_tells_how_far_it_is(self) -> None:
        self.make_running_list()
        self.make_copy()
        self.make_campaign()
        self.make_import()
        self.turn_key()
        Scrub.objects.create(begun_at=self.at, size=0, position=0)
        with translation.override("en"):
            assert self.shown("Destruction").percent == 33
            assert self.shown("Destruction").remaining(self.at) == timedelta(minutes=20)
            assert self.shown("Fleet import").remaining(self.at) == timedelta(minutes=6)
            assert self.shown("Copy of a person's data").percent == 25
            notice = self.shown("Individual notice")
            # One of the two whom the worker tells; the third is a person's work and has no pace.
            assert (notice.percent, notice.said) == (50, "1 person to notify by hand")
            keys = SubjectKey.objects.count() + MonthKey.objects.count()
            assert self.shown("Rotation of the master key").percent == 100 // keys
            assert self.shown("Scrub of the audit trail").is_running

    def test_a_notice_has_no_estimate_while_people_are_listed_and_once_only_hand_work_is_left(self) -> None:
        made = self.make_campaign()
        with translation.override("en"):
            Campaign.objects.filter(pk=made.pk).update(listed_at=None)
            assert self.shown("Individual notice").percent is None, "so far one slice of everybody is listed"
            Campaign.objects.filter(pk=made.pk).update(listed_at=self.at)
            Delivery.objects.filter(state="waiting").update(
                state="sent", settled_at=self.at, settled_by="system:worker"
            )
            notice = self.shown("Individual notice")
            assert (notice.percent, notice.said) == (None, "1 person to notify by hand")
            assert notice.remaining(self.at) is None
        assert "1 piece of long work is under way" in self.read("/en/office/")
        campaigns.finish_campaign(made, actor=self.odile, at=self.at)
        with translation.override("en"):
            assert self.shown("Individual notice").said == "finished", "of what has come to pass nobody is told by hand"

    def test_a_deletion_counts_as_under_way_once_its_wait_is_over(self) -> None:
        factory.make_device(30)
        case = factory.make_verified(factory.ask(RequestedRight("deletion"), target=factory.imei(30)), at=self.at)
        right = rights.grant(case.rights.get(), actor=factory.make_odile(), at=self.at)
        soon = self.at + timedelta(hours=1)
        Right.objects.filter(pk=right.pk).update(started_at=self.at, waits_until=soon)
        for at, running, waiting in ((self.at, 0, 1), (soon, 1, 0)):
            page = long_work.build_page(self.odile, at)
            assert (len(page.running), len(page.waiting)) == (running, waiting)
            assert sum(rows.count() for rows in long_work.running_rows(self.odile, at)) == running

    def test_a_deletion_under_a_hold_waits_for_its_end_and_can_be_stopped(self) -> None:
        factory.make_device(30)
        case = factory.make_verified(factory.ask(RequestedRight("deletion"), target=factory.imei(30)), at=self.at)
        right = rights.grant(case.rights.get(), actor=factory.make_odile(), at=self.at)
        factory.make_hold(at=self.at)
        with pytest.raises(OnHold):
            rights.carry_out(right, actor=factory.make_omar(), at=self.at)
        later = self.at + timedelta(days=30)
        page = long_work.build_page(self.odile, later)
        (work,) = page.waiting
        assert (list(page.running), work.begins_at, work.stop) == ([], None, "stop")
        assert sum(rows.count() for rows in long_work.running_rows(self.odile, later)) == 0
        shown = self.read()
        assert "on hold" in shown
        assert 'value="stop"' in shown
        rights.stop_destruction(right, reason="not wanted any more", actor=self.odile, at=later)
        page = long_work.build_page(self.odile, later)
        assert not [*page.running, *page.waiting]

    def test_today_leads_to_it_while_something_runs_and_counts_the_same(self) -> None:
        assert "Nothing is under way." in self.read()
        assert "long work is under way" not in self.read("/en/office/")
        self.make_running_list()
        assert f'<a href="/en{PAGE}">1 piece of long work is under way</a>' in self.read("/en/office/")
        self.make_copy()
        self.make_campaign()
        self.turn_key()
        assert ">4 pieces of long work are under way</a>" in self.read("/en/office/")
        assert len(long_work.build_page(self.odile, self.at).running) == 4

    def test_what_waits_is_stopped_from_here_by_whoever_may(self) -> None:
        row = self.make_list(not_before=self.at + timedelta(hours=1))
        page = self.read()
        action, selected = re.findall(
            r'name="_selected_action" value="([^"]+)"|CHANGE_FORM-action" value="([^"]+)"', page
        )
        assert (action[0], selected[1]) == (str(row.pk), "abort")
        said = {"CHANGE_FORM-action": "abort", "_selected_action": str(row.pk), "index": "0"}
        address = reverse("admin:retention_destructionlist_change", args=[row.pk])
        assert 'name="reason"' in self.client.post(address, said).content.decode()
        self.client.post(address, {**said, "confirmed": "yes", "reason": "stopped from the page of long work"})
        row.refresh_from_db()
        assert row.state == "aborted"
        ended = self.read()
        assert row.reference in ended[ended.index("Ended in the last 24 hours") :]
        self.client.force_login(factory.make_aram())
        self.make_list(not_before=self.at + timedelta(hours=1))
        assert "Stop" not in self.read()

    def test_what_ended_stands_there_for_a_day(self) -> None:
        row = self.make_list()
        with as_process("worker"):
            retention.execute(row, actor=factory.SWEEPER, at=self.at)
        row.refresh_from_db()
        assert self.shown(gettext("Destruction")).ended_at == row.done_at
        assert not long_work.build_page(self.odile, self.at + timedelta(hours=25)).ended

    def test_nobody_reads_of_work_whose_register_they_may_not_open(self) -> None:
        self.make_running_list()
        emin = factory.make_emin()
        page = long_work.build_page(emin, self.at)
        assert not [*page.running, *page.waiting, *page.ended]
        assert long_work.running_rows(emin, self.at) == []

    def test_the_page_costs_a_fixed_number_of_queries(self) -> None:
        for _number in range(3):
            self.make_running_list()
            self.make_list(not_before=self.at + timedelta(hours=1))
        self.make_copy()
        self.make_campaign()
        for about in ("one", "another"):
            words = {"ko": about, "en": about}
            campaigns.start_campaign(
                kind=Campaign.Kind.BREACH, about=about, occasion=about, title=words, text=words, subject_ids=[new_id()],
                actor=self.odile, at=self.at,
            )  # fmt: skip
        self.make_import()
        self.turn_key()
        Scrub.objects.create(begun_at=self.at, size=0, position=0)
        self.read()
        spent = []
        for alias in connections:
            with CaptureQueriesContext(connections[alias]) as captured:
                self.read()
            spent += [query["sql"] for query in captured.captured_queries]
        assert len(spent) <= QUERIES, "\n".join(sql[:200] for sql in spent)
