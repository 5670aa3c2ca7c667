"""The whole portal on this machine: database, pages, intake, worker, sealer, notary, under one supervisor."""

import json
import os
import shlex
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections

from config import operator_status, process_memory, web_server
from config.databases import PROCESS_ROLES
from config.demonstration import example_data
from config.demonstration.text_provider import DEMONSTRATION_TOKEN
from config.management.commands import sync_schedules
from config.served_databases import has_unapplied_migrations
from config.supervisor import Supervisor
from privacy.lib.dates import clock

READY_SECONDS = 60.0
# What is newer than this may still wait for its seal and its signature.
PROMPT_SECONDS = 6.0
# Of the web servers behind the forwarder; the example fleet is small.
WORKERS = {"pages": 2, "intake": 1}


class Command(BaseCommand):
    help = "Run the portal with example data; Ctrl-C ends everything. PORT and PORTAL_HOME say where."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--without-examples", action="store_true", help="start with an empty portal")

    def handle(self, *args: Any, **options: Any) -> None:
        started = time.monotonic()
        self.port = settings.PORT
        if settings.KEY_SERVICE != "socket":
            raise CommandError("KEY_SERVICE is for tests: unset it, and the demo starts a key service.")
        self._claim_port()
        try:
            self._prepare()
        except KeyboardInterrupt as interrupted:
            self._release()
            raise CommandError("Ended before it was ready; the next start goes on from here.") from interrupted
        supervisor = self._services()
        try:
            supervisor.start()
            self._wait_until_ready(supervisor)
            self._wait_until_sealed(supervisor)
            if not options["without_examples"] and not supervisor.ending:
                for line in example_data.load_examples(f"http://127.0.0.1:{self.port}"):
                    self.stdout.write(f"  {line}")
            if not supervisor.ending:
                self._tell(time.monotonic() - started, supervisor, examples_loaded=not options["without_examples"])
            supervisor.watch()
        finally:
            self.stdout.write("Ending …")
            supervisor.stop()
            self._release()
            self.stdout.write("Ended.")

    def _release(self) -> None:
        connections.close_all()
        if settings.EMBEDDED:
            settings.EMBEDDED_SERVER.release()

    def _claim_port(self) -> None:
        """Fail early where another program has the port; a killed predecessor may still be letting it go."""
        deadline = time.monotonic() + 10
        while True:
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind(("127.0.0.1", self.port))
                    return
                except OSError as error:
                    if time.monotonic() > deadline:
                        raise CommandError(
                            f"Port {self.port} is taken. End the other program, or choose another: PORT=8001 make demo."
                        ) from error
            time.sleep(0.2)

    def _prepare(self) -> None:
        if settings.DEVELOPMENT:
            call_command("make_keys", if_missing=True, verbosity=0)
        as_owner = {**os.environ, "PORTAL_ROLE": "portal_owner"}
        if any(has_unapplied_migrations(alias) for alias in connections):
            self.stdout.write("Migrating …")
            subprocess.run([sys.executable, "manage.py", "migrate_all", "-v", "0"], env=as_owner, check=True)
        # In production `collectstatic` fills it; whitenoise warns where it is missing.
        settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
        if not sync_schedules.is_in_place():
            subprocess.run([sys.executable, "manage.py", "sync_schedules", "-v", "0"], env=as_owner, check=True)

    def _services(self) -> Supervisor:
        python = sys.executable
        supervisor = Supervisor(settings.PORTAL_HOME / "logs", Path(settings.BASE_DIR))
        mail = {}
        if settings.DEVELOPMENT and not settings.EMAIL_URL:
            port = _free_port()
            mail = {"EMAIL_URL": f"smtp://127.0.0.1:{port}"}
            supervisor.add("mailbox", [python, "manage.py", "mailbox", "--port", str(port)])
        texts = {}
        if settings.DEVELOPMENT and not settings.TEXT_MESSAGES_URL:
            port = _free_port()
            texts = {
                "TEXT_MESSAGES_URL": f"http://:{DEMONSTRATION_TOKEN}@127.0.0.1:{port}",
                "TEXT_MESSAGES_FROM": "0269286774",
            }
            supervisor.add("textbox", [python, "manage.py", "textbox", "--port", str(port)])
        # A machine to look at the portal on has no malware scanner: `check --deploy` refuses this (config.E017).
        files = {"OPEN_UNSCANNED_UPLOADS": "1"} if settings.DEVELOPMENT else {}
        portal = {**mail, **texts, **files}
        supervisor.add("keyservice", [python, "manage.py", "keyservice"], PORTAL_ROLE="portal_keys")
        self.behind = {process: _free_port() for process in WORKERS}
        for process, port in self.behind.items():
            command = web_server.command(host="127.0.0.1", port=port, workers=WORKERS[process])
            role = PROCESS_ROLES[process]
            supervisor.add(process, command, **portal, PORTAL_PROCESS=process, PORTAL_ROLE=role, FORWARDER="1")
        ports = [str(port) for port in (self.port, *self.behind.values())]
        supervisor.add("forwarder", [python, "-m", "config.forwarder", *ports])
        portal |= {"PORTAL_PROCESS": "worker", "PORTAL_ROLE": PROCESS_ROLES["worker"]}
        # It yields to the pages and the intake, as its unit of an installation says.
        supervisor.add("worker", ["nice", "-n", "5", python, "manage.py", "qcluster"], **portal)
        supervisor.add("sealer", [python, "manage.py", "seal"], PORTAL_ROLE="portal_sequencer")
        supervisor.add("notary", [python, "manage.py", "notary"], **mail, PORTAL_ROLE="portal_notary")
        return supervisor

    def _wait_until_ready(self, supervisor: Supervisor) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline and not supervisor.ending:
            supervisor.watch(0.1)
            if all(_answers(f"http://127.0.0.1:{port}/readyz") for port in (*self.behind.values(), self.port)):
                return
        if not supervisor.ending:
            raise CommandError(f"The portal did not become ready; see {settings.PORTAL_HOME / 'logs'}.")

    def _wait_until_sealed(self, supervisor: Supervisor) -> None:
        """Wait until what was entered so far is sealed and signed: a portal whose trail nobody seals is not ready."""
        deadline = time.monotonic() + READY_SECONDS
        asked = {"sealer": operator_status.sealer, "notary": operator_status.notary}
        while not supervisor.ending:
            late = [name for name, ask in asked.items() if float(ask(clock.now())["seconds"]) > PROMPT_SECONDS]
            if not late:
                return
            if time.monotonic() > deadline:
                log = settings.PORTAL_HOME / "logs" / f"{late[0]}.log"
                said = log.read_text(errors="replace").strip().splitlines() if log.exists() else []
                raise CommandError(
                    f"The {late[0]} does not work: {said[-1] if said else 'it says nothing'} (see {log}). With "
                    "databases of your own each process needs its own role's addresses: deploy/install makes them."
                )
            supervisor.watch(0.3)

    def _tell(self, seconds: float, supervisor: Supervisor, *, examples_loaded: bool) -> None:
        base = settings.PORTAL_URL
        lines = [
            "",
            f"The portal is ready after {seconds:.0f} s.",
            f"  data subjects   {base}/",
            f"  employees       {base}/staff/",
            f"  the office      {base}/office/",
            f"  machines        {base}/api/",
            f"  outgoing mail   {settings.PORTAL_HOME / 'mail'}",
            f"  text messages   {settings.PORTAL_HOME / 'texts'}",
            f"  memory          {_told_memory(supervisor)}",
        ]
        if examples_loaded:
            lines += ["", "  sign-ins (example data):"]
            lines += [
                f"    {email:<22} {password:<17} {role:<9} {f'app key {secret}' if secret else 'no second factor'}"
                for email, password, role, secret in example_data.sign_ins()
            ]
            lines += [f"  The code of an app now: {_command('totp', 'odile@extrus.example')}"]
            lines += ["", f"  In another terminal: {_command('walk')}"]
        lines += ["  Ctrl-C ends everything; the data stays.", ""]
        self.stdout.write("\n".join(lines))
        self.stdout.flush()


def _command(*words: str) -> str:
    """Return a command as it is called for this portal: with what is set here and is not the default."""
    here = [f"{name}={shlex.quote(os.environ[name])}" for name in ("PORT", "PORTAL_HOME") if name in os.environ]
    return " ".join([*here, ".venv/bin/python", "manage.py", *words])


def _told_memory(supervisor: Supervisor) -> str:
    """Say how many megabytes each service takes, with all that it started."""
    taken = {s.name: process_memory.with_children(s.process.pid) for s in supervisor.services if s.process}
    if settings.EMBEDDED:
        taken["database"] = process_memory.with_children(settings.EMBEDDED_SERVER.pid())
    taken["supervisor"] = process_memory.of_one(os.getpid())
    each = ", ".join(f"{name} {size / 2**20:.0f}" for name, size in taken.items())
    return f"{sum(taken.values()) / 2**20:.0f} MB ({each})"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as response:  # noqa: S310 - our own address
            return bool(json.load(response)["ready"])
    except (urllib.error.URLError, OSError, ValueError):
        return False
