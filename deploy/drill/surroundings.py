"""What stands around an installation and is not the portal: database servers, mail, a witness, certificates."""

import os
import subprocess
import textwrap
import time
from pathlib import Path

HOST = "privacy.extrus.example"
SERVERS = {"general": 5432, "personal": 5433, "archive": 5434, "journal": 5435}
BACKED_UP = ("general", "personal", "archive")
NAMES = [HOST, *(f"{name}.db.example" for name in SERVERS), "mail.extrus.example", "witness.auditor.example"]
DATABASE_HOSTS = [f"db{place}.example" for place in (1, 2, 3)]
TLS = Path("/etc/ssl/drill")
PYTHON = "/opt/portal/.venv/bin/python"
WITNESS = {
    "PORTAL_ROLE": "portal_witness",
    "WITNESS_DIR": "/srv/witness",
    "DJANGO_SETTINGS_MODULE": "config.settings",
}


class Failed(Exception):
    """A step of the drill did not happen; the message says what was seen."""


def run(*command: str, check: bool = True, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run a program and return what it said."""
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, **environ}, cwd="/opt/portal"
    )
    if check and done.returncode:
        raise Failed(f"{' '.join(command)} (exit {done.returncode})\n{(done.stdout + done.stderr)[-3000:]}")
    return done


def service(name: str, *command: str, **environ: str) -> None:
    """Run something beside the portal for as long as the machine lives."""
    given = [f"--setenv={key}={value}" for key, value in environ.items()]
    run("systemd-run", "--quiet", f"--unit=drill-{name}", "--working-directory=/opt/portal", *given, *command)


def until(seen: object, otherwise: str, seconds: float = 30) -> None:
    """Wait until something is so. Raises ``Failed``."""
    deadline = time.monotonic() + seconds
    while not seen():  # type: ignore[operator]
        if time.monotonic() > deadline:
            raise Failed(otherwise)
        time.sleep(0.1)


def certificates() -> str:
    """Make a certificate authority that this machine trusts, and one certificate for all the names on it."""
    TLS.mkdir(parents=True)
    with Path("/etc/hosts").open("a") as hosts:
        hosts.write(f"127.0.0.1 localhost {' '.join(NAMES)}\n")
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30"]
    run(
        "openssl", "req", "-x509", *key, "-subj", "/CN=Drill CA", "-addext", "keyUsage=critical,keyCertSign,cRLSign",
        "-keyout", f"{TLS}/ca.key", "-out", f"{TLS}/ca.crt")  # fmt: skip
    names = ",".join(f"DNS:{name}" for name in [*NAMES, *DATABASE_HOSTS])
    run(
        "openssl", "req", "-x509", *key, "-CA", f"{TLS}/ca.crt", "-CAkey", f"{TLS}/ca.key", "-subj", f"/CN={HOST}",
        "-addext", f"subjectAltName={names}", "-addext", "basicConstraints=critical,CA:FALSE",
        "-addext", "extendedKeyUsage=serverAuth,clientAuth",
        "-keyout", f"{TLS}/host.key", "-out", f"{TLS}/host.crt",
    )  # fmt: skip
    trusted = Path("/usr/local/share/ca-certificates")
    trusted.mkdir(parents=True, exist_ok=True)
    (trusted / "drill.crt").write_text((TLS / "ca.crt").read_text())
    run("update-ca-certificates")
    tls = Path("/etc/portal/tls")
    tls.mkdir(parents=True)
    for kind in ("crt", "key"):
        (tls / f"portal.{kind}").write_text((TLS / f"host.{kind}").read_text())
    (tls / "portal.key").chmod(0o600)
    Path("/etc/portal/databases.crt").write_text((TLS / "ca.crt").read_text())
    return f"an authority of this machine's own, and one certificate for {len(NAMES)} names"


def database_servers() -> str:
    """Make the clusters of Debian's PostgreSQL 17, each with TLS alone and a superuser's password."""
    password = os.urandom(18).hex()
    lines = []
    for name, port in SERVERS.items():
        run("pg_createcluster", "17", name, "--port", str(port), "--", "--auth-host=scram-sha-256", "--data-checksums")
        folder = Path(f"/etc/postgresql/17/{name}")
        for kind in ("crt", "key"):
            copy = folder / f"server.{kind}"
            copy.write_text((TLS / f"host.{kind}").read_text())
            run("chown", "postgres:postgres", str(copy))
            copy.chmod(0o600)
        (folder / "conf.d" / "drill.conf").write_text(
            f"ssl = on\nssl_cert_file = '{folder}/server.crt'\nssl_key_file = '{folder}/server.key'\nfsync = off\n"
            "archive_mode = on\n"
        )
        (folder / "pg_hba.conf").write_text("local all postgres peer\nhostssl all all 127.0.0.1/32 scram-sha-256\n")
        lines.append(f"{name}.db.example:{port}:*:postgres:{password}\n")
    run("systemctl", "start", *(f"postgresql@17-{name}" for name in SERVERS))
    for port in SERVERS.values():
        said = f"ALTER ROLE postgres PASSWORD '{password}'"
        run("runuser", "-u", "postgres", "--", "psql", "-qp", str(port), "-c", said)
    pgpass = Path("/root/.pgpass")
    pgpass.touch(mode=0o600)
    pgpass.write_text("".join(lines))
    version = run("psql", "--version").stdout.split()[2]
    return f"{len(SERVERS)} clusters of PostgreSQL {version}, TLS and passwords only"


def neighbours() -> str:
    """Start a mail server and a witness behind a TLS proxy; return what they are."""
    service("mail", PYTHON, "-m", "deploy.drill.mail_server", "/var/lib/portal/mail")
    made = run(PYTHON, "manage.py", "witness", "--make-key", "witness.auditor.example", **WITNESS)
    witness()
    Path("/etc/nginx/conf.d/witness.conf").write_text(
        textwrap.dedent(f"""\
        server {{
            listen 443 ssl;
            server_name witness.auditor.example;
            ssl_certificate {TLS}/host.crt;
            ssl_certificate_key {TLS}/host.key;
            location / {{ proxy_pass http://127.0.0.1:8100; }}
        }}
        """)
    )
    return made.stdout.strip()


def witness() -> None:
    """Start the witness."""
    run("systemctl", "reset-failed", "drill-witness", check=False)
    service("witness", PYTHON, "manage.py", "witness", **WITNESS)


def watch_log(vkey: str) -> None:
    """Have the witness watch the notary's log, as its own people do when they are told the key."""
    run("systemctl", "stop", "drill-witness")
    run(PYTHON, "manage.py", "witness", "--add-log", vkey, **WITNESS)
    witness()


def configuration(witness_vkey: str) -> None:
    """Write /etc/portal/portal.toml: the example that is shipped, with this machine's names."""
    text = Path("/opt/portal/deploy/portal.toml").read_text()
    text = text.replace("# journal = ", "journal = ")
    text = text.replace("smtp+tls://portal:password@mail.extrus.example:587", "smtp+tls://mail.extrus.example:8587")
    if Path("/etc/postgresql/17/general").exists():
        text += f"\n[backups]\nclusters = {{ {', '.join(f'{name} = "17/{name}"' for name in BACKED_UP)} }}\n"
    text += "\n[witnesses]\nquorum = 1\n"
    text += f'auditor = {{ vkey = "{witness_vkey}", url = "https://witness.auditor.example/" }}\n'
    path = Path("/etc/portal/portal.toml")
    path.touch(mode=0o600)
    path.write_text(text)
