"""The example data and the walk on an installation: as the pages' user, in the pages' environment."""

import os
import pwd
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg

from deploy.drill.surroundings import HOST
from deploy.installer.configuration import Configuration

BASE = f"https://{HOST}"
USER = "portal-pages"


def become_pages() -> None:
    """Take the environment and the user of the pages; what is verified is verified as the auditor."""
    for line in Path("/etc/portal/pages.env").read_text().splitlines():
        name, _equals, value = line.partition("=")
        if not line.startswith("#"):
            os.environ[name] = value.strip("'")
    os.environ["HOME"] = "/var/lib/portal"
    os.environ["SSL_CERT_FILE"] = "/etc/ssl/certs/ca-certificates.crt"
    who = pwd.getpwnam(USER)
    os.setegid(who.pw_gid)
    os.seteuid(who.pw_uid)


def main() -> int:
    """Load the examples, walk, or play a part of the day around a restore."""
    become_pages()
    import django

    django.setup()
    from config.demonstration import example_data, walk_context, walk_steps

    if sys.argv[1] == "examples":
        for line in example_data.load_examples(BASE):
            print(line)
        return 0

    class Installation(walk_context.RunningPortal):
        def verify(self) -> tuple[int, str]:
            command = ["/usr/local/bin/portal", "auditor", "verify_ledger"]
            done = subprocess.run(command, capture_output=True, text=True, preexec_fn=lambda: os.seteuid(0))
            return done.returncode, done.stdout.strip() or done.stderr.strip()[-300:]

        def superuser(self) -> psycopg.Connection[Any]:
            os.seteuid(0)  # the file and the password are root's
            try:
                server = Configuration(Path("/etc/portal/portal.toml")).databases["default"]
                address = server._replace(path="/portal_general").geturl()
                return psycopg.connect(address, passfile="/root/.pgpass", autocommit=True)
            finally:
                os.seteuid(pwd.getpwnam(USER).pw_uid)

    from deploy.drill import day, load

    if sys.argv[1] == "restored":
        print(day.restored(BASE))
        return 0
    state = walk_context.prepare(BASE, Installation())
    if played := {**day.PARTS, **load.PARTS}.get(sys.argv[1]):
        print(played(state))
        return 0
    for name, step in walk_steps.STEPS:
        print(f"✓ {name:<12} {step(state)}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
