"""The three databases, their roles, and which model lives where.

``default`` (general) holds staff accounts, the rulebook, cases, registers and keys; ``personal`` holds what identifies
people, sealed; ``archive`` holds what another law preserves (P8.7, P6.4). Each process connects as the least role that
can do its work: pages as ``portal_app``, intake as ``portal_intake``, the worker as ``portal_worker``, which own
nothing; migrations as ``portal_owner``. The archive has credentials of its own: there pages and worker are
``portal_archivist``, intake is nobody, and no role of another database may connect (D-04). Guards ask for
``portal_process``, of which all of these are members. The embedded server has one role more, which may do what pages,
intake and worker may, for one process that does all. An auditor's requests to the console run as ``portal_reader``,
which nobody can sign in to a database as.
"""

import os
from collections.abc import Collection
from typing import Any

import psycopg
from django.core.exceptions import ImproperlyConfigured
from psycopg import sql

DATABASES = {"default": "portal_general", "personal": "portal_personal", "archive": "portal_archive"}

# As whom each process (PORTAL_PROCESS) works, and on the embedded server one that answers for all three.
PROCESS_ROLES = {"pages": "portal_app", "intake": "portal_intake", "worker": "portal_worker"}
DEVELOPMENT_ROLE = "portal_development"
# What they have in common, also in the archive: guards hold whoever is a member.
COMMON_ROLE = "portal_process"
# The role of other processes, by management command.
ROLE_OF_COMMAND = {
    "migrate": "portal_owner",
    "migrate_all": "portal_owner",
    "makemigrations": "portal_owner",
    "finish_destruction": "portal_owner",
    "replay_destructions": "portal_owner",
    "share_journal": "portal_owner",
    "sync_schedules": "portal_owner",
    "adopt_registers": "portal_owner",
    "seal": "portal_sequencer",
    "notary": "portal_notary",
    "verify_ledger": "portal_auditor",
    "export_ledger": "portal_auditor",
    "prune_ledger": "portal_pruner",
    "keyservice": "portal_keys",
    "provision_sql": "portal_owner",
    "witness": "portal_witness",
}
# A witness stands on somebody else's host and connects to no database.
WITNESS_ROLE = "portal_witness"
OWNER_ROLE, NOTARY_ROLE = "portal_owner", "portal_notary"
# Roles of processes that connect to the general database alone.
GENERAL_ROLES = ("portal_keys", "portal_notary", "portal_sequencer")

# Every model outside this table lives in ``default`` if its app is listed in APPS, and nowhere otherwise.
DATABASE_OF_MODEL = {
    "archive": {"retention.archivedrecord", "retention.archivejournalcursor"},
    "personal": {
        "subjects.contact",
        "consents.representative",
        "consents.askedrepresentative",
        "devices.device",
        "devices.licence",
        "devices.report",
        "devices.applog",
        "devices.batch",
        "devices.importedrow",
        "devices.settlederror",
        "devices.applogremoval",
        "rights.particulars",
        "incidents.complainttext",
        "vault.encryptedfile",
        "retention.personaljournalcursor",
        "systems.envelope",
        "jobs.personaloutbox",
    },
}
DATABASE_OF_APP = {
    "account", "accounts", "admin", "auth", "mfa", "socialaccount", "contenttypes", "sessions", "django_q", "auditlog",
    "ledger", "jobs", "policies", "vault", "subjects", "retention", "disclosures", "incidents", "safeguards",
    "workforce", "rights", "consents", "devices", "campaigns", "processors", "office_api", "scim",
    "systems",
}  # fmt: skip


def current_role() -> str:
    """Return the PostgreSQL role that this process should have (embedded server only)."""
    return os.environ.get("PORTAL_ROLE") or PROCESS_ROLES.get(os.environ.get("PORTAL_PROCESS", ""), DEVELOPMENT_ROLE)


def databases_of(process: str) -> dict[str, str]:
    """Return the databases that a process opens: intake has no credentials for the archive."""
    return {alias: name for alias, name in DATABASES.items() if (alias, process) != ("archive", "intake")}


def is_of_the_portal(role: str) -> bool:
    """Whether a role is one of the portal's own processes: pages, intake, worker, or all in one."""
    return role in {*PROCESS_ROLES.values(), DEVELOPMENT_ROLE}


def role_in(alias: str, role: str) -> str:
    """Return as whom a process with ``role`` connects to a database: the portal has another role in the archive."""
    return "portal_archivist" if alias == "archive" and is_of_the_portal(role) else role


def roles_in(alias: str) -> dict[str, str]:
    """Return the processes that work in a database, with their roles there."""
    return {
        process: role_in(alias, role)
        for process, role in PROCESS_ROLES.items()
        if (alias, process) != ("archive", "intake")
    }


# Who may connect to which database, beside the owner.
CONNECT_ROLES = {
    "default": (
        *PROCESS_ROLES.values(),
        "portal_sequencer",
        "portal_notary",
        "portal_auditor",
        "portal_pruner",
        "portal_keys",
    ),
    "personal": (
        *PROCESS_ROLES.values(),
        "portal_sequencer",
        "portal_notary",
        "portal_auditor",
        "portal_pruner",
    ),
    "archive": ("portal_archivist", "portal_auditor"),
}

# The journal of destructions, where several hosts serve: who may add to it (``replay_destructions`` is the owner's).
# It is a database to be made and connected to like the others, and none of Django's.
JOURNAL = "journal"
JOURNAL_WRITERS = ("portal_worker",)
JOURNAL_READERS = ("portal_app", "portal_intake")
ALL_DATABASES = {**DATABASES, JOURNAL: "portal_journal"}
WHO_CONNECTS = {**CONNECT_ROLES, JOURNAL: (*JOURNAL_WRITERS, *JOURNAL_READERS)}


# As whom an auditor's requests to the console run (config/readonly_role.py): it reads these databases and adds to the
# audit trail, but writes only what an auditor's own work is: reviews of access records, inspections, the address of a
# calendar, the views of lists that they keep, and which record a form has made.
READONLY_ROLE = "portal_reader"
READONLY_ROLE_INSERTS = ("django_q_ormq",)
READONLY_ROLE_WRITES = (
    "accounts_savedview",
    "accounts_sentform",
    "ledger_finding",
    "ledger_findingquestion",
    "ledger_review",
    "safeguards_calendar",
    "safeguards_inspection",
    "safeguards_inspectionfinding",
)


class Router:
    """Send each model to the one database it lives in; a model that nobody listed is an error, not a guess."""

    def home(self, app_label: str, model_name: str) -> str:
        name = f"{app_label}.{model_name}"
        for alias, models in DATABASE_OF_MODEL.items():
            if name in models:
                return alias
        if app_label not in DATABASE_OF_APP:
            raise ImproperlyConfigured(f"{name} has no database: list its app in config/databases.py.")
        return "default"

    def db_for_read(self, model: Any, **hints: Any) -> str:
        return self.home(model._meta.app_label, model._meta.model_name)

    def db_for_write(self, model: Any, **hints: Any) -> str:
        return self.home(model._meta.app_label, model._meta.model_name)

    def allow_relation(self, obj1: Any, obj2: Any, **hints: Any) -> bool:
        # Not their types: a request's user is a lazy stand-in.
        return self.db_for_read(obj1) == self.db_for_read(obj2)

    def allow_migrate(self, db: str, app_label: str, model_name: str | None = None, **hints: Any) -> bool:
        if db not in DATABASES:
            return False
        if model_name is None:
            # RunSQL and RunPython say where they belong: hints={"database": "personal"}; without it, default.
            return bool(db == hints.get("database", "default"))
        return self.home(app_label, model_name) == db


type Statement = sql.SQL | sql.Composed
LOGIN_ROLES = (
    "portal_owner", *PROCESS_ROLES.values(), "portal_archivist", "portal_sequencer", "portal_notary", "portal_auditor",
    "portal_pruner", "portal_keys",
)  # fmt: skip


def role_statements(*, password: str | None, known: Collection[str] = ()) -> list[Statement]:
    """Return the statements that make the roles not ``known`` yet.

    ``portal_ledger`` owns the audit trail and can't log in. Without a password here, the operator sets one before a
    role can log in.
    """
    statements: list[Statement] = []
    for role in LOGIN_ROLES:
        if role not in known:
            statement: Statement = sql.SQL(
                "CREATE ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS"
            ).format(sql.Identifier(role))
            if password is not None:
                statement += sql.SQL(" PASSWORD {}").format(sql.Literal(password))
            statements.append(statement)
    if "portal_ledger" not in known:
        statements += [sql.SQL("CREATE ROLE portal_ledger NOLOGIN"), sql.SQL("GRANT portal_ledger TO portal_owner")]
    statements += [
        sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(role))
        for role in (READONLY_ROLE, COMMON_ROLE)
        if role not in known
    ]
    working = sql.SQL(", ").join(map(sql.Identifier, (*PROCESS_ROLES.values(), "portal_archivist")))
    statements.append(sql.SQL("GRANT {} TO {}").format(sql.Identifier(COMMON_ROLE), working))
    # To be taken, not to be had: what is withdrawn from the portal's role must not come back by way of the reader's.
    taken = sql.SQL("GRANT {} TO portal_app, portal_archivist WITH INHERIT FALSE, SET TRUE")
    statements.append(taken.format(sql.Identifier(READONLY_ROLE)))
    # For turning the write-ahead log over after a destruction: see schema_statements.
    statements.append(sql.SQL("GRANT pg_checkpoint TO portal_owner"))
    return statements


def development_role(password: str, known: Collection[str]) -> list[Statement]:
    """Return the statements that make the role of one process for all, which production does not have."""
    role, rights = sql.Identifier(DEVELOPMENT_ROLE), sql.SQL(", ").join(map(sql.Identifier, PROCESS_ROLES.values()))
    made = sql.SQL("CREATE ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS PASSWORD {}")
    return [
        *([] if DEVELOPMENT_ROLE in known else [made.format(role, sql.Literal(password))]),
        sql.SQL("GRANT {} TO {} WITH INHERIT TRUE, SET TRUE").format(rights, role),
    ]


def access_statements(alias: str, name: str) -> list[Statement]:
    """Return the statements that say who may connect to the database ``name``, which serves as ``alias``."""
    database = sql.Identifier(name)
    roles = sql.SQL(", ").join(map(sql.Identifier, WHO_CONNECTS[alias]))
    return [
        sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(database),
        sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(database, roles),
    ]


def schema_statements(alias: str) -> list[Statement]:
    """Return the statements for inside a new database: its owner, and who may look inside.

    What a process's role may do with each table comes with ``migrate_all`` (config/database_grants.toml).
    """
    roles = sql.SQL(", ").join(sql.Identifier(role) for role in CONNECT_ROLES[alias] if role != "portal_pruner")
    return [
        sql.SQL("ALTER SCHEMA public OWNER TO portal_owner"),
        sql.SQL("REVOKE CREATE ON SCHEMA public FROM PUBLIC"),
        sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(roles),
        # After a destruction the owner turns the write-ahead log over and looks for files that a crash left, by their
        # names alone and below the data directory (manage.py finish_destruction).
        sql.SQL(
            "GRANT EXECUTE ON FUNCTION pg_catalog.pg_switch_wal(), pg_catalog.pg_ls_waldir(),"
            " pg_catalog.pg_ls_dir(text) TO portal_owner"
        ),
    ]


# What the key service reads, in the general database alone: access records, and what the tables say of keys, of grants,
# and of what a certificate says.
KEY_SERVICE_ROLE = "portal_keys"
KEY_SERVICE_READS = {
    "vault_tombstone": "subject_id, category, month, generation, certificate, destroyed_at",
    "vault_freeze": "subject_id, category, item, record_id, lifted_at, until",
    "vault_keycheck": "id, kind, generation, value, current, begun_at, emptied_at, ending_at, ended_at",
    "vault_subjectkey": "id, subject_id, category, generation, wrapped",
    "vault_monthkey": "id, category, month, generation, wrapped",
    "retention_destructionrun": 'id, reference, cause, "case", policy, as_of',
    "retention_destructionlist": """
        id, reference, run_id, category, unit, month, term, plan, target_on, people, approved_by, approved_at,
        seconded_by, seconded_at, executed_by, begun_at, keys_at, rows_at, proposed_at, keys_destroyed, key_kept,
        people_removed, rows_removed, archived, attempts, epochs, state, step, certificate_number""",
    "retention_destructionline": "list_id, subject_id, category, state",
    "retention_certificate": "list_id, kind, number, digest",
    "retention_rewrite": "begun_at, done_at, log_turned",
    "systems_connectedsystem": "id, code, name_ko, name_en",
    "systems_systemtask": "id, system_id, cause_id, act, state, proof_id, backups_until, file_digest",
    "systems_answer": "id, body",
    "policies_parameter": "code, value, effective_on",
    "policies_category": "code, name_ko, name_en, version_id",
    "policies_policyversion": "id, state",
    "accounts_accessgrant": "user_id, category, purpose, revoked_at, valid_from, valid_until",
    "accounts_user": "id, reference, is_active",
}

# The one table that it writes: what its host holds.
KEY_SERVICE_WRITES = "vault_keyholder"


def key_service_statements(alias: str) -> list[Statement]:
    """Return the owner's statements that say anew what the key service may read, and the one table that it writes."""
    if alias != "default":
        return []
    role = sql.Identifier(KEY_SERVICE_ROLE)
    statements: list[Statement] = [
        sql.SQL("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {}").format(role),
        sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(role),
        sql.SQL("SET ROLE portal_ledger"),
        sql.SQL("GRANT USAGE ON SCHEMA ledger TO {}").format(role),
        sql.SQL("GRANT SELECT (id, kind, payload, time, writer, actor, word) ON ledger.entry TO {}").format(role),
        sql.SQL("GRANT EXECUTE ON FUNCTION ledger.append(text, text) TO {}").format(role),
        sql.SQL("GRANT SELECT (index, entry_id) ON ledger.leaf TO {}").format(role),
        sql.SQL("GRANT SELECT (size, root, sealed_at) ON ledger.tree TO {}").format(role),
        sql.SQL("GRANT SELECT (size, note) ON ledger.checkpoint TO {}").format(role),
        sql.SQL("RESET ROLE"),
    ]
    given = sql.SQL("GRANT SELECT, INSERT, UPDATE ON {} TO {}").format(sql.Identifier(KEY_SERVICE_WRITES), role)
    statements.append(given)
    for table, columns in KEY_SERVICE_READS.items():
        # The names are those above.
        named = sql.SQL(columns)
        statements.append(sql.SQL("GRANT SELECT ({}) ON {} TO {}").format(named, sql.Identifier(table), role))
    return statements


def readonly_role_statements(alias: str) -> list[Statement]:
    """Return the owner's statements that say anew what an auditor's requests may do; tables of any age are covered."""
    reader = sql.Identifier(READONLY_ROLE)
    statements: list[Statement] = [
        sql.SQL("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {}").format(reader),
        sql.SQL("REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM {}").format(reader),
        sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(reader),
        sql.SQL("GRANT SELECT ON ALL TABLES IN SCHEMA public TO {}").format(reader),
    ]
    if alias == "default":
        tables = sql.SQL(", ").join(map(sql.Identifier, READONLY_ROLE_WRITES))
        statements += [
            sql.SQL("GRANT INSERT, UPDATE ON {} TO {}").format(tables, reader),
            sql.SQL("GRANT INSERT ON {} TO {}").format(
                sql.SQL(", ").join(map(sql.Identifier, READONLY_ROLE_INSERTS)), reader
            ),
            sql.SQL("SET ROLE portal_ledger"),
            sql.SQL("GRANT USAGE ON SCHEMA ledger TO {}").format(reader),
            sql.SQL("GRANT SELECT ON ALL TABLES IN SCHEMA ledger TO {}").format(reader),
            sql.SQL("GRANT INSERT (kind, payload) ON ledger.entry TO {}").format(reader),
            sql.SQL("GRANT INSERT ON ledger.field_change TO {}").format(reader),
            sql.SQL("RESET ROLE"),
        ]
    return statements


def provision(connection: psycopg.Connection[Any], *, password: str) -> None:
    """Create the roles and the databases where they are missing. Needs a superuser; safe to repeat."""
    known = {row[0] for row in connection.execute("SELECT rolname FROM pg_roles").fetchall()}
    for statement in (*role_statements(password=password, known=known), *development_role(password, known)):
        connection.execute(statement)
    present = {row[0] for row in connection.execute("SELECT datname FROM pg_database").fetchall()}
    for alias, name in DATABASES.items():
        if name not in present:
            # Under another name until its rights are given: half of a database must not pass for a whole one.
            unfinished = f"{name}_unfinished"
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(unfinished)))
            create_database(connection, alias, unfinished)
            renamed = sql.SQL("ALTER DATABASE {} RENAME TO {}")
            connection.execute(renamed.format(sql.Identifier(unfinished), sql.Identifier(name)))


def create_database(connection: psycopg.Connection[Any], alias: str, name: str, template: str | None = None) -> None:
    """Create one database owned by ``portal_owner``: empty with default privileges, or a copy of a template."""
    statement: Statement = sql.SQL("CREATE DATABASE {} OWNER portal_owner").format(sql.Identifier(name))
    if template is not None:
        # Copying files is several times faster than logging every page of the copy.
        statement += sql.SQL(" TEMPLATE {} STRATEGY FILE_COPY").format(sql.Identifier(template))
    connection.execute(statement)
    for statement in access_statements(alias, name):
        connection.execute(statement)
    if template is None and alias in DATABASES:
        address = connection.info.dsn
        with psycopg.connect(address, password=connection.info.password, dbname=name, autocommit=True) as inside:
            for statement in schema_statements(alias):
                inside.execute(statement)
