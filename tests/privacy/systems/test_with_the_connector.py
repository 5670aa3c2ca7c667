"""The portal and the connector of `sdk/connector` together, over HTTP: they were written apart, from one document."""

import tempfile
from pathlib import Path

from privacy.jobs.dispatcher import dispatch_due
from privacy.jobs.models import GeneralOutbox
from privacy.lib.dates import clock
from privacy.rights import actions as rights
from privacy.rights.actions import RequestedRight
from privacy.systems import shared_secrets
from privacy.systems.models import SystemTask
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON
from tests.sdk.connector.served import Served, toml

ROWS = "device,imei,model\n{mine},SM-S931N\n{other},SM-A165N\n"


class TogetherTest(PortalTestCase):
    """A folder of CSV behind the connector holds the device's IMEI and model, and those of another one."""

    def setUp(self) -> None:
        factory.end_waits_at_once()
        self.device = factory.make_device(1)
        self.officer = factory.make_officer()
        folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.file = folder / "data" / "devices.csv"
        self.file.parent.mkdir()
        self.file.write_text(ROWS.format(mine=f"A,{factory.imei(1)}", other=f"B,{factory.imei(9)}"))
        system = toml({"kind": "csv", "folder": "data", "asks_freeze_list": True})
        files = toml({"pattern": "*.csv", "destroy": "blank"})
        columns = 'find = {imei = "imei"}\nitems = {imei = "imei", model = "model"}\n'
        self.served = Served(folder, f"{system}[[system.files]]\n{files}{columns}", more="backups_days = 30")
        address = f"http://127.0.0.1:{self.served.port}"
        self.system = factory.make_api_system("warehouse", address, self.served.public)
        (folder / "secrets").write_bytes(shared_secrets.shared_secret(self.system) + b"\n")
        self.served.start()
        self.addCleanup(self.served.kill)

    def work(self, rounds: int = 5) -> None:
        for _round in range(rounds):
            GeneralOutbox.objects.filter(done_at=None, parked_at=None).update(not_before=NOON, lease_until=None)
            dispatch_due(at=clock.now())

    def states(self) -> dict[str, str]:
        return dict(SystemTask.objects.filter(system=self.system).values_list("act", "state"))

    def test_a_correction_is_frozen_corrected_and_released(self) -> None:
        receipt = factory.ask_correction(answer_by="portal")
        self.work()
        assert self.states() == {"freeze": "confirmed"}
        rights.carry_out(factory.make_granted(receipt), actor=self.officer, at=clock.now())
        self.work()
        assert self.states() == {"freeze": "confirmed", "correct": "confirmed", "release": "confirmed"}
        assert self.file.read_text() == ROWS.format(mine=f"A,{factory.RIGHT_IMEI}", other=f"B,{factory.imei(9)}")

    def test_a_deletion_is_destroyed_and_read_back(self) -> None:
        asked = factory.ask(RequestedRight("deletion"), target=factory.imei(1), answer_by="portal")
        rights.carry_out(factory.make_granted(asked), actor=self.officer, at=clock.now())
        self.work()
        task = SystemTask.objects.get(system=self.system, act="destroy", category="device-registration")
        assert task.state == "confirmed", (task.state, task.trouble)
        assert factory.imei(1) not in self.file.read_text()
        assert f"B,{factory.imei(9)},SM-A165N" in self.file.read_text()
        assert task.answers.filter(verb="acknowledge").exists()
        held = SystemTask.objects.filter(system=self.system, category="device-registration")
        assert not held.open().exists(), held.values_list("act", "state", "trouble")
