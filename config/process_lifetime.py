"""A process that ends when the one that started it is gone, however that one went: no orphan keeps a port or a job."""

import contextlib
import ctypes
import multiprocessing
import os
import select
import signal
import threading
import time

PR_SET_PDEATHSIG = 1


def end_with_parent() -> None:
    """Ask the kernel for SIGTERM when the parent is gone (Linux, prctl(2)); for between fork and exec, too."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def end_with_server() -> None:
    """In a worker of the web server: end with the server's main process, also if that is gone already."""
    parent = multiprocessing.parent_process()
    if parent is not None and parent.pid is not None:
        threading.Thread(target=_end_after, args=(parent.pid,), daemon=True).start()


def _end_after(parent: int) -> None:
    """Wait for the end of the parent, then ask this process to end until it does: at its start it is deaf."""
    with contextlib.suppress(ProcessLookupError):
        descriptor = os.pidfd_open(parent)
        while os.getppid() == parent:
            select.select([descriptor], [], [])
    while True:
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(0.5)
