"""Bytes of a message, taken as they come: what is only said to come takes no memory."""

from typing import Protocol

PART_BYTES = 256 * 1024


class Receives(Protocol):
    """What a message is received from: a socket, or one with limits."""

    def recv(self, count: int, /) -> bytes: ...


class Sends(Protocol):
    """What a message is sent on: a socket, or one with limits."""

    def sendall(self, body: bytes, /) -> None: ...


def exactly(connection: Receives, length: int) -> bytes:
    """Return so many bytes; nothing where the other side has ended. Raises ConnectionError for some of them."""
    received = bytearray()
    while len(received) < length:
        part = connection.recv(min(length - len(received), PART_BYTES))
        if not part:
            if received:
                raise ConnectionError("The connection to the key service ended.")
            return b""
        received += part
    return bytes(received)
