"""What goes on while machines die: reports, requests and withdrawals, each repeated until it was acknowledged."""

import json
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.error import URLError
from uuid import uuid4

from config.demonstration import example_data, http_client
from config.demonstration.http_client import UnexpectedAnswer
from config.demonstration.walk_context import NEW_MODEL, OLD_MODEL, WalkContext, expect
from config.demonstration.walk_proof_steps import app_log
from config.demonstration.walk_steps import once, report
from devices.models import AppLog, Device, Report
from privacy.lib.dates import clock
from privacy.retention.destruction import journal
from privacy.retention.models import Certificate
from privacy.rights.models import Request

ACKNOWLEDGED = Path("/tmp/acknowledged")
ASKED = Path("/tmp/asked.json")
REFUSED = Path("/tmp/refused")
NOT_NOW = (UnexpectedAnswer, URLError, OSError, ValueError)
# What failed meanwhile is tried again after minutes.
LONGEST_BACKLOG = 300
STOP = threading.Event()


def patiently[T](ask: Callable[[], T]) -> T | None:
    """Ask until it is answered, or all ends; write each time that it was not, but for who asks too often."""
    while not STOP.is_set():
        try:
            return ask()
        except NOT_NOW as error:
            if " 429 " not in str(error):
                with REFUSED.open("a") as told:
                    told.write(f"{time.time()}\t{ascii(error)[:300]}\n")
            STOP.wait(0.2)
    return None


def load(walk: WalkContext) -> str:
    """Go on until SIGTERM; write each acknowledged batch with its second, and at the end what was asked."""
    http_client.TIMEOUT_SECONDS = 5
    signal.signal(signal.SIGTERM, lambda *_: STOP.set())
    REFUSED.write_text("")
    example_data.register_device(walk.gateway, walk.number + 30, walk.at, device=walk.device)
    asked: dict[str, list[str]] = {"cases": [], "withdrawn": [], "pages": []}
    threads = [threading.Thread(target=goes_on, args=(walk, asked[what])) for goes_on, what in (
        (_people, "cases"), (_withdrawals, "withdrawn"), (_visitors, "pages"))]  # fmt: skip
    for thread in threads:
        thread.start()
    _reports(walk)
    for thread in threads:
        thread.join()
    ASKED.write_text(json.dumps({**asked, "device": str(walk.device)}))
    return "ended"


def _reports(walk: WalkContext) -> None:
    with ACKNOWLEDGED.open("w", buffering=1) as told:
        while not STOP.is_set():
            moment = clock.now()
            one = {"batch": str(uuid4()), "reports": [report(walk, "status", {"state": "active"}, moment)]}

            def sent(one: dict[str, Any] = one) -> Any:
                return walk.gateway.must("POST", "/reports", one)

            answer = patiently(sent)
            if answer and answer["stored"] == 1:
                told.write(f"{time.time()}\t{moment.isoformat()}\n")
            STOP.wait(0.05)


def _people(walk: WalkContext, cases: list[str]) -> None:
    wanted = {
        "rights": ["correction"], "target_kind": "serial_number", "target": f"XM{walk.number + 30:08d}",
        "item": "device-registration/model", "wanted": NEW_MODEL, "explanation": f"{OLD_MODEL} 이 아닙니다.",
        "requester": "self", "answer_by": "portal",
    }  # fmt: skip
    while not STOP.wait(4):
        if case := patiently(lambda: once(walk.somebody().submit("/rights/request/", wanted), "case-number")):
            cases.append(case)


def _visitors(walk: WalkContext, pages: list[str]) -> None:
    def page() -> str:
        answer = walk.somebody().get("/rights/request/")
        if answer.status != 200:
            raise UnexpectedAnswer(f"a page: {answer.status} {answer.text[:200]}")
        return answer.url

    while not STOP.wait(0.2):
        if seen := patiently(page):
            pages.append(seen)


def _withdrawals(walk: WalkContext, receipts: list[str]) -> None:
    number = walk.number + 40
    while not STOP.wait(4):
        number, device = number + 1, uuid4()

        def told(number: int = number, device: Any = device) -> str:
            example_data.register_device(walk.gateway, number, walk.at, device=device)
            walk.gateway.must("POST", "/reports", {"batch": str(uuid4()), "reports": [app_log(device, clock.now())]})
            said = {"decision": "withdraw", "version": 1, "method": "app", "language": "ko"}
            path = f"/devices/{device}/consents/app-log"
            answer = walk.gateway.must("PUT", path, {**said, "decided_at": clock.now().isoformat()})
            return f"{device} {answer['receipt']['record_id']}"

        if receipt := patiently(told):
            receipts.append(receipt)


def counted(walk: WalkContext) -> str:
    """Compare what was acknowledged with what is there. Raises ``StepFailed``."""
    asked = json.loads(ASKED.read_text())
    moments = [datetime.fromisoformat(line.split("\t")[1]) for line in ACKNOWLEDGED.read_text().splitlines()]
    there = Counter(Report.objects.filter(device_id=asked["device"]).values_list("occurred_at", flat=True))
    lost = [moment for moment in moments if moment not in there]
    expect(not lost, f"{len(lost)} of {len(moments)} acknowledged batches are lost, the first of {lost[:3]}")
    expect(max(there.values()) == 1, "a batch is there twice")
    known = set(Request.objects.filter(number__in=asked["cases"]).values_list("number", flat=True))
    expect(known == set(asked["cases"]), f"requests are lost: {set(asked['cases']) - known}")
    devices, receipts = zip(*(one.split() for one in asked["withdrawn"]), strict=True)
    expect(Device.objects.filter(pk__in=devices).count() == len(devices), "a registered device is lost")
    deadline = time.monotonic() + LONGEST_BACKLOG
    while left := AppLog.objects.filter(device_id__in=devices).count():
        expect(time.monotonic() < deadline, f"the data of {left} withdrawals is left")
        time.sleep(1)
    certified = walk.portal.wait_until(lambda: _certified(receipts), "a withdrawal has no certificate")
    expect(set(Counter(certified).values()) == {1}, f"destroyed twice: {Counter(certified).most_common(3)}")
    lines = list(journal.lines())
    numbers = [line.number for line in lines]
    expect(numbers == list(range(1, len(numbers) + 1)), "the journal has a gap")
    void = sum(1 for line in lines if line.voids)
    return (
        f"{len(moments)} acknowledged batches, {len(known)} requests, {len(devices)} withdrawals: none lost or twice; "
        f"{len(asked['pages'])} pages seen; "
        f"the journal's {len(lines)} lines are whole ({void} void)"
    )


def _certified(receipts: tuple[str, ...]) -> list[str]:
    cases = [one.statement["case"] for one in Certificate.objects.all() if one.statement.get("case") in receipts]
    return cases if set(cases) == set(receipts) else []


PARTS = {"load": load, "counted": counted}
