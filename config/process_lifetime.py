"""A process that ends when the one that started it is gone, however that one went: no orphan keeps a port or a job."""

import ctypes
import multiprocessing
import os
import signal

PR_SET_PDEATHSIG = 1


def end_with_parent() -> None:
    """Ask the kernel for SIGTERM when the parent is gone (Linux, prctl(2)); for between fork and exec, too."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def end_with_server() -> None:
    """In a worker of the web server: end with the server's main process, also if that is gone already."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        end_with_parent()
        if os.getppid() != parent.pid:
            os.kill(os.getpid(), signal.SIGTERM)
