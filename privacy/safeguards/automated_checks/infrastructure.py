"""How the portal stands inside: databases, roles, passwords, the audit trail, keys, backups (P8.2 … P8.4, P8.7)."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connections
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from privacy.ledger.models import Scrub
from privacy.lib.display.badges import datetime_text
from privacy.safeguards.automated_checks.registry import CheckResult, automated_check, failed, passed, unknown
from privacy.safeguards.models import Measure
from privacy.vault.models import KeyCheck

ALIASES = ("default", "personal", "archive")
# The trail is hashed again each night, the master key turns each month, backups are made each day, drills each quarter.
TRAIL, KEY, BACKUP, DRILL = timedelta(hours=30), timedelta(days=40), timedelta(hours=30), timedelta(days=92)
SLOW_HASHERS = ("argon2", "scrypt", "pbkdf2_sha256")
# A cluster keeps its identifier for ever; a copy of one has the same, and another start.
IDENTITY = """
    SELECT s.system_identifier, pg_postmaster_start_time(), d.oid
      FROM pg_control_system() s, pg_database d WHERE d.datname = current_database()
"""
OWNED = """
    SELECT r.rolsuper OR r.rolbypassrls OR r.rolcreaterole OR r.rolcreatedb,
           (SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE pg_has_role(current_user, c.relowner, 'USAGE') AND c.relkind IN ('r', 'p')
               AND n.nspname IN ('public', 'ledger'))
      FROM pg_roles r WHERE r.rolname = current_user
"""


@automated_check(
    "databases-apart",
    gettext_lazy("Separate databases for general and personal information"),
    kind=Measure.Kind.SEPARATION,
    clause="P8.7",
)
def database_separation(at: datetime) -> CheckResult:
    """Ask each database who it is: its cluster and itself, whatever name or address leads to it."""
    places: dict[tuple[Any, ...], str] = {}
    for alias in ALIASES:
        with connections[alias].cursor() as cursor:
            cursor.execute(IDENTITY)
            place = tuple(cursor.fetchone())
        if place in places:
            return failed(_("%(one)s and %(other)s are the same database.") % {"one": places[place], "other": alias})
        places[place] = alias
    clusters = {place[:2] for place in places}
    if len(clusters) == 1:
        return passed(_("Three databases with their own names and rights, in one cluster."))
    return passed(_("Three databases in %(count)d clusters.") % {"count": len(clusters)})


@automated_check(
    "roles", gettext_lazy("Database roles that own nothing"), kind=Measure.Kind.ACCESS_CONTROL, clause="P8.2"
)
def database_roles(at: datetime) -> CheckResult:
    """Ask each database what this process's role may do: it must own no table and be no superuser."""
    for alias in ALIASES:
        try:
            with connections[alias].cursor() as cursor:
                cursor.execute(OWNED)
                mighty, owned = cursor.fetchone()
        except DatabaseError as error:
            return unknown(_("%(alias)s did not respond: %(why)s.") % {"alias": alias, "why": type(error).__name__})
        if mighty or owned:
            return failed(
                _("The role for %(alias)s owns %(owned)d tables or can create roles.")
                % {"alias": alias, "owned": owned}
            )
    return passed(_("In %(count)d databases the portal's role owns nothing.") % {"count": len(ALIASES)})


@automated_check(
    "passwords", gettext_lazy("One-way encryption of passwords"), kind=Measure.Kind.ENCRYPTION, clause="P8.4"
)
def password_hashing(at: datetime) -> CheckResult:
    """Look at how the stored passwords are written: each by a slow one-way function, never readable (law S-18)."""
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT split_part(password, '$', 1), count(*) FROM accounts_user WHERE password NOT LIKE '!%%' GROUP BY 1"
        )
        counted = dict(cursor.fetchall())
    weak = sorted(name[:20] for name in counted if name not in SLOW_HASHERS)
    if weak:
        return failed(_("Passwords are hashed with: %(names)s.") % {"names": ", ".join(weak)})
    return passed(
        _("%(count)d passwords, all hashed with %(names)s.")
        % {"count": sum(counted.values()), "names": ", ".join(counted) or "–"}
    )


@automated_check("trail", gettext_lazy("Verification of the audit trail"), kind=Measure.Kind.RECORDS, clause="P8.3")
def audit_trail(at: datetime) -> CheckResult:
    """Take the result of the nightly pass over the whole audit trail."""
    last = Scrub.objects.finished().first()
    if last is None or last.finished_at is None:
        return unknown(_("The whole audit trail has not been verified yet."))
    told = {"at": datetime_text(last.finished_at), "size": last.size, "result": last.get_code_display()}
    if last.code != 0:
        return failed(_("The verification at %(at)s found: %(result)s.") % told)
    if at - last.finished_at > TRAIL:
        return failed(_("The last verification was at %(at)s: the nightly run is not running.") % told)
    return passed(_("%(size)d entries verified at %(at)s.") % told)


@automated_check("master-key", gettext_lazy("Age of the master key"), kind=Measure.Kind.ENCRYPTION, clause="P8.4")
def master_key(at: datetime) -> CheckResult:
    """Look at when the current generation of the master key began (law S-22)."""
    current = KeyCheck.objects.filter(kind=KeyCheck.Kind.MASTER, current=True).first()
    if current is None:
        return failed(_("There is no current master key."))
    days = (at - current.begun_at).days
    told = {"generation": current.generation, "days": days}
    if at - current.begun_at > KEY:
        return failed(_("Generation %(generation)d is %(days)d days old: the monthly rotation is not running.") % told)
    return passed(_("Generation %(generation)d, %(days)d days old.") % told)


@automated_check("backup", gettext_lazy("Age of the last backup"), kind=Measure.Kind.CONTINUITY, clause="P8.6")
def backup(at: datetime) -> CheckResult:
    """Look at the file that the backup touches when it has ended well (docs/operations.md)."""
    return _file_age(Path(settings.BACKUP_STAMP), BACKUP, at)


@automated_check(
    "restore-drill", gettext_lazy("Age of the last restore drill"), kind=Measure.Kind.CONTINUITY, clause="P8.6"
)
def restore_drill(at: datetime) -> CheckResult:
    """Look at the file that the restore drill touches when it has ended well (law S-26)."""
    return _file_age(Path(settings.RESTORE_DRILL_STAMP), DRILL, at)


def _file_age(path: Path, most: timedelta, at: datetime) -> CheckResult:
    try:
        touched = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except OSError:
        return unknown(_("There is no record of the last one: %(path)s is missing.") % {"path": path.name})
    told = {"at": datetime_text(touched)}
    return passed(_("Last on %(at)s.") % told) if at - touched <= most else failed(_("Too old: last on %(at)s.") % told)
