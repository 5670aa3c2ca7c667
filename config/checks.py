"""Deployment checks (``manage.py check --deploy``): what production must not be."""

import json
import os
import re
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.db import DatabaseError, connections

from config.databases import (
    GENERAL_ROLES,
    KEY_SERVICE_ROLE,
    NOTARY_ROLE,
    OWNER_ROLE,
    PROCESS_ROLES,
    READONLY_ROLE,
    current_role,
    is_of_the_portal,
    role_in,
)
from config.processes import PROCESSES
from privacy.accounts.second_person import SECOND_PERSON_WAITS
from privacy.ledger.checkpoints import external_checkpoints
from privacy.lib.dates import clock
from privacy.lib.documents.upload_validation import LIMITS
from privacy.lib.sandbox import runner
from privacy.lib.sandbox.rejection import Rejected
from privacy.policies import overdue_escalation, rulebook
from privacy.vault import malware_scan
from privacy.vault.key_providers import key_files

# What a role that owns nothing could still do to the tables of others.
ROLE_ATTRIBUTES = ("is a superuser", "passes by row security", "can make roles")


@register("portal", deploy=True)
def server_is_not_embedded(**kwargs: Any) -> Iterable[CheckMessage]:
    """config.E001, config.E002: the embedded PostgreSQL and DEVELOPMENT are for development and evaluation."""
    if settings.EMBEDDED:
        yield Error(
            "The embedded PostgreSQL is in use.",
            hint="Set DATABASE_URL, PERSONAL_DATABASE_URL and ARCHIVE_DATABASE_URL to servers of yours.",
            id="config.E001",
        )
    if settings.DEVELOPMENT:
        yield Error("DEVELOPMENT is on.", hint="Unset DEVELOPMENT.", id="config.E002")


@register("portal", deploy=True)
def databases_are_apart(**kwargs: Any) -> Iterable[CheckMessage]:
    """config.E003: general data, personal data and the archive are three databases (P8.7, P6.4)."""
    if current_role() in GENERAL_ROLES:
        return  # these connect to one database
    places: dict[tuple[str, str, str], str] = {}
    for alias in settings.DATABASES:
        options = settings.DATABASES[alias]
        host = options.get("HOST") or options.get("OPTIONS", {}).get("host", "")
        place = (str(host), str(options.get("PORT") or 5432), str(options["NAME"]))
        if place in places:
            yield Error(
                f"The databases {places[place]} and {alias} coincide.",
                hint="Personal data and the archive have databases of their own: give each alias its own URL.",
                id="config.E003",
            )
        places[place] = alias


@register("portal", deploy=True)
def role_owns_nothing(**kwargs: Any) -> Iterable[CheckMessage]:
    """config.E004, config.E005: the processes connect, as a role that owns no table and can't bypass (P8.3, P8.8)."""
    for alias in settings.DATABASES:
        try:
            with connections[alias].cursor() as cursor:
                cursor.execute(
                    """
                    SELECT bool_or(r.rolsuper), bool_or(r.rolbypassrls), bool_or(r.rolcreaterole),
                           to_regclass('public.django_migrations'), (SELECT count(*) FROM pg_class c
                             WHERE pg_has_role(current_user, c.relowner, 'MEMBER') AND c.relkind IN ('r', 'p')
                               AND c.relnamespace::regnamespace::text IN ('public', 'ledger'))
                      FROM pg_roles r WHERE pg_has_role(current_user, r.oid, 'MEMBER')
                    """
                )
                *attributes, migrations, owned = cursor.fetchone()
        except DatabaseError as error:
            yield Error(
                f"The database {alias} can't be reached: {type(error).__name__}.",
                hint="Check its URL and that it is migrated.",
                id="config.E005",
            )
            continue
        if migrations is None:
            yield Error(f"The database {alias} is not migrated.", hint="manage.py migrate_all", id="config.E005")
        can = [name for name, has in zip(ROLE_ATTRIBUTES, attributes, strict=True) if has]
        if owned and (current_role() != OWNER_ROLE or settings.PORTAL_PROCESS):
            can.append(f"owns tables ({owned})")
        if can:
            yield Error(
                f"The role for {alias} may do too much: it {', '.join(can)}.",
                hint="Connect as the process's own role (docs/operations.md); only migrations run as portal_owner.",
                id="config.E004",
            )


@register("portal", deploy=True)
def role_is_of_the_process(**kwargs: Any) -> Iterable[CheckMessage]:
    """config.E023: pages, intake and worker connect with a role of its own each (decision 0176)."""
    own = PROCESS_ROLES.get(settings.PORTAL_PROCESS, "")
    for alias in (alias for alias in settings.DATABASES if own and alias != "archive"):
        try:
            with connections[alias].cursor() as cursor:
                cursor.execute(
                    "SELECT rolname FROM pg_roles WHERE rolname = ANY(%s) AND pg_has_role(current_user, oid, 'MEMBER')",
                    [list(PROCESS_ROLES.values())],
                )
                held = {row[0] for row in cursor.fetchall()}
        except DatabaseError:
            continue  # config.E005 says so
        if held != {own}:
            named = " and ".join(sorted(held)) or "another"
            yield Error(
                f"The process {settings.PORTAL_PROCESS} connects to {alias} as {named}.",
                hint=f"Connect as {own}, with a password of its own.",
                id="config.E023",
            )


@register("portal", deploy=True)
def role_is_the_one_that_is_said(**kwargs: Any) -> Iterable[CheckMessage]:
    """config.E027: PORTAL_ROLE, by which these checks know the process, is the role in the databases' addresses."""
    said = current_role()
    for alias in settings.DATABASES:
        used, wanted = settings.DATABASES[alias]["USER"], role_in(alias, said)
        if not settings.EMBEDDED and used != wanted:
            yield Error(
                f"The process is {said}, and connects to {alias} as {used}.",
                hint=f"Connect as {wanted}, or say in PORTAL_ROLE or PORTAL_PROCESS which process this is.",
                id="config.E027",
            )


@register("portal", deploy=True)
def archive_has_its_own_role(**kwargs: Any) -> Iterable[CheckMessage]:
    """config.E011: the archive opens with credentials of its own, and with those of other databases never (D-04)."""
    if "archive" not in settings.DATABASES or not is_of_the_portal(current_role()):
        return  # the intake process has no credentials for it; owner and auditor have one role everywhere
    others = {settings.DATABASES[alias]["USER"] for alias in settings.DATABASES if alias != "archive"}
    if settings.DATABASES["archive"]["USER"] in others:
        yield Error(
            "The archive is opened with the role of another database.",
            hint="Connect to it as portal_archivist, with a password of its own.",
            id="config.E011",
        )
        return
    try:
        with connections["archive"].cursor() as cursor:
            cursor.execute(
                "SELECT rolname FROM pg_roles WHERE rolname = ANY(%s)"
                " AND has_database_privilege(oid, current_database(), 'CONNECT')",
                [sorted(others)],
            )
            admitted = [row[0] for row in cursor.fetchall()]
    except DatabaseError:
        return  # config.E005 says so
    if admitted:
        yield Error(
            f"The archive lets in {', '.join(admitted)}.",
            hint="Run the statements of manage.py provision_sql for the archive: its own role alone may connect.",
            id="config.E011",
        )


@register("portal", deploy=True)
def readonly_role_exists(**kwargs: Any) -> Iterable[CheckMessage]:
    """config.E013: an auditor's requests can be made to read only, in each database (decision 0042)."""
    if settings.PORTAL_PROCESS != "pages":
        return  # auditors open pages
    for alias in settings.DATABASES:
        try:
            with connections[alias].cursor() as cursor:
                cursor.execute(
                    "SELECT count(*) FROM pg_roles WHERE rolname = %s AND pg_has_role(session_user, oid, 'MEMBER')"
                    " AND has_table_privilege(oid, 'public.django_migrations', 'SELECT')",
                    [READONLY_ROLE],
                )
                (ready,) = cursor.fetchone()
        except DatabaseError:
            continue  # config.E005 says so
        if not ready:
            yield Error(
                f"In the database {alias} auditors' requests can't run as {READONLY_ROLE}.",
                hint="Run the roles' statements of manage.py provision_sql, then manage.py migrate_all.",
                id="config.E013",
            )


@register("portal", deploy=True)
def keys_are_safe(**kwargs: Any) -> Iterable[CheckMessage]:
    """config.E006, config.E007, config.E008: the key service has its keys, alone; the notary's is not here."""
    # Whoever asks the key service must not see them at all (vault.E008).
    for name, path in key_files().items() if current_role() == KEY_SERVICE_ROLE else ():
        if not path.is_file() or not os.access(path, os.R_OK):
            yield Error(
                f"{name} is missing: {path}",
                hint="Put the key there, readable by the portal's user alone. The portal never makes a new one.",
                id="config.E006",
            )
        elif path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            yield Error(f"{name} can be read by others: {path}", hint=f"chmod 600 {path}", id="config.E007")
    if current_role() != NOTARY_ROLE and os.access(settings.NOTARY_KEY_FILE, os.R_OK):
        yield Error(
            "This process can read the notary's signing key.",
            hint="Run the notary as another user, better on another host (docs/operations.md).",
            id="config.E008",
        )


@register("portal")
def approver_keys_are_lines(**kwargs: Any) -> Iterable[CheckMessage]:
    """config.E036: each word of ``APPROVER_KEYS`` is an account and the digest of a key, as My sign-in shows it."""
    for line in settings.APPROVER_KEYS:
        if not re.fullmatch(r"U-[A-Z0-9-]+:[A-Za-z0-9_-]{43}", line):
            yield Error(
                f"APPROVER_KEYS has a word that is no line of a security key: {line}",
                hint="Take each line as “My sign-in” shows it: APPROVER_KEYS=U-…:…,U-…:…",
                id="config.E036",
            )
    keys = [line.partition(":")[2] for line in settings.APPROVER_KEYS]
    if len(set(keys)) < len(keys):
        yield Error(
            "APPROVER_KEYS names the same key twice: one person could sign as two.",
            hint="Leave one line for each key, and one for each person.",
            id="config.E036",
        )


@register("portal", deploy=True)
def trail_is_held_from_outside(**kwargs: Any) -> Iterable[CheckMessage]:
    """config.E024 … config.E026: whoever checks the notary's word has its keys by hand, and its checkpoints leave."""
    watches = current_role() == KEY_SERVICE_ROLE and settings.KEY_UNSIGNED_MINUTES > 0
    pins = settings.PORTAL_PROCESS in ("pages", "worker") or watches
    if pins and not settings.NOTARY_VKEYS:
        yield Error(
            "The notary's public keys are not pinned: whoever replaces the notary replaces its keys.",
            hint="Take the lines of NOTARY_STATE_DIR/vkeys from the notary's host by hand: NOTARY_VKEYS=…,…",
            id="config.E024",
        )
    elif pins and (wrong := external_checkpoints.incomplete_keys()):
        yield Error(
            f"NOTARY_VKEYS is not what the notary's host says: {wrong}",
            hint="Both lines of NOTARY_STATE_DIR/vkeys of each key, parted by commas: NOTARY_VKEYS=…,…",
            id="config.E024",
        )
    if current_role() == NOTARY_ROLE and not settings.ANCHOR_EMAILS:
        yield Error(
            "No checkpoint is mailed outside: whoever exchanges this host's disk exchanges the notary's memory too.",
            hint="ANCHOR_EMAILS=audit@extrus.example",
            id="config.E025",
        )
    if current_role() == NOTARY_ROLE and not settings.WITNESS_POLICY:
        yield Error(
            "No witness cosigns: who rules the database and this host can show each reader another history.",
            hint="Run manage.py witness on somebody else's host, and name it in WITNESS_POLICY (docs/ledger.md).",
            id="config.E026",
        )


@register("portal", deploy=True)
def addresses_are_set(**kwargs: Any) -> Iterable[CheckMessage]:
    """config.E009, config.E010: links in mails lead to us over TLS; who sends mail knows a server."""
    if not settings.PORTAL_URL.startswith("https://"):
        yield Error("PORTAL_URL is not an https address.", hint="PORTAL_URL=https://privacy.example", id="config.E009")
    sends = settings.PORTAL_PROCESS == "worker" or current_role() == NOTARY_ROLE
    if sends and not settings.EMAIL_URL:
        yield Error(
            "EMAIL_URL is not set: notices can't be delivered.",
            hint="EMAIL_URL=smtp+tls://user:password@mail.example:587",
            id="config.E010",
        )


@register("portal", deploy=True)
def second_person_is_another(**kwargs: Any) -> Iterable[CheckMessage]:
    """config.E019: who approves has an account of some age, and no recent part in the other's (decision 0106)."""
    for code in SECOND_PERSON_WAITS:
        try:
            wait = rulebook.parameter(code, clock.today())
        except DatabaseError:
            return  # config.E005 says so
        if wait < 1:
            yield Error(
                f"The rulebook's {code} is 0: one person with two accounts could approve their own acts.",
                hint="Add a value of at least 1 under Parameters, from today on.",
                id="config.E019",
            )


@register("portal", deploy=True)
def representative_is_told(**kwargs: Any) -> Iterable[CheckMessage]:
    """config.E020: what one officer approves alone in an emergency is told to the representative (decision 0145)."""
    if not settings.REPRESENTATIVE_EMAIL:
        yield Error(
            "REPRESENTATIVE_EMAIL is not set: nobody can go on alone in an emergency.",
            hint="REPRESENTATIVE_EMAIL=representative@extrus.example",
            id="config.E020",
        )


@register("portal", deploy=True)
def processes_are_apart(**kwargs: Any) -> Iterable[CheckMessage]:
    """config.E021, config.E022: the installation's own reverse proxy routes to pages and intake, each by itself."""
    if settings.FORWARDER:
        yield Error(
            "FORWARDER is on: the forwarding process of `make demo` is for this machine alone.",
            hint="Unset FORWARDER, and let your reverse proxy route (docs/operations.md, Processes).",
            id="config.E021",
        )
    if settings.PORTAL_PROCESS not in PROCESSES and is_of_the_portal(current_role()):
        yield Error(
            f"PORTAL_PROCESS is none of {', '.join(PROCESSES)}: one process would answer every address.",
            hint="Name the process in its environment file: PORTAL_PROCESS=pages",
            id="config.E022",
        )


@register("portal", deploy=True)
def workers_do_not_wait_for_mail(**kwargs: Any) -> Iterable[CheckMessage]:
    """config.E014: a mail server that hangs occupies one worker; another one must be there for all else."""
    if int(str(settings.Q_CLUSTER["workers"])) < 2:
        yield Error(
            "WORKERS is less than two: a mail server that hangs holds up all work.", hint="WORKERS=2", id="config.E014"
        )


@register("portal", deploy=True)
def overdue_work_has_a_recipient(**kwargs: Any) -> Iterable[CheckMessage]:
    """config.E015: reminders of overdue work have an address: the designated officer's, or an officer's account."""
    try:
        heard = overdue_escalation.escalation_recipients(clock.today())
    except DatabaseError:
        return  # config.E005 says so
    if not heard:
        yield Error(
            "Reminders of overdue work reach nobody.",
            hint="Designate the protection officer with an e-mail address, or open an officer's account.",
            id="config.E015",
        )


@register("portal", deploy=True)
def uploads_are_scanned(**kwargs: Any) -> Iterable[CheckMessage]:
    """config.E016, config.E017: a malware scanner judges what people send, and nothing opens without it (P8.5)."""
    if malware_scan.configured_scanner() is None:
        yield Error(
            "No malware scanner is set up: what people send stays closed.",
            hint="Install clamd and set CLAMD_SOCKET or CLAMD_HOST.",
            id="config.E016",
        )
    if settings.OPEN_UNSCANNED_UPLOADS:
        yield Error(
            "OPEN_UNSCANNED_UPLOADS is on: it is for demonstrations.",
            hint="Unset OPEN_UNSCANNED_UPLOADS.",
            id="config.E017",
        )


@register("portal", deploy=True)
def uploads_are_read_apart(**kwargs: Any) -> Iterable[CheckMessage]:
    """config.E018: the process that reads what people send reaches no key and has a network of its own (SEC-42)."""
    try:
        asked = json.dumps({"paths": [str(path) for path in key_files().values()]}).encode()
        (found,) = runner.answers("probe", asked, LIMITS)
    except DatabaseError:
        return  # config.E005 says so
    except (Rejected, runner.NoVerdict) as why:
        yield Error(f"The process that reads uploads does not start: {why}.", id="config.E018")
        return
    if shared := runner.what_is_shared(found, network=str(Path("/proc/self/ns/net").readlink())):
        yield Error(
            f"The process that reads uploads is not apart: {', '.join(shared)}.",
            hint="Allow user namespaces to the portal's user (docs/operations.md, Uploads).",
            id="config.E018",
        )
