"""A network between the portal and its databases that can be cut, slowed and made to lose packets.

The databases stand behind a relay in a network of its own, so that a cut is silence and not a refused connection; the
rules that drop packets are that network's and touch nothing else of the machine. Lost answers and delays are made by a
relay in this process, which needs no network of its own for them.
"""

import contextlib
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.db import connections

from tests.privacy.retention.kill_at_commit import close_everything

RELAY = """
import socket, sys, threading
def pump(one, other):
    try:
        while part := one.recv(65536):
            other.sendall(part)
    except OSError:
        pass
    for each in (one, other):
        try: each.shutdown(socket.SHUT_RDWR)
        except OSError: pass
server = socket.create_server((sys.argv[1], int(sys.argv[2])))
print("ready", flush=True)
while True:
    client, _address = server.accept()
    behind = socket.socket(socket.AF_UNIX); behind.connect(sys.argv[3])
    for pair in ((client, behind), (behind, client)):
        threading.Thread(target=pump, args=pair, daemon=True).start()
"""
PORT = 5432


def socket_file() -> Path:
    """Return the socket of the tests' cluster."""
    return Path(settings.EMBEDDED_SERVER.socket) / f".s.PGSQL.{PORT}"


class CutNetwork:
    """A network of its own with the databases in it: ``cut``, ``lose``, ``mend``."""

    def __init__(self) -> None:
        number = os.getpid() % 250
        self.name = f"fault-{os.getpid()}"
        self.here, self.there = f"10.231.{number}.1", f"10.231.{number}.2"
        outside, inside = f"fo{os.getpid()}"[:15], f"fi{os.getpid()}"[:15]
        self._run("ip", "netns", "add", self.name)
        self._run("ip", "link", "add", outside, "type", "veth", "peer", "name", inside, "netns", self.name)
        self._run("ip", "address", "add", f"{self.here}/24", "dev", outside)
        self._run("ip", "link", "set", outside, "up")
        self._inside("ip", "address", "add", f"{self.there}/24", "dev", inside)
        self._inside("ip", "link", "set", inside, "up")
        self._inside("nft", "add", "table", "inet", "fault")
        for hook in ("input", "output"):
            chain = f"{{ type filter hook {hook} priority 0; policy accept; }}"
            self._inside("nft", "add", "chain", "inet", "fault", hook, chain)
        command = ["ip", "netns", "exec", self.name, sys.executable, "-c", RELAY, self.there, str(PORT)]
        self.relay = subprocess.Popen([*command, str(socket_file())], stdout=subprocess.PIPE)
        assert self.relay.stdout is not None and self.relay.stdout.readline() == b"ready\n"

    def _run(self, *command: str) -> None:
        subprocess.run(command, check=True, capture_output=True)

    def _inside(self, *command: str) -> None:
        self._run("ip", "netns", "exec", self.name, *command)

    def cut(self) -> None:
        """Drop every packet in both directions, without a word."""
        self._add("drop")

    def lose(self, percent: int) -> None:
        """Drop so many of a hundred packets, in both directions."""
        self._add(f"numgen random mod 100 < {percent} drop")

    def _add(self, rule: str) -> None:
        for hook in ("input", "output"):
            self._inside("nft", "add", "rule", "inet", "fault", hook, *rule.split())

    def mend(self) -> None:
        """Let everything through again."""
        self._inside("nft", "flush", "table", "inet", "fault")

    def close(self) -> None:
        self.relay.kill()
        self.relay.communicate()
        self._run("ip", "netns", "delete", self.name)


class Relay:
    """A relay in this process: it can be slow, and lose the answer to the next commit."""

    def __init__(self) -> None:
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = int(self.server.getsockname()[1])
        self.delay = 0.0
        self.lose_commits = 0
        self.lost = 0
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                client, _address = self.server.accept()
            except OSError:
                return
            behind = socket.socket(socket.AF_UNIX)
            behind.connect(str(socket_file()))
            for one, other, answers in ((client, behind, False), (behind, client, True)):
                threading.Thread(target=self._pump, args=(one, other, answers), daemon=True).start()

    def _pump(self, one: socket.socket, other: socket.socket, answers: bool) -> None:
        try:
            while part := one.recv(65536):
                if self.delay:
                    time.sleep(self.delay)
                # CommandComplete of a COMMIT: the database has done it, and nobody is told.
                if answers and self.lose_commits and b"C\0\0\0\x0bCOMMIT\0" in part:
                    self.lose_commits -= 1
                    self.lost += 1
                    break
                other.sendall(part)
        except OSError:
            pass
        for each in (one, other):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        one.close()

    def close(self) -> None:
        self.server.close()


@contextmanager
def through(address: str, port: int, *aliases: str) -> Iterator[None]:
    """Let Django reach databases at an address."""
    close_everything()
    before = {}
    for alias in aliases:
        options = connections[alias].settings_dict
        before[alias] = {name: options[name] for name in ("HOST", "PORT", "OPTIONS")}
        kept = {name: value for name, value in options["OPTIONS"].items() if name != "host"}
        options |= {"HOST": address, "PORT": str(port), "OPTIONS": kept}
    try:
        yield
    finally:
        close_everything()
        for alias, options in before.items():
            connections[alias].settings_dict |= options


@contextmanager
def cut_network() -> Iterator[CutNetwork]:
    """Put the databases into a network of their own, and Django on this side of it."""
    made = CutNetwork()
    try:
        with through(made.there, PORT, "default", "personal", "archive"):
            yield made
    finally:
        made.close()


@contextmanager
def relayed() -> Iterator[Relay]:
    """Put a relay before the databases."""
    made = Relay()
    try:
        with through("127.0.0.1", made.port, "default", "personal", "archive"):
            yield made
    finally:
        made.close()
