"""Programs that are told of events."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from privacy.office_api import actions as office_api
from privacy.office_api.event_kinds import Kind
from privacy.office_api.models import Subscription
from tests.factories.accounts import NOON, make_odile
from tests.factories.systems import make_ines

__all__ = ["Program", "make_webhook", "running_program"]


def make_webhook(address: str, *kinds: str, at: datetime = NOON) -> Subscription:
    """A webhook that two officers let count; all kinds of events unless told otherwise."""
    asked = office_api.ask_webhook(
        title="helpdesk",
        address=address,
        kinds=kinds or Kind.values,
        reason="from its owner",
        actor=make_odile(),
        at=at,
    )
    return office_api.approve_webhook(asked, actor=make_ines(), at=at)


class Program:
    """A receiver: answers as told, and remembers what came."""

    def __init__(self) -> None:
        self.status = 204
        self.answer = b""
        self.calls: list[tuple[dict[str, str], bytes]] = []
        self.address = ""


@contextmanager
def running_program() -> Iterator[Program]:
    """A receiver on this machine."""
    told = Program()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            told.calls.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(told.status)
            self.send_header("Location", "http://127.0.0.1:1/elsewhere")
            self.end_headers()
            self.wfile.write(told.answer)

        def log_message(self, *arguments: Any) -> None:
            return None

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as made:
        thread = Thread(target=made.serve_forever)
        thread.start()
        told.address = f"http://127.0.0.1:{made.server_port}/hooks/privacy"
        try:
            yield told
        finally:
            made.shutdown()
            thread.join()
