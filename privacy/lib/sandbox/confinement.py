"""What a process takes away from itself before it reads bytes of strangers. It runs in the child, without Django.

No file, socket or process can be opened any more (limits of 0), memory and time are limited, and where the kernel
allows it the process has a user, a network and an IPC namespace of its own. What it was given open stays open.
"""

import contextlib
import ctypes
import os
import resource
import signal

NOBODY = 65_534
# prctl(2) and capabilities(7)
SET_PDEATHSIG, SET_DUMPABLE, SET_NO_NEW_PRIVS = 1, 4, 38
CAPABILITY_VERSION_3 = 0x20080522
CLONE_NEWIPC, CLONE_NEWUSER, CLONE_NEWNET = 0x08000000, 0x10000000, 0x40000000
GRACE_SECONDS = 1


def confine(*, seconds: int, memory: int, output: int) -> bool:
    """Give up everything but the open descriptors; return whether the process has namespaces of its own.

    ``seconds`` of the processor, bytes of ``memory`` (address space) and of ``output``. Raises OSError where a limit
    can't be set: then nothing is read.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    with contextlib.suppress(PermissionError):  # a service may be forbidden to change its priority
        os.nice(5)
    libc.prctl(SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if os.getuid() == 0:
        # Limits of processes do not bind root; where it is root of a container alone, nobody may be missing.
        with contextlib.suppress(OSError):
            os.setgroups([])
            os.setresgid(NOBODY, NOBODY, NOBODY)
            os.setresuid(NOBODY, NOBODY, NOBODY)
    apart = bool(libc.unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWIPC) == 0)
    # A new user namespace comes with every capability inside of it.
    libc.capset((ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0), (ctypes.c_uint32 * 6)())
    libc.prctl(SET_DUMPABLE, 0, 0, 0, 0)
    # After every change of credentials, which would clear it.
    libc.prctl(SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    # Python ignores it, and a program that answers too much is to end.
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    for limit, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_FSIZE, output),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_NOFILE, 0),
    ):
        resource.setrlimit(limit, (most, most))
    # The first limit tells the parent what happened, the second can't be caught.
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + GRACE_SECONDS))
    return apart
