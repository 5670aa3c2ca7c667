"""What the child can still reach, tried by itself: for ``check --deploy`` and the tests."""

import contextlib
import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path

NETWORK = Path("/proc/self/ns/net")


def read(content: bytes) -> Iterator[object]:
    """Yield what of the wished for can be reached: paths to read, ports of this machine, a process, the environment."""
    wished = json.loads(content)
    reached = [path for path in wished.get("paths", ()) if _opens(path)]
    reached += [port for port in wished.get("ports", ()) if _answers(port)]
    with contextlib.suppress(OSError):
        if os.fork() == 0:
            os._exit(0)
        reached.append("process")
    yield {
        "reached": reached,
        "environment": sorted(os.environ),
        "network": str(NETWORK.readlink()),
        "uid": os.getuid(),
    }


def _opens(path: str) -> bool:
    with contextlib.suppress(OSError):
        os.close(os.open(path, os.O_RDONLY))
        return True
    return False


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False
