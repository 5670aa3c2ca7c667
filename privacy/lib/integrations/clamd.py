"""Asking a malware scanner: clamd's own protocol over TCP or a Unix socket (clamd(8), INSTREAM and VERSION).

Only the answer ``OK`` is clean. A scanner that is away, hangs, or answers anything else has not said so.
"""

import re
import socket
import struct
import time
from dataclasses import dataclass
from datetime import UTC, datetime

CHUNK = 2**16
PORT = 3310
# A stopped clamd accepts and then says nothing: nobody waits longer than this for all of it (security.md, fact 9).
SECONDS = 10.0
LONGEST_ANSWER = 4096
FOUND = re.compile(r"stream: (\S.*) FOUND")
VERSION = re.compile(r"ClamAV ([^/]+)/(\d+)/(\w{3} \w{3} +\d+ \d\d:\d\d:\d\d \d{4})")


class ScannerUnavailable(Exception):
    """The scanner gave no usable answer."""


@dataclass(frozen=True)
class ScanResult:
    """What a scanner said of a file: clean, or the name of what it found."""

    signature: str

    @property
    def is_clean(self) -> bool:
        return not self.signature


@dataclass(frozen=True)
class Signatures:
    """Which signatures a scanner works with, and when they were made."""

    engine: str
    number: int
    made_at: datetime


@dataclass(frozen=True)
class Scanner:
    """One clamd: the path of its socket, or its host and port."""

    path: str = ""
    host: str = ""
    port: int = PORT
    seconds: float = SECONDS

    def scan(self, content: bytes) -> ScanResult:
        """Scan a file. Raises ``ScannerUnavailable``."""
        stream = [b"zINSTREAM\0"]
        for start in range(0, len(content), CHUNK):
            part = content[start : start + CHUNK]
            stream += [struct.pack(">L", len(part)), part]
        stream.append(struct.pack(">L", 0))
        answer = self._ask(stream)
        if answer == "stream: OK":
            return ScanResult("")
        found = FOUND.fullmatch(answer)
        if found:
            return ScanResult(found[1])
        raise ScannerUnavailable(answer[:200])

    def signatures(self) -> Signatures:
        """Return which signatures the scanner works with. Raises ``ScannerUnavailable``."""
        answer = self._ask([b"zVERSION\0"])
        found = VERSION.fullmatch(answer)
        if found is None:
            raise ScannerUnavailable(answer[:200])
        try:
            made = datetime.strptime(found[3], "%a %b %d %H:%M:%S %Y").replace(tzinfo=UTC)
        except ValueError as error:
            raise ScannerUnavailable(answer[:200]) from error
        return Signatures(found[1], int(found[2]), made)

    def _ask(self, parts: list[bytes]) -> str:
        deadline = time.monotonic() + self.seconds
        try:
            with self._connect() as link:
                for part in parts:
                    link.settimeout(max(0.001, deadline - time.monotonic()))
                    try:
                        link.sendall(part)
                    except (BrokenPipeError, ConnectionResetError):
                        break  # it stopped listening and may have said why
                answer = b""
                while not answer.endswith(b"\0"):
                    link.settimeout(max(0.001, deadline - time.monotonic()))
                    got = link.recv(LONGEST_ANSWER)
                    if not got or len(answer) > LONGEST_ANSWER:
                        break
                    answer += got
        except OSError as error:
            raise ScannerUnavailable(type(error).__name__) from error
        return answer.rstrip(b"\0\n").decode("utf-8", "replace")

    def _connect(self) -> socket.socket:
        if self.path:
            link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            link.settimeout(self.seconds)
            try:
                link.connect(self.path)
            except OSError:
                link.close()
                raise
            return link
        return socket.create_connection((self.host, self.port), timeout=self.seconds)


def configured_scanner(*, path: str, host: str) -> Scanner | None:
    """Return the scanner of these settings, or nothing where neither is set; ``host`` may carry a port."""
    if path:
        return Scanner(path=path)
    if host:
        name, colon, port = host.rpartition(":")
        return Scanner(host=name.strip("[]"), port=int(port)) if colon and port.isdigit() else Scanner(host=host)
    return None
