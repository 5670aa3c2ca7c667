"""What an owner, an officer and a gateway still get while strangers crowd the doors: p95 of their pages.

The demonstration runs with the web server as it is started everywhere. In turn: nobody else; slow clients that send a
line of headers a second; anonymous requests from fifty addresses; wrong sign-ins from the office's own address; hostile
files sent at once. Each figure is the slowest of the three people's p95 and must stay below its limit; at the end an
officer signs in from the address of the wrong sign-ins.
"""

import argparse
import contextlib
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from harness import ROOT, Figure, limit_figure, p95, print_figures
from web_server import free_port

LIMIT_MS, UPLOAD_LIMIT_MS = 2_000, 1_000
ROUNDS = 40
ADDRESSES = 50
OFFICE = "127.0.0.1"


def main() -> None:
    """Start the demonstration, and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a twentieth of the strangers")
    options = parser.parse_args()
    part = 20 if options.quick else 1
    with demonstration() as base:
        figures = Bench(base).figures(
            slow=500 // part, anonymous=5_000 // part, sign_ins=2_000 // part, uploads=20 // (4 if options.quick else 1)
        )
    print_figures("Strangers at the doors", figures)


@contextmanager
def demonstration() -> Iterator[str]:
    """Run the demonstration in a folder of its own; give its address."""
    home = Path(tempfile.mkdtemp(prefix="portal-strangers-"))
    port = free_port()
    for name in ("DATABASE_URL", "PERSONAL_DATABASE_URL", "ARCHIVE_DATABASE_URL"):
        os.environ.pop(name, None)
    os.environ.update(PORTAL_HOME=str(home), PORT=str(port), DJANGO_SETTINGS_MODULE="config.settings", DEVELOPMENT="1")
    log = (home / "demo.log").open("wb")
    try:
        with subprocess.Popen([sys.executable, "manage.py", "demo"], cwd=ROOT, stdout=log, stderr=log) as process:
            try:
                while "Ctrl-C ends everything" not in (home / "demo.log").read_text(errors="replace"):
                    if process.poll() is not None:
                        raise SystemExit((home / "demo.log").read_text(errors="replace")[-3000:])
                    time.sleep(0.2)
                import django

                django.setup()
                yield f"http://127.0.0.1:{port}"
            finally:
                process.send_signal(signal.SIGINT)
                process.wait(60)
    finally:
        log.close()
        shutil.rmtree(home, ignore_errors=True)


class Bench:
    """Three people who use the portal, and the strangers."""

    def __init__(self, base: str) -> None:
        from config.demonstration import walk_context, walk_steps

        self.base = base
        self.port = int(base.rpartition(":")[2])
        self.walk = walk_context.prepare(base, walk_context.RunningPortal())
        walk_steps.collection(self.walk)
        self.officer = self.walk.person("Odile")
        self.owner = self.case_of("127.77.0.1", f"XM{self.walk.number:08d}")
        self.answers: Counter[int] = Counter()

    def figures(self, *, slow: int, anonymous: int, sign_ins: int, uploads: int) -> list[Figure]:
        """Measure each crowd in turn, and return the figures."""
        from tests.hostile_files import hostile_pdfs

        files = list(hostile_pdfs().values())
        owners = [self.case_of(f"127.78.0.{number + 1}", f"XM{number:08d}") for number in range(uploads)]
        crowds: dict[str, tuple[str, float, list[Callable[[threading.Event], None]]]] = {
            "quiet": ("nobody else", LIMIT_MS, []),
            "slow_clients": (
                f"{slow} connections that drip their headers", LIMIT_MS, [self.drip for _client in range(slow)],
            ),
            "anonymous": (
                f"{anonymous:,} request forms from {ADDRESSES} addresses", LIMIT_MS,
                self.shared(anonymous, 10, self.ask),
            ),
            "wrong_sign_ins": (
                f"{sign_ins:,} wrong sign-ins from the office's address", LIMIT_MS,
                self.shared(sign_ins, 8, self.sign_in_wrongly),
            ),
            "uploads": (
                f"{uploads} people send hostile files at once, again and again", UPLOAD_LIMIT_MS,
                [
                    self.until_over(lambda owner=owner, place=place: self.upload(owner, files[place % len(files)]))
                    for place, owner in enumerate(owners)
                ],
            ),
        }  # fmt: skip
        figures = []
        for name, (what, limit, work) in crowds.items():
            took = self.served_beside(work)
            for who, each in took.items():
                print(f"{name}: {who} median {statistics.median(each):.0f} ms, p95 {p95(each):.0f} ms of {len(each)}")
            if self.answers:
                print(f"{name}: the strangers were answered {dict(sorted(self.answers.items()))}")
                self.answers.clear()
            worst = max(took, key=lambda who: p95(took[who]))
            figures.append(limit_figure(f"{name}_p95_ms", p95(took[worst]), limit, "ms", f"{what}; slowest: {worst}"))
        started = time.perf_counter()
        self.sign_in_again()
        print(f"the officer's browser signed in again from that address in {time.perf_counter() - started:.1f} s")
        return figures

    def served_beside(self, work: list[Callable[[threading.Event], None]]) -> dict[str, list[float]]:
        """Return how many milliseconds each of the three waited, page after page, while the others work."""
        over = threading.Event()
        threads = [threading.Thread(target=one, args=(over,), daemon=True) for one in work]
        for thread in threads:
            thread.start()
        people = {"officer": self.see_today, "owner": self.see_case, "gateway": self.report}
        took: dict[str, list[float]] = {name: [] for name in people}
        finite = [thread for thread, one in zip(threads, work, strict=True) if getattr(one, "finite", False)]
        while len(took["owner"]) < ROUNDS or any(thread.is_alive() for thread in finite):
            for name, act in people.items():
                started = time.perf_counter()
                act()
                took[name].append((time.perf_counter() - started) * 1_000)
        over.set()
        for thread in threads:
            thread.join()
        return took

    # -- the three ---------------------------------------------------------------------------------------------

    def see_today(self) -> None:
        """The officer's first page."""
        must(self.officer.get("/office/"), 200)

    def see_case(self) -> None:
        """The owner's case, opened with its code before."""
        must(self.owner.get("/rights/case/"), 200)

    def report(self) -> None:
        """A batch with one report."""
        from config.demonstration.walk_steps import report

        batch = {"batch": str(uuid.uuid4()), "reports": [report(self.walk, "status", {"state": "active"})]}
        self.walk.gateway.must("POST", "/reports", batch)

    def sign_in_again(self) -> None:
        """Sign out and in again, in a browser that completed a sign-in before; the next code may take half a minute."""
        from config.demonstration import example_data
        from config.demonstration.http_client import hidden_inputs
        from config.demonstration.walk_context import next_code

        odile = self.walk.people["Odile"]
        self.officer.post("/sign-out/", hidden_inputs(self.officer.get("/office/").text))
        self.officer.sign_in(odile.email, example_data.PASSWORD, lambda: next_code(odile))
        self.see_today()

    # -- the strangers -----------------------------------------------------------------------------------------

    def drip(self, over: threading.Event) -> None:
        """Send a line of headers a second, and begin again when the server has had enough."""
        while not over.is_set():
            with contextlib.suppress(OSError), socket.create_connection((OFFICE, self.port), timeout=5) as client:
                client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n")
                while not over.wait(1):
                    client.sendall(b"X-Slow: 1\r\n")

    def ask(self, number: int) -> None:
        """Send a request form from one of the addresses, or be told to wait."""
        person = self.browser(f"127.79.0.{number % ADDRESSES + 1}")
        person.submit("/rights/request/", request_for(f"XM{90_000_000 + number}"))
        self.answered(person.page, 200, 422, 429)

    def sign_in_wrongly(self, number: int) -> None:
        """Try a password from the office's address, of a real account or an invented one."""
        email = "odile@extrus.example" if number % 2 else f"nobody-{number}@extrus.example"
        person = self.browser(OFFICE)
        person.submit("/sign-in/", {"login": email, "password": f"wrong-{number}"})
        self.answered(person.page, 200, 422, 429)

    def upload(self, owner: Any, content: bytes) -> None:
        """Send a file that proves identity, as the case's page does."""
        from config.demonstration.http_client import hidden_inputs

        token = hidden_inputs(owner.get("/rights/case/").text)
        self.answered(send_file(owner, "/rights/case/document/", token, content), 200, 413, 422, 429, 503)

    def answered(self, answer: Any, *statuses: int) -> None:
        """Count how a stranger was answered."""
        must(answer, *statuses)
        self.answers[answer.status] += 1

    # -- how they come -----------------------------------------------------------------------------------------

    def browser(self, address: str) -> Any:
        from config.demonstration.http_client import BrowserClient

        return BrowserClient(self.base, address=address)

    def case_of(self, address: str, serial: str) -> Any:
        """Return the browser of somebody who has made a request and opened its page."""
        from config.demonstration.walk_steps import once

        person = self.browser(address)
        page = person.submit("/rights/request/", request_for(serial))
        number, code = once(page, "case-number"), once(page, "case-code")
        must(person.submit("/rights/case/", {"number": number, "code": code}), 200)
        return person

    def shared(self, many: int, threads: int, act: Callable[[int], None]) -> list[Callable[[threading.Event], None]]:
        """Let some threads do a number of acts between them."""
        numbers = iter(range(many))
        lock = threading.Lock()

        def work(_over: threading.Event) -> None:
            while True:
                with lock:
                    number = next(numbers, None)
                if number is None:
                    return
                act(number)

        work.finite = True  # type: ignore[attr-defined]
        return [work] * threads

    def until_over(self, act: Callable[[], None]) -> Callable[[threading.Event], None]:
        """Do it again until the three have been served often enough."""

        def work(over: threading.Event) -> None:
            while not over.is_set():
                act()

        return work


def request_for(serial: str) -> dict[str, Any]:
    """Return the fields of a request for a copy."""
    return {
        "rights": ["access"], "target_kind": "serial_number", "target": serial, "requester": "self",
        "answer_by": "portal",
    }  # fmt: skip


def send_file(person: Any, path: str, fields: dict[str, str], content: bytes) -> Any:
    """Send one file of a form, as a browser does (``multipart/form-data``)."""
    import urllib.request

    from config.demonstration import http_client

    edge = uuid.uuid4().hex
    parts = [
        f'--{edge}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    head = f'--{edge}\r\nContent-Disposition: form-data; name="document"; filename="proof.pdf"\r\n'
    parts.append(f"{head}Content-Type: application/pdf\r\n\r\n".encode() + content + f"\r\n--{edge}--\r\n".encode())
    address = f"{person.base}{path}"
    headers = {"Content-Type": f"multipart/form-data; boundary={edge}", "Referer": address}
    return http_client._open(person.opener, urllib.request.Request(address, b"".join(parts), headers))


def must(answer: Any, *statuses: int) -> None:
    """End the run when somebody got an answer that nobody should."""
    if answer.status not in statuses:
        os.write(2, f"{answer.url} answered {answer.status}: {answer.text[:300]}\n".encode())
        os._exit(1)


if __name__ == "__main__":
    main()
