"""A process that ends when the one that started it is gone, however that one went: no orphan keeps a port or a job."""

import contextlib
import ctypes
import multiprocessing
import os
import select
import signal
import threading
import time
from types import FrameType

from config.process_memory import descendants

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36


def end_with_parent() -> None:
    """Ask the kernel for SIGTERM when the parent is gone (Linux, prctl(2)); for between fork and exec, too."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def keep_orphans() -> None:
    """Become the parent of what a process of ours leaves behind, so that it is found and ended (Linux, prctl(2))."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1)


def end_within(seconds: float) -> None:
    """End after so many seconds, with all that this process started, whatever it waits for then."""
    signal.signal(signal.SIGALRM, _end_all)
    signal.setitimer(signal.ITIMER_REAL, seconds)


def _end_all(number: int, frame: FrameType | None) -> None:
    for pid in descendants(os.getpid()):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    os._exit(0)


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
