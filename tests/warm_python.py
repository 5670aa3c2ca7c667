"""Commands of the portal from a process that has imported everything: a start costs a sixth.

One such process a test process waits and forks for each command. The child takes the command's environment and reads
the settings anew, as a start does: modules of the portal keep no settings (`test_warm_python.py` compares).
"""

import array
import atexit
import contextlib
import importlib
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import traceback
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent
#: What acts on a process before Python runs, or stays in modules of others: such a command starts by itself.
BEFORE_PYTHON = ("LD_", "PYTHON", "MALLOC_", "GLIBC_", "OPENSSL_", "TZ")
KEEPS_SETTINGS = {"qcluster", "demo", "keyservice"}
LARGEST = 1 << 20


class WarmPython:
    """A process that has imported the portal, and forks for each command."""

    def __init__(self, environ: dict[str, str]) -> None:
        self.environ = environ
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket = ours
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, LARGEST)
        command = [sys.executable, "-m", "tests.warm_python", str(theirs.fileno())]
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=environ, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL
        )
        theirs.close()
        atexit.register(self.end)

    def end(self) -> None:
        """End the process; its socket's end is its sign."""
        self.socket.close()
        self.process.wait()

    def fits(self, command: str, environ: dict[str, str]) -> bool:
        """Return whether a fork does for a command what a start would."""
        early = {name for name in {*environ, *self.environ} if name.startswith(BEFORE_PYTHON)}
        return command not in KEEPS_SETTINGS and all(environ.get(name) == self.environ.get(name) for name in early)

    def run(self, arguments: list[str], environ: dict[str, str], timeout: float) -> subprocess.CompletedProcess[str]:
        """Run ``manage.py`` with arguments, and end it after ``timeout`` seconds as ``subprocess.run`` does."""
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
            request = json.dumps({"arguments": arguments, "environ": environ}).encode()
            socket.send_fds(self.socket, [request], [out.fileno(), errors.fileno()])
            self.socket.settimeout(timeout)
            pid = int(self.socket.recv(32))
            try:
                code = int(self.socket.recv(32))
            except TimeoutError:
                os.kill(pid, signal.SIGKILL)
                self.socket.settimeout(None)
                self.socket.recv(32)
                raise subprocess.TimeoutExpired(["manage.py", *arguments], timeout) from None
            out.seek(0)
            errors.seek(0)
            return subprocess.CompletedProcess(
                ["manage.py", *arguments], code, out.read().decode(), errors.read().decode()
            )


_WARM: dict[int, WarmPython] = {}


def run_command(arguments: list[str], environ: dict[str, str], timeout: float = 60) -> subprocess.CompletedProcess[str]:
    """Run ``manage.py`` with arguments in a process of its own with this environment."""
    warm = _WARM.get(os.getpid()) or _WARM.setdefault(os.getpid(), WarmPython(environ))
    if warm.fits(arguments[0], environ):
        return warm.run(arguments, environ, timeout)
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT, env=environ, capture_output=True, text=True, timeout=timeout, check=False,
    )  # fmt: skip


def read_settings_anew() -> None:
    """Forget the settings and what Django made of them, as ``override_settings`` does."""
    import auditlog.conf
    from django.conf import empty, settings
    from django.core.signals import setting_changed
    from django.db import connections
    from django.test import signals  # noqa: F401 - its receivers forget

    names = [name for name in dir(settings) if name.isupper() and name != "DATABASES"]
    sys.modules.pop("config.settings")
    settings._wrapped = empty
    connections.__init__()  # type: ignore[misc]
    connections.__dict__.pop("settings", None)
    # these write their defaults into the settings when they are imported
    importlib.reload(auditlog.conf)
    # a setting that can't be read ends the command, as it ends a start
    with contextlib.suppress(Exception):
        for name in names:
            setting_changed.send(sender=None, setting=name, value=getattr(settings, name, None), enter=True)


def be_command(request: dict[str, object], files: array.array[int]) -> NoReturn:
    """Become ``manage.py`` with the arguments and the environment of a request."""
    code = 1
    try:
        os.dup2(files[0], 1)
        os.dup2(files[1], 2)
        os.environ.clear()
        os.environ.update(request["environ"])  # type: ignore[arg-type]
        sys.argv = ["manage.py", *request["arguments"]]  # type: ignore[misc]
        read_settings_anew()
        runpy.run_path("manage.py", run_name="__main__")
        code = 0
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
        if isinstance(leaving.code, str):
            print(leaving.code, file=sys.stderr)
    except BaseException:
        traceback.print_exc()
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    with contextlib.suppress(OSError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)


def serve(channel: socket.socket) -> None:
    """Import the portal, then fork for each request until the other end is closed."""
    import django

    django.setup()
    from django.urls import get_resolver

    _ = get_resolver().url_patterns
    assert threading.active_count() == 1, threading.enumerate()
    while True:
        request, files, _flags, _address = socket.recv_fds(channel, LARGEST, 2)
        if not request:
            return
        if (pid := os.fork()) == 0:
            channel.close()
            be_command(json.loads(request), files)
        for file in files:
            os.close(file)
        channel.send(str(pid).encode())
        _, status = os.waitpid(pid, 0)
        channel.send(str(os.waitstatus_to_exitcode(status)).encode())


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
