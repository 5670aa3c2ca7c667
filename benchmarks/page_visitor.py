"""``page_visitor.py PORT PAGE …`` opens these pages in turn, one every half second, until SIGTERM ends it.

It signs in by the cookie in ``COOKIE`` and prints how many ms each page took, but for the first two rounds. Exit 1: a
page was refused.
"""

import http.client
import os
import signal
import sys
import threading
import time
from itertools import count


def main() -> int:
    """Open pages until the signal comes."""
    port, pages, stopped = int(sys.argv[1]), sys.argv[2:], threading.Event()
    signal.signal(signal.SIGTERM, lambda *_signal: stopped.set())
    wire = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    for visits in count():
        if stopped.wait(0.5):
            return 0
        page, began = pages[visits % len(pages)], time.perf_counter()
        wire.request("GET", page, headers={"Cookie": os.environ["COOKIE"]})
        answer = wire.getresponse()
        answer.read()
        if answer.status != http.client.OK:
            print(page, answer.status, file=sys.stderr)
            return 1
        if visits >= 2 * len(pages):
            print(f"{1_000 * (time.perf_counter() - began):.2f}", page, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
