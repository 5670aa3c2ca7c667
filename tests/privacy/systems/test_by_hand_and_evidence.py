"""What people do where a system has no API, what everybody is told, and the offline check of the evidence."""

import json
from datetime import date
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from privacy.accounts.second_person import NotASecondPerson
from privacy.lib.identifiers.ids import new_id
from privacy.retention.certificates import documents
from privacy.retention.models import Certificate
from privacy.rights import letters, status_page
from privacy.rights.access_package import contents
from privacy.rights.actions import RequestedRight
from privacy.rights.models import Request
from privacy.systems import actions as systems
from privacy.systems import evidence
from privacy.systems.models import SystemTask
from privacy.systems.refusals import Incomplete, SamePerson, WrongState
from privacy.vault.models import EncryptedFile
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON
from tests.factories.retention import carry_out_all, sweep_on
from tests.privacy.systems.test_tasks_of_systems import SystemsCase, report
from tests.sample_uploads import PDF


class ByHandTest(PortalTestCase):
    def test_a_destruction_takes_evidence_and_another_person(self) -> None:
        task = factory.make_destruction_elsewhere()
        with pytest.raises(Incomplete):
            report(task, content=b"")
        with pytest.raises(WrongState):
            systems.second(task, agrees=True, actor=factory.make_ines(), at=NOON)
        assert report(task).state == "answered"
        with pytest.raises((SamePerson, NotASecondPerson)):
            systems.second(task, agrees=True, actor=factory.make_odile(), at=NOON)
        sent_back = systems.second(task, agrees=False, actor=factory.make_ines(), at=NOON)
        assert (sent_back.state, sent_back.done_by, sent_back.file_id) == ("waiting", "", None)
        report(task, outcome="kept", kept_because="dispute")
        for_now = systems.second(task, agrees=True, actor=factory.make_ines(), at=NOON)
        assert (for_now.state, for_now.kept_because, for_now.done_by) == ("waiting", "dispute", "")
        report(task, outcome="kept", kept_because="law")
        with pytest.raises(WrongState):
            systems.second(task, agrees=True, read="of another file", actor=factory.make_ines(), at=NOON)
        done = systems.second(task, agrees=True, actor=factory.make_ines(), at=NOON)
        assert (done.state, done.kept_items) == ("kept", ["imei", "model"])
        self.assertLedgered("systems.task.kept", done)
        with pytest.raises(WrongState):
            systems.give_up(done, reason="x", actor=factory.make_odile(), at=NOON)

    def test_evidence_goes_when_its_years_are_over(self) -> None:
        """Of a report that was sent back, too: no page leads to it any more."""
        task = report(factory.make_destruction_elsewhere())
        systems.second(task, agrees=False, actor=factory.make_ines(), at=NOON)
        report(task, content=PDF + b"\n")
        assert EncryptedFile.objects.filter(case=task.reference).count() == 2
        carry_out_all(sweep_on(date(NOON.year + 10, 1, 2)))
        assert not EncryptedFile.objects.filter(case=task.reference).exists()

    def test_a_system_that_never_confirms_is_given_up_by_name(self) -> None:
        task = factory.make_destruction_elsewhere()
        with pytest.raises(WrongState):
            systems.ask_end(task.system, ended_on=NOON.date(), reason="gone", actor=factory.make_odile(), at=NOON)
        given_up = systems.give_up(task, reason="the vendor is gone", actor=factory.make_odile(), at=NOON)
        assert given_up.state == "given-up" and given_up.proof_id is None

    def test_a_freeze_that_a_person_asked_for_and_gave_up_is_released(self) -> None:
        system, person, officer = factory.make_system(at=NOON), factory.make_device(1), factory.make_odile()
        asked: dict[str, Any] = {"actor": officer, "at": NOON}
        [frozen] = systems.order_freeze(
            cause_id=(cause := new_id()), subject_id=person.subject_id, category="device-registration", item="",
            why="correction", case="K1-TEST", **asked,
        )  # fmt: skip
        assert (frozen.system, frozen.is_by_hand) == (system, True)
        systems.give_up(frozen, reason="its owner never wrote back", **asked)
        [release] = systems.order_release(cause_id=cause, **asked)
        assert (release.act, release.state, release.items) == ("release", "waiting", frozen.items)

    def test_the_pages_of_the_console_open_and_register(self) -> None:
        client = Client()
        client.force_login(factory.make_odile())
        given = {
            "code": "crm", "name_ko": "고객관리", "name_en": "CRM", "owner": factory.make_odile().ref,
            "contact": "내선 1",
            "way": "person", "items": ["device-registration:imei", "contact:email"], "identifiers": ["imei"],
            "begins_on": "2026-01-01", "confirmed": "1",
            **{f"term_{act}": 5 for act in ("locate", "freeze", "release", "correct", "destroy")},
        }  # fmt: skip
        page = reverse("admin:systems_connectedsystem_register")
        assert client.get(page, secure=True).status_code == 200
        assert client.post(page, given, secure=True).status_code == 302
        task = factory.make_destruction_elsewhere()
        for name, record in (("systemtask", task), ("connectedsystem", task.system)):
            answer = client.get(reverse(f"admin:systems_{name}_change", args=[record.pk]), secure=True)
            assert record.reference in answer.content.decode()
            assert client.get(reverse(f"admin:systems_{name}_changelist"), secure=True).status_code == 200


class ToldTest(SystemsCase):
    def test_certificate_letter_and_status_page_name_who_has_not_confirmed(self) -> None:
        self.server.mood = "down"
        right = self.delete()
        assert right.result["systems_open"] == ["mdm"]
        assert "System mdm" in letters.decision_text(right, on=NOON.date()) or "시스템 mdm" in letters.decision_text(
            right, on=NOON.date()
        )
        case = Request.objects.get()
        [shown] = {one.name for one in status_page.context(case, at=NOON)["other_systems"]}
        assert "mdm" in shown
        paper = Certificate.objects.get(list__category="device-registration")
        rows = dict(documents.statement_rows(paper))
        assert any("mdm" in name for name in rows)
        client = Client()
        client.force_login(self.officer)
        page = client.get(reverse("admin:rights_request_change", args=[case.pk]), secure=True).content.decode()
        assert self.task("destroy").reference in page
        self.server.mood = "honest"
        self.work()
        assert all(one.ended for one in status_page.context(case, at=NOON)["other_systems"])

    def test_the_copy_of_an_access_says_which_systems_hold_what(self) -> None:
        case = factory.make_verified(factory.ask(RequestedRight("access"), target=factory.imei(1), answer_by="portal"))
        right = case.rights.get()
        self.work()
        [found] = contents.content_of(right, at=NOON)["systems"]
        assert (found["system"], found["state"], found["found"]) == ("mdm", "confirmed", {"imei": 1, "model": 1})

    def test_a_hold_freezes_elsewhere_and_its_end_releases(self) -> None:
        hold = factory.make_hold(subject_id=self.device.subject_id)
        self.work(1)
        frozen = SystemTask.objects.get(cause_id=hold.pk, act="freeze")
        assert (frozen.state, frozen.why, self.server.frozen) == ("confirmed", "hold", {"mina"})

    def test_nothing_is_asked_about_a_stranger(self) -> None:
        factory.ask_correction(target=factory.imei(77), answer_by="portal")
        assert not SystemTask.objects.exists()

    def test_signed_answers_are_checked_without_the_portal(self) -> None:
        self.delete()
        self.work()
        file = Path(self.enterContext(TemporaryDirectory())) / "answers.json"
        said = evidence.file_of([self.task("destroy")])
        file.write_text(json.dumps(said), encoding="utf-8")
        out = StringIO()
        call_command("verify_system_answers", str(file), "--key", self.server.public_key, stdout=out)
        call_command("verify_system_answers", stdout=out)
        assert "3 signed answers" in out.getvalue()
        for change in ({"verb": "destroy"}, {"request": "0" * 64}, {"answer": "e30="}):
            altered = json.loads(json.dumps(said))
            altered["tasks"][0]["answers"][1] |= change
            file.write_text(json.dumps(altered), encoding="utf-8")
            with pytest.raises(CommandError):
                call_command("verify_system_answers", str(file), stdout=out, stderr=out)
