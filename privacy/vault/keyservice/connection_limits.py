"""What one process may take of the key service: connections, memory, time. The other processes' share stays theirs.

Whoever took a process over can send any bytes at its socket, or none. Each socket has limits of its own, so that its
flood is its own trouble.
"""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore, Lock

# A thread each, with its stack.
MOST_CONNECTIONS = 64
MOST_AT_WORK = 4
# What one process may have under way in bytes: requests that are received, worked on or answered.
MOST_BYTES = 96 * 2**20
# Larger requests of a process are worked on one after the other.
LARGE_BYTES = 2**20
FIRST_SECONDS = 5.0
# From the first byte of a request to its last, and the same again for taking the answer.
MESSAGE_SECONDS = 5.0
IDLE_SECONDS = 900.0
TURN_SECONDS = 1.0


class Crowded(ConnectionError):
    """A process has more under way than its share."""


class ProcessShare:
    """Counts what one process has under way."""

    def __init__(self) -> None:
        self.connections = 0
        self.bytes = 0
        self._lock = Lock()
        self._at_work = BoundedSemaphore(MOST_AT_WORK)
        self._large = Lock()

    def admit(self) -> bool:
        """Count one more connection, unless there are too many."""
        with self._lock:
            if self.connections >= MOST_CONNECTIONS:
                return False
            self.connections += 1
            return True

    def leave(self) -> None:
        """Count one connection less."""
        with self._lock:
            self.connections -= 1

    def take(self, count: int) -> None:
        """Count bytes as under way. Raises Crowded, and counts none, where they are too many."""
        with self._lock:
            if self.bytes + count > MOST_BYTES:
                raise Crowded("A process has too much under way at the key service.")
            self.bytes += count

    def give_back(self, count: int) -> None:
        """Count bytes as done with."""
        with self._lock:
            self.bytes -= count

    @contextmanager
    def turn(self, size: int) -> Iterator[None]:
        """Work on a request of so many bytes. Raises Crowded where its turn does not come in a second."""
        until = time.monotonic() + TURN_SECONDS
        large = size > LARGE_BYTES
        if large and not self._large.acquire(timeout=TURN_SECONDS):
            raise Crowded("A process has too many large requests under way at the key service.")
        try:
            if not self._at_work.acquire(timeout=max(0.0, until - time.monotonic())):
                raise Crowded("A process has too many requests under way at the key service.")
            try:
                yield
            finally:
                self._at_work.release()
        finally:
            if large:
                self._large.release()


class BoundedSocket:
    """A connection of a process on which a message has its time, and takes memory as its bytes come."""

    def __init__(self, connection: socket.socket, share: ProcessShare) -> None:
        self._connection = connection
        self._share = share
        self._held = 0
        self._ends = time.monotonic() + FIRST_SECONDS
        self._begun = False

    def recv(self, count: int) -> bytes:
        """Receive some bytes, at most ``count``. Raises TimeoutError where they come too slowly, Crowded."""
        left = self._ends - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._connection.settimeout(left)
        received = self._connection.recv(count)
        if not self._begun:
            self._begun, self._ends = True, time.monotonic() + MESSAGE_SECONDS
        self._share.take(len(received))
        self._held += len(received)
        return received

    def sendall(self, body: bytes) -> None:
        """Send an answer. Raises TimeoutError where it is taken too slowly."""
        self._connection.settimeout(MESSAGE_SECONDS)
        self._connection.sendall(body)

    def settle(self) -> None:
        """End a message: what it took is given back, and the next one may take its time to begin."""
        self._share.give_back(self._held)
        self._held, self._begun = 0, False
        self._ends = time.monotonic() + IDLE_SECONDS
