"""``check --deploy``: silent with the documented environment, and a refusal for each thing production must not be."""

import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from privacy.ledger.checkpoints.signed_notes import Signer
from tests.database import ROOT, PortalDatabase
from tests.warm_python import run_command

Check = Callable[..., subprocess.CompletedProcess[str]]
SECRET = "m9fK3-long-and-random-enough-for-the-check-0123456789-abcdefghijkl"

VKEYS = Signer.make("privacy.extrus.example/ledger").vkeys


@pytest.fixture
def check(portal_database: PortalDatabase, tmp_path: Path) -> Check:
    with portal_database.connect() as database:
        # What an installation does before the check: it says where its protection officer is reached.
        database.execute("UPDATE policies_officer SET email = 'privacy@extrus.example'")
    keys = tmp_path / "keys"
    shutil.copytree(settings.KEYS_DIR, keys)
    documented = {
        "DEVELOPMENT": "0",
        "SECRET_KEY": SECRET,
        "PORTAL_HOME": str(tmp_path),
        "PORTAL_URL": "https://privacy.extrus.example",
        "ALLOWED_HOSTS": "privacy.extrus.example",
        "CSRF_TRUSTED_ORIGINS": "https://privacy.extrus.example",
        "PORTAL_PROCESS": "pages",
        "TRUSTED_PROXIES": "10.0.0.0/24",
        "EMAIL_URL": "smtp+tls://user:password@mail.extrus.example:587",
        "REPRESENTATIVE_EMAIL": "representative@extrus.example",
        "CLAMD_SOCKET": "/run/clamav/clamd.ctl",
        "NOTARY_VKEYS": ",".join(VKEYS),
        # The key service's user has them; web and worker don't even see the folder.
        "KEY_SERVICE": "socket",
        "KEYS_DIR": str(tmp_path / "out-of-reach"),
    }

    def run(
        role: str = "portal_app", *, before: Sequence[str] = (), **changes: str | None
    ) -> subprocess.CompletedProcess[str]:
        wanted = {**portal_database.environ(role), **documented, **changes}
        environ = {name: value for name, value in wanted.items() if value is not None}
        arguments = ["check", "--deploy", "--fail-level", "WARNING"]
        if not before:
            return run_command(arguments, environ)
        return subprocess.run(
            [*before, sys.executable, "manage.py", *arguments],
            cwd=ROOT, env=environ, capture_output=True, text=True, check=False,
        )  # fmt: skip

    return run


@pytest.mark.asvs("13.4.2")
def test_the_documented_environment_has_no_warnings(check: Check) -> None:
    result = check()
    assert result.returncode == 0 and "0 silenced" in result.stdout + result.stderr, result.stderr
    assert "security.W018" in check(DEBUG="1").stderr


@pytest.mark.attack("17.21")
def test_a_withdrawal_without_a_wait_is_refused(check: Check, portal_database: PortalDatabase) -> None:
    with portal_database.connect() as database:
        database.execute("UPDATE policies_parameter SET value = 0 WHERE code = 'withdrawal.wait.hours'")
    result = check()
    assert result.returncode != 0
    assert "consents.E001" in result.stderr


@pytest.mark.truth("19")
def test_overdue_work_of_which_nobody_hears_is_refused(check: Check, portal_database: PortalDatabase) -> None:
    with portal_database.connect() as database:
        database.execute("UPDATE policies_officer SET email = ''")
    result = check()
    assert result.returncode != 0
    assert "config.E015" in result.stderr


@pytest.mark.attack("19.11")
def test_a_trail_that_nobody_outside_holds_is_refused(check: Check) -> None:
    for process, role in (("pages", "portal_app"), ("worker", "portal_worker")):
        result = check(role, PORTAL_PROCESS=process, NOTARY_VKEYS=None)
        assert result.returncode != 0
        assert "config.E024" in result.stderr
    keys: dict[str, str | None] = {"PORTAL_PROCESS": None, "PORTAL_ROLE": "portal_keys", "NOTARY_VKEYS": None}
    assert "config.E024" in check("portal_keys", **keys).stderr
    assert "config.E024" not in check("portal_keys", **keys, KEY_UNSIGNED_MINUTES="0").stderr
    for wrong, said in (
        (VKEYS[0], "a line of privacy.extrus.example/ledger is missing"),
        (",".join([*VKEYS, *Signer.make("privacy.extrus.example/ledger").vkeys[1:]]), "a line of"),
        ("the-key", "'the-key' is no verifier key"),
    ):
        result = check(NOTARY_VKEYS=wrong)
        assert result.returncode != 0
        assert "config.E024" in result.stderr
        assert said in result.stderr
    assert "config.E024" not in check(NOTARY_VKEYS="\n".join(VKEYS)).stderr
    notary = {"PORTAL_PROCESS": None, "PORTAL_ROLE": "portal_notary"}
    assert "config.E025" in check("portal_notary", **notary).stderr
    assert "config.E025" not in check("portal_notary", **notary, ANCHOR_EMAILS="audit@extrus.example").stderr
    assert "config.E026" in check("portal_notary", **notary).stderr
    assert "config.E026" not in check("portal_notary", **notary, WITNESS_POLICY="/etc/portal/witness-policy").stderr


@pytest.mark.law("S-24")
@pytest.mark.attack("17.5")
def test_no_malware_scanner_is_refused(check: Check) -> None:
    result = check(CLAMD_SOCKET=None)
    assert result.returncode != 0
    assert "config.E016" in result.stderr
    assert "config.E016" not in check(CLAMD_SOCKET=None, CLAMD_HOST="av.example:3310").stderr


@pytest.mark.attack("17.5")
def test_opening_files_without_a_scan_is_refused(check: Check) -> None:
    result = check(OPEN_UNSCANNED_UPLOADS="1")
    assert result.returncode != 0
    assert "config.E017" in result.stderr


@pytest.mark.asvs("15.2.5")
@pytest.mark.attack("17.4")
def test_a_reader_of_uploads_that_is_not_apart_is_refused(check: Check) -> None:
    """As on a kernel that gives no namespaces to the portal's user."""
    without = ["unshare", "--user", "--map-root-user", "sh", "-c"]
    if subprocess.run([*without, "true"], check=False, capture_output=True).returncode:
        pytest.skip("this kernel gives no namespaces to unprivileged users, so every check says it")
    result = check(before=[*without, 'echo 0 > /proc/sys/user/max_net_namespaces; exec "$@"', "sh"])
    assert result.returncode != 0
    assert "config.E018" in result.stderr
    assert "has the network of this one" in result.stderr


@pytest.mark.asvs("15.2.3")
def test_the_forwarder_of_the_demo_is_refused(check: Check) -> None:
    result = check(FORWARDER="1")
    assert result.returncode != 0
    assert "config.E021" in result.stderr


@pytest.mark.law("S-16")
@pytest.mark.parametrize("process", [None, "web"])
def test_a_process_that_answers_every_address_is_refused(check: Check, process: str | None) -> None:
    result = check(PORTAL_PROCESS=process)
    assert result.returncode != 0
    assert "config.E022" in result.stderr


@pytest.mark.parametrize("process", ["intake", "worker"])
def test_every_process_is_checked_in_its_own_environment(check: Check, process: str) -> None:
    result = check(f"portal_{process}", PORTAL_PROCESS=process)
    assert result.returncode == 0, result.stderr


@pytest.mark.truth("20.13")
@pytest.mark.parametrize("role", ["portal_keys", "portal_sequencer", "portal_notary", "portal_owner", "portal_auditor"])
def test_every_other_process_too(check: Check, role: str, tmp_path: Path) -> None:
    """Eight to eleven issues each: the key service has no archive, the notary reads its key, nobody answers hosts."""
    own: dict[str, str | None] = {
        "PORTAL_PROCESS": None,
        "PORTAL_ROLE": role,
        "SECRET_KEY": None,
        "ALLOWED_HOSTS": None,
    }
    if role == "portal_notary":
        (tmp_path / "notary.key").touch()
        own |= {"NOTARY_KEY_FILE": str(tmp_path / "notary.key"), "ANCHOR_EMAILS": "audit@extrus.example"}
        own["WITNESS_POLICY"] = "/etc/portal/witness-policy"
    if role == "portal_keys":
        own |= {"KEYS_DIR": str(tmp_path / "keys"), "KEY_SERVICE_USERS": "pages=daemon,intake=bin,worker=games"}
    result = check(role, **own)
    assert result.returncode == 0, result.stderr


def test_a_process_that_is_not_who_it_says_is_refused(check: Check) -> None:
    result = check("portal_worker", PORTAL_PROCESS=None, PORTAL_ROLE="portal_owner")
    assert result.returncode != 0
    assert "The process is portal_owner, and connects to default as portal_worker." in result.stderr


@pytest.mark.asvs("13.2.1")
@pytest.mark.parametrize(("process", "role"), [("pages", "portal_intake"), ("intake", "portal_app")])
def test_a_process_with_the_role_of_another_is_refused(check: Check, process: str, role: str) -> None:
    result = check(role, PORTAL_PROCESS=process)
    assert result.returncode != 0
    assert "config.E023" in result.stderr


@pytest.mark.truth("outbox-hanging-server")
def test_one_worker_is_refused(check: Check) -> None:
    result = check(WORKERS="1")
    assert result.returncode != 0
    assert "config.E014" in result.stderr


def test_every_documented_variable_is_known_to_the_settings() -> None:
    source = (ROOT / "config" / "settings.py").read_text()
    for line in (ROOT / ".env.example").read_text().splitlines():
        if line and not line.startswith("#"):
            assert f'"{line.split("=")[0]}"' in source, line


@pytest.mark.asvs("13.2.3")
def test_no_secret_key_is_an_error_outside_development(check: Check) -> None:
    result = check(SECRET_KEY=None)
    assert result.returncode != 0
    assert "SECRET_KEY" in result.stderr


@pytest.mark.law("S-35")
@pytest.mark.asvs("15.2.3")
def test_the_embedded_server_is_refused(check: Check, tmp_path: Path) -> None:
    # a name that no DATABASE_URL sets: the settings then start the embedded server of the tests' home
    nothing = dict.fromkeys(("DATABASE_URL", "PERSONAL_DATABASE_URL", "ARCHIVE_DATABASE_URL"))
    result = check(**nothing, PORTAL_HOME=str(settings.PORTAL_HOME))
    assert result.returncode != 0
    assert "config.E001" in result.stderr


@pytest.mark.clause("P6.4")
def test_an_archive_that_opens_with_the_credentials_of_another_database_is_refused(
    check: Check, portal_database: PortalDatabase
) -> None:
    shared = settings.EMBEDDED_SERVER.url("portal_app", portal_database.names["archive"])
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(shared)
    assert "config.E011" in check(ARCHIVE_DATABASE_URL=shared).stderr
    # A role of its own is not enough while the other one may come in too.
    with portal_database.connect("postgres", "archive") as server:
        server.execute(
            sql.SQL("GRANT CONNECT ON DATABASE {} TO portal_app").format(
                sql.Identifier(portal_database.names["archive"])
            )
        )
    assert "The archive lets in portal_app" in check().stderr


def test_a_database_that_was_not_granted_to_auditors_is_refused(check: Check, portal_database: PortalDatabase) -> None:
    with portal_database.connect("postgres", "personal") as server:
        server.execute("REVOKE SELECT ON ALL TABLES IN SCHEMA public FROM portal_reader")
    assert "In the database personal auditors' requests can't run as portal_reader" in check().stderr


@pytest.mark.law("S-35")
@pytest.mark.clause("P8.7")
def test_coinciding_databases_are_refused(check: Check, portal_database: PortalDatabase) -> None:
    result = check(PERSONAL_DATABASE_URL=portal_database.url())
    assert "config.E003" in result.stderr
    assert result.returncode != 0


@pytest.mark.clause("P6.4")
def test_the_archive_may_not_share_a_database_either(check: Check, portal_database: PortalDatabase) -> None:
    result = check(ARCHIVE_DATABASE_URL=portal_database.url(alias="personal"))
    assert "config.E003" in result.stderr


@pytest.mark.clause("P8.3")
@pytest.mark.parametrize("role", ["portal_owner", "postgres"])
def test_a_role_that_owns_the_tables_is_refused(check: Check, role: str) -> None:
    result = check(role)
    assert "config.E004" in result.stderr
    assert result.returncode != 0


@pytest.mark.truth("why-a-role-may-do-too-much")
def test_it_says_what_a_role_may_do_and_nothing_else(check: Check, portal_database: PortalDatabase) -> None:
    """Of a role that could only make roles it said that it owns 0 tables or is a superuser."""
    maker, password = f"maker_{os.getpid()}", conninfo_to_dict(portal_database.url())["password"]
    made = sql.SQL("CREATE ROLE {} LOGIN CREATEROLE IN ROLE portal_app PASSWORD {}")
    with portal_database.connect() as database:
        database.execute(made.format(sql.Identifier(maker), sql.Literal(password)))
    try:
        said = check(maker).stderr
    finally:
        with portal_database.connect() as database:
            database.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(maker)))
    assert "The role for default may do too much: it can make roles." in said
    assert "superuser" not in said


@pytest.mark.truth("not-migrated")
def test_a_database_that_is_not_migrated_is_refused(check: Check, portal_database: PortalDatabase) -> None:
    """The check of the auditors' role passed over the error, and trusted another check to name it."""
    with portal_database.connect(alias="archive") as database:
        database.execute("DROP TABLE django_migrations")
    result = check()
    assert "The database archive is not migrated." in result.stderr
    assert result.returncode != 0


@pytest.mark.fault("FLT-12")
@pytest.mark.parametrize("name", ["MASTER_KEY_FILE", "INDEX_KEY_FILE", "CERTIFICATE_KEY_FILE"])
def test_a_missing_key_is_refused_and_never_made(check: Check, tmp_path: Path, name: str) -> None:
    missing = tmp_path / "nowhere.key"
    result = check("portal_keys", **{name: str(missing)})
    assert result.returncode != 0
    assert "config.E006" in result.stderr
    assert not missing.exists()


@pytest.mark.law("S-22")
@pytest.mark.asvs("13.3.2")
def test_a_key_that_others_can_read_is_refused(check: Check, tmp_path: Path) -> None:
    (tmp_path / "keys" / "master.key").chmod(0o644)
    assert "config.E007" in check("portal_keys", KEYS_DIR=str(tmp_path / "keys")).stderr


def test_the_pin_of_a_token_is_kept_as_a_key_is(check: Check, tmp_path: Path) -> None:
    pin = tmp_path / "token.pin"
    token = {"VAULT_MASTER_KEYS": "privacy.vault.pkcs11_keys.Pkcs11MasterKeys", "PKCS11_PIN_FILE": str(pin)}
    missing = check("portal_keys", **token).stderr
    assert "PKCS11_PIN_FILE is missing" in missing and "MASTER_KEY_FILE" not in missing
    pin.touch(0o600)
    assert "vault.E008" in (readable := check(**token).stderr) and "PKCS11_PIN_FILE" in readable


@pytest.mark.asvs("13.3.2")
@pytest.mark.attack("18")
def test_a_process_that_holds_keys_or_can_read_them_is_refused(check: Check, tmp_path: Path) -> None:
    assert "vault.E007" in check(KEY_SERVICE="in-process", KEYS_DIR=str(tmp_path / "keys")).stderr
    readable = check(KEYS_DIR=str(tmp_path / "keys")).stderr
    assert "vault.E008" in readable and "MASTER_KEY_FILE" in readable


@pytest.mark.attack("18")
def test_processes_that_the_key_service_cannot_tell_apart_are_refused(check: Check, tmp_path: Path) -> None:
    """One user for two processes: whoever took one over could ask as the other."""
    own = pwd.getpwuid(os.getuid()).pw_name

    def said(users: str | None) -> str:
        return check("portal_keys", KEYS_DIR=str(tmp_path / "keys"), KEY_SERVICE_USERS=users).stderr

    assert "vault.E009" not in said("pages=www-data,intake=nobody,worker=daemon")
    assert "intake, pages as www-data" in said("pages=www-data,intake=www-data,worker=daemon")
    assert f"worker as {own}" in said(f"pages=www-data,intake=nobody,worker={own}")
    assert "intake as no user" in said("pages=www-data,worker=daemon,gateway=nobody")
    assert "vault.E009" in said(None)
    assert "vault.E009" in check(KEY_SERVICE_USERS="pages=www-data,intake=www-data,worker=daemon").stderr
    assert "vault.E009" not in check().stderr


@pytest.mark.asvs("12.2.1")
def test_a_plain_address_is_refused(check: Check) -> None:
    assert "config.E009" in check(PORTAL_URL="http://privacy.extrus.example").stderr


@pytest.mark.law("S-20")
@pytest.mark.asvs("12.3.1", "12.3.2", "12.3.4")
def test_a_link_to_another_host_without_tls_that_knows_its_server_is_refused(check: Check) -> None:
    elsewhere = "postgresql://portal_app:secret@192.0.2.1:5432/portal"
    for asked in ("", "?sslmode=require", "?sslmode=verify-ca"):
        said = check(ARCHIVE_DATABASE_URL=elsewhere + asked).stderr
        assert "config.E028" in said and "archive is asked without TLS" in said, asked
    assert "config.E028" not in check(ARCHIVE_DATABASE_URL=f"{elsewhere}?sslmode=verify-full").stderr
    for plain in ("smtp://mail.extrus.example:25", "smtp://user:password@192.0.2.1:587"):
        assert "config.E028" in check("portal_worker", PORTAL_PROCESS="worker", EMAIL_URL=plain).stderr
    for safe in ("smtp+tls://mail.extrus.example:587", "smtp+ssl://mail.extrus.example:465", "smtp://localhost:25"):
        assert "config.E028" not in check("portal_worker", PORTAL_PROCESS="worker", EMAIL_URL=safe).stderr


def test_no_mail_server_is_refused_where_mail_is_sent(check: Check) -> None:
    """Pages and intake send nothing: they need not know its password."""
    assert "config.E010" in check("portal_worker", PORTAL_PROCESS="worker", EMAIL_URL=None).stderr
    notary = check("portal_notary", PORTAL_PROCESS=None, PORTAL_ROLE="portal_notary", EMAIL_URL=None)
    assert "config.E010" in notary.stderr
    assert check(EMAIL_URL=None).returncode == 0


@pytest.mark.truth("claims")
def test_a_process_that_can_read_the_notarys_key_is_refused(check: Check, tmp_path: Path) -> None:
    key = tmp_path / "notary.key"
    assert "config.E008" not in check(NOTARY_KEY_FILE=str(key)).stderr
    key.write_text("PRIVATE+KEY+")
    assert "config.E008" in check(NOTARY_KEY_FILE=str(key)).stderr


@pytest.mark.parametrize("line", ["U-7F3K-92QX", "odile@extrus.example:" + 43 * "x", "U-7F3K-92QX:" + 42 * "x"])
def test_a_word_that_is_no_line_of_a_security_key_is_named(check: Check, line: str) -> None:
    assert "config.E036" in check(APPROVER_KEYS=f"U-7F3K-92QX:{43 * 'x'},{line}").stderr
    assert "config.E036" not in check(APPROVER_KEYS=f"U-7F3K-92QX:{43 * 'x'}").stderr


def test_one_key_is_not_named_for_two_accounts(check: Check) -> None:
    twice = ",".join(f"{account}:{43 * 'x'}" for account in ("U-7F3K-92QX", "U-7F3K-92QY"))
    assert "the same key twice" in check(APPROVER_KEYS=twice).stderr
