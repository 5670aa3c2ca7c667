"""The process that holds the keys: a socket for each process that may ask, a thread for each connection.

Who connects is told by the kernel (the peer's user id), which process it is by the socket. Nothing here listens on a
network. The databases' answers are waited for a second at most, so that no lock of a caller's holds the service up.
"""

import contextlib
import ctypes
import logging
import resource
import socket
import struct
import threading
import time
from collections.abc import Mapping
from pathlib import Path

import msgspec
from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from privacy.lib.errors.refusals import Refusal
from privacy.vault.keyservice import messages
from privacy.vault.keyservice.attesting import Attestations
from privacy.vault.keyservice.ceilings import Ceilings
from privacy.vault.keyservice.connection_limits import BoundedSocket, ProcessShare
from privacy.vault.keyservice.custodian import KeyCustodian, process_names
from privacy.vault.keyservice.database_questions import DatabaseQuestions
from privacy.vault.keyservice.reading_policy import Connection, ReadingPolicy
from privacy.vault.keyservice.refusals import KeyServiceUnavailable
from privacy.vault.keyservice.trail_watch import TrailWatch

log = logging.getLogger("portal.keyservice")

BACKLOG = 256
STACK_BYTES = 2**20
RETRY_SECONDS = 0.2
PR_SET_DUMPABLE = 4
MCL_CURRENT, MCL_FUTURE = 1, 2
# glibc's allocator: what is larger than this goes back to the system when it is freed, from every thread.
M_MMAP_THRESHOLD, M_ARENA_MAX = -3, -8
OWN_MAPPING_BYTES = 2**20
ARENAS = 2
_PEER = struct.Struct("3i")


class KeyServer:
    """Serves the sockets in a folder until it is told to end."""

    def __init__(self, folder: Path, custodian: KeyCustodian, users: Mapping[str, int]) -> None:
        self.folder = folder
        self.custodian = custodian
        self.users = users
        self._sockets: list[socket.socket] = []
        self._ended = threading.Event()

    def start(self) -> None:
        """Open the sockets; from now on each answers in threads of its own."""
        # With its memory locked, a thread's stack is memory from the beginning.
        threading.stack_size(STACK_BYTES)
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o755)
        for process in process_names():
            path = self.folder / f"{process}.sock"
            path.unlink(missing_ok=True)
            listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            listening.bind(str(path))
            # Who may connect is decided by the user id; the socket itself is open to whoever reaches the folder.
            path.chmod(0o666)
            listening.listen(BACKLOG)
            self._sockets.append(listening)
            threading.Thread(target=self._accept, args=(listening, process), daemon=True).start()

    def stop(self) -> None:
        """Close the sockets."""
        self._ended.set()
        for listening in self._sockets:
            listening.close()
        for process in process_names():
            (self.folder / f"{process}.sock").unlink(missing_ok=True)

    def _accept(self, listening: socket.socket, process: str) -> None:
        share = ProcessShare()
        while not self._ended.is_set():
            try:
                connection, _address = listening.accept()
            except OSError as error:
                # Too many files are open, or whoever connected has gone: neither lasts.
                log.warning("the socket of %s takes no connection: %s", process, error)
                self._ended.wait(RETRY_SECONDS)
                continue
            if not (self._is_of(process, connection) and share.admit()):
                connection.close()
                continue
            try:
                threading.Thread(target=self._serve, args=(connection, process, share), daemon=True).start()
            except RuntimeError:
                log.warning("there is no thread for a connection of %s", process)
                connection.close()
                share.leave()

    def _is_of(self, process: str, connection: socket.socket) -> bool:
        try:
            _pid, user, _group = _PEER.unpack(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size))
        except OSError:
            return False
        if user != self.users[process]:
            log.warning("user %d asked at the socket of %s and was turned away", user, process)
            return False
        return True

    def _serve(self, connection: socket.socket, process: str, share: ProcessShare) -> None:
        bounded, peer = BoundedSocket(connection, share), Connection(process)
        try:
            with contextlib.suppress(OSError, ValueError, MemoryError), connection:
                while call := messages.receive(bounded):
                    with share.turn(len(call)):
                        reply = messages.ENCODER.encode(self._reply(call, peer))
                    del call
                    messages.send_encoded(bounded, reply)
                    del reply
                    bounded.settle()
        finally:
            bounded.settle()
            share.leave()

    def _reply(self, call: bytes, peer: Connection) -> messages.Answer | messages.Failure:
        try:
            said = messages.CALLS.decode(call)
        except msgspec.MsgspecError:
            return messages.Failure("invalid", "The key service does not know this request.")
        # Whoever reads the refusal is behind the process that asks.
        with translation.override(said.language if said.language in dict(settings.LANGUAGES) else None):
            try:
                found = self.custodian.answer(said.request, peer)
                return messages.Answer(msgspec.Raw(messages.ENCODER.encode(found)))
            except Refusal as refusal:
                return messages.Failure(refusal.code, str(refusal))
            except Exception:
                log.exception("a request to the key service failed")
                return messages.Failure(KeyServiceUnavailable.code, str(KeyServiceUnavailable()))


def make_custodian(query: DatabaseQuestions, attestations: Attestations | None = None) -> KeyCustodian:
    """Return what answers, with the settings' ceilings and the database's tables."""
    policy = ReadingPolicy(query, lease_seconds=settings.KEY_LEASE_SECONDS, monotonic=time.monotonic)
    trail = TrailWatch(query, minutes=settings.KEY_UNSIGNED_MINUTES, monotonic=time.monotonic)
    ceilings = Ceilings(read_ceilings(settings.KEY_CEILINGS))
    return KeyCustodian(query, policy, ceilings, trail=trail, attestations=attestations)


def read_ceilings(given: Mapping[str, str]) -> dict[str, int]:
    """Return ceilings as numbers, by ``process`` or ``process.purpose``."""
    return {name: int(number) for name, number in given.items()}


def bound_memory() -> None:
    """Give back to the system what large requests took: else each thread keeps as much as its largest ever needed."""
    libc = ctypes.CDLL(None)
    libc.mallopt(M_MMAP_THRESHOLD, OWN_MAPPING_BYTES)
    libc.mallopt(M_ARENA_MAX, ARENAS)


def protect_memory() -> list[str]:
    """Keep keys out of swap and core dumps, as far as this system lets us; return what it did not let us."""
    libc = ctypes.CDLL(None, use_errno=True)
    refused = []
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:
        refused.append(_("Other processes of this user may read the memory of the key service."))
    if libc.mlockall(MCL_CURRENT | MCL_FUTURE) != 0:
        refused.append(_("The memory of the key service may be written to swap (LimitMEMLOCK)."))
    return refused
