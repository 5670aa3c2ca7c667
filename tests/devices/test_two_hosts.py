"""What one host stops, another stops in the same moment, however warm its keys are (vault.md, Keys)."""

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from devices import eligibility
from devices.models import Device, GatewayToken
from privacy.lib.dates import clock
from privacy.vault import keys
from tests import factory
from tests.database import ROOT, PortalDatabase

OTHER = "from tests.devices import other_host; other_host.serve()"


class Hosts:
    """This process serves the gateway and keeps its keys warm; the other one acts."""

    def __init__(self, other: "subprocess.Popen[str]", *, remembers: bool) -> None:
        self.other, self.remembers = other, remembers
        self.now = clock.now()
        self.token = factory.make_token(at=self.now)
        self.devices = [
            factory.make_device(number, at=self.now, agreed=("activation", "service-analytics", "app-log"))
            for number in range(1, 9)
        ]

    def acts(self, line: str) -> None:
        """Have the other host act, and wait until it has committed."""
        assert self.other.stdin is not None
        assert self.other.stdout is not None
        self.other.stdin.write(line + "\n")
        self.other.stdin.flush()
        assert self.other.stdout.readline() == "done\n"

    def held(self, device: Device, kind: str = "status") -> list[bytes | None]:
        """Return the content key of a device that this host holds, if it does."""
        category = "app-log" if kind == "app-log" else "service-analytics"
        month = clock.kst_date(self.now).replace(day=1)
        return keys.caches.here().contents(category, month, [device.id.bytes])

    def knows(self, device: Device, kind: str = "status") -> bool:
        """Whether this host remembers that the device may send, and would not ask about it."""
        group = eligibility.LOGGING if kind == "app-log" else eligibility.REPORTING
        asked = eligibility.consent_cache().misses(group, {str(device.id)})
        return not asked | eligibility.owner_cache().misses(device.gateway_id, {str(device.id)})

    def send(self, device: Device, kind: str = "status", *, warm: bool = True) -> Any:
        """Send one report with a warm cache, and return the code it was refused with, or how many were stored."""
        if warm:
            assert self.held(device, kind) != [None], "it proves something only while this host holds the content key"
            assert self.knows(device, kind) == self.remembers, "it proves something only while this host remembers"
        response = Client().post(
            "/api/v1/reports",
            factory.make_batch(factory.make_report(device, kind, at=self.now)),
            content_type="application/json",
            headers={"Authorization": f"Bearer {self.token}"},
        )
        answer = json.loads(response.content)
        if response.status_code != 200:
            return answer["code"]
        return answer["refused"][0]["code"] if answer["refused"] else answer["stored"]


@pytest.fixture(params=[200_000, 0], ids=["what was found is remembered", "the databases are asked each time"])
def hosts(
    request: pytest.FixtureRequest, portal_database: PortalDatabase, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Hosts]:
    settings.GATE_REMEMBERED = request.param
    monkeypatch.setattr(eligibility, "caches", eligibility.Caches())
    command = [sys.executable, "manage.py", "shell", "-v", "0", "-c", OTHER]
    with subprocess.Popen(
        command, cwd=ROOT, env=portal_database.environ(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "ready\n"
        yield Hosts(other, remembers=request.param > 0)
        assert other.stdin is not None
        other.stdin.close()


@pytest.mark.clause("P1.5")
@pytest.mark.clause("P1.7")
@pytest.mark.clause("P3.3")
def test_what_another_host_stops_is_stopped_here_at_once(hosts: Hosts) -> None:
    frozen, suspended, withdrawn, shredded, ended, served, handed, last = hosts.devices
    for device in hosts.devices:
        assert hosts.send(device, warm=False) == 1
        assert hosts.send(device, "app-log", warm=False) == 1
        assert hosts.send(device) == 1

    hosts.acts(f"freeze(UUID('{frozen.id}'), 'service-analytics', 'status', 'correction')")
    assert hosts.send(frozen) == "frozen"
    assert hosts.send(frozen, "access", warm=False) == 1
    hosts.acts("unfreeze('correction', 'status')")
    assert hosts.send(frozen, warm=False) == 1
    assert hosts.send(frozen) == 1

    hosts.acts(f"freeze(UUID('{suspended.id}'), '', '', 'suspension')")
    assert hosts.send(suspended) == "suspended"

    hosts.acts(f"withdraw(UUID('{withdrawn.id}'))")
    assert hosts.send(withdrawn, "app-log") == "no-consent"
    assert hosts.send(withdrawn, warm=False) == 1

    hosts.acts(f"shred(UUID('{shredded.id}'), 'service-analytics')")
    assert hosts.send(shredded) == "destroyed"
    assert hosts.held(shredded) == [None], "a key destroyed anywhere leaves the cache of every host"
    assert hosts.held(ended) != [None], "and nobody else's does"
    assert hosts.send(shredded, "app-log", warm=False) == 1

    hosts.acts(f"end(UUID('{ended.id}'))")
    assert hosts.send(ended) == "withdrawn"

    hosts.acts(f"serve_no_more(UUID('{served.id}'))")
    assert hosts.send(served) == "withdrawn"

    hosts.acts(f"hand_over(UUID('{handed.id}'))")
    assert hosts.send(handed) == "unknown-device"

    hosts.acts("shred_month('app-log')")
    assert hosts.send(last, "app-log") == "destroyed"
    assert hosts.send(last, warm=False) == 1

    hosts.acts("revoke()")
    assert hosts.send(last) == "unauthenticated"
    assert GatewayToken.objects.get().revoked_at is not None
