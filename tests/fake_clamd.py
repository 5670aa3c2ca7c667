"""A server that speaks clamd's protocol on a real port: it stands for somebody else's daemon.

It finds what the signature below is in, as clamd does with EICAR, and can be told to hang, to break off or to answer
something else.
"""

import socketserver
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager

# The EICAR test file (www.eicar.org), in two pieces so that no scanner stops at this file.
EICAR = (r"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + "EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*").encode()
MADE = "Tue Nov 24 01:02:03 2026"


class Daemon(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Conversation)
        self.mood = ""  # "", hang, break, error, limit
        self.received: list[bytes] = []
        self.over = threading.Event()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"


class Conversation(socketserver.StreamRequestHandler):
    server: Daemon

    def handle(self) -> None:
        command = self.word()
        if self.server.mood == "hang":
            self.server.over.wait(30)
            return
        if command == b"VERSION":
            self.answer(f"ClamAV 1.4.3/27800/{MADE}")
        elif command == b"INSTREAM":
            self.instream()
        else:
            self.answer("UNKNOWN COMMAND")

    def word(self) -> bytes:
        assert self.rfile.read(1) == b"z"
        said = b""
        while (letter := self.rfile.read(1)) not in (b"\0", b""):
            said += letter
        return said

    def instream(self) -> None:
        content = b""
        while True:
            (length,) = struct.unpack(">L", self.rfile.read(4))
            if not length:
                break
            content += self.rfile.read(length)
            if self.server.mood == "break":
                return
            if self.server.mood == "limit":
                self.answer("INSTREAM size limit exceeded. ERROR")
                return
        self.server.received.append(content)
        if self.server.mood == "error":
            self.answer("Can't allocate memory ERROR")
        else:
            self.answer("stream: Eicar-Signature FOUND" if EICAR in content else "stream: OK")

    def answer(self, text: str) -> None:
        self.wfile.write(text.encode() + b"\0")


@contextmanager
def running() -> Iterator[Daemon]:
    with Daemon() as daemon:
        thread = threading.Thread(target=daemon.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield daemon
        finally:
            daemon.over.set()
            daemon.shutdown()
            thread.join()
