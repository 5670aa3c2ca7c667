"""Telling the service manager that this process is ready (sd_notify(3)); without one it says nothing."""

import os
import socket


def tell_ready() -> None:
    """Say ``READY=1`` where NOTIFY_SOCKET names somebody to tell."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if address:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as manager:
            manager.connect(address.replace("@", "\0", 1))
            manager.sendall(b"READY=1")
