"""Roles and databases on the servers, by an administrator's connection."""

from collections.abc import Iterator
from functools import partial

import psycopg
from psycopg import sql

from config.databases import (
    ALL_DATABASES,
    LOGIN_ROLES,
    WHO_CONNECTS,
    access_statements,
    create_database,
    role_statements,
)
from deploy.installer.configuration import Configuration, Secrets, connects
from deploy.installer.plan import Step, Stopped, Unknown, always

LEAST_VERSION = 160_000
# Beside the portal's: monitoring, backups, a person.
SPARE_CONNECTIONS = 10


type Connection = psycopg.Connection[tuple[object, ...]]


def refuse_other_secrets(configuration: Configuration, secrets: Secrets) -> None:
    """Raise ``Stopped`` where secrets would be made beside those that are in use."""
    if "owner" not in configuration.runs:
        if not secrets.are_complete():
            raise Stopped(f"{secrets.path} lacks secrets. Put that of the first host there: all hosts have the same.")
    elif "SECRET_KEY" not in secrets.values:
        for connection, _aliases, named in _servers(configuration):
            if _roles(connection) & {*LOGIN_ROLES}:
                raise Stopped(
                    f"{secrets.path} has no SECRET_KEY, but {named} has the portal's roles. Put it back from its "
                    "backup: new passwords lock out what runs, and a new SECRET_KEY opens no second factor."
                )


def steps(configuration: Configuration, secrets: Secrets) -> Iterator[Step]:
    """Yield what each server needs."""
    for connection, aliases, named in _servers(configuration):
        _refuse_unfit(connection, configuration, aliases, named)
        yield from _of_one(connection, aliases, secrets, named)


def _servers(configuration: Configuration) -> Iterator[tuple[Connection, list[str], str]]:
    """Yield a connection to each server, which databases are on it, and its name. Raises ``Stopped``."""
    for address, aliases in configuration.servers().items():
        named = f"{configuration.databases[aliases[0]].netloc.rpartition('@')[2]} ({', '.join(aliases)})"
        try:
            connection = psycopg.connect(address, autocommit=True, connect_timeout=5)
        except psycopg.OperationalError as error:
            raise Stopped(f"{named}: {str(error).strip()}") from error
        with connection:
            yield connection, aliases, named


def _roles(connection: Connection) -> set[str]:
    return {str(row[0]) for row in connection.execute("SELECT rolname FROM pg_roles").fetchall()}


def _refuse_unfit(connection: Connection, configuration: Configuration, aliases: list[str], named: str) -> None:
    """Raise ``Stopped`` where the server is too old or takes too few connections."""
    if connection.info.server_version < LEAST_VERSION:
        raise Stopped(
            f"{named} is PostgreSQL {connection.info.server_version // 10_000}; the portal needs 16 or newer."
        )
    row = connection.execute(
        "SELECT current_setting('max_connections')::int, current_setting('superuser_reserved_connections')::int"
        " + coalesce(current_setting('reserved_connections', true)::int, 0)"
    ).fetchone()
    assert row is not None
    most, reserved = int(str(row[0])), int(str(row[1]))
    need = configuration.connections() * len(aliases) + SPARE_CONNECTIONS
    if most - reserved < need:
        raise Stopped(
            f"{named} takes {most} connections, {reserved} of them reserved; [web] needs {need}. Raise max_connections "
            f"to {need + reserved}, or lower workers × threads."
        )


def _of_one(connection: Connection, aliases: list[str], secrets: Secrets, named: str) -> Iterator[Step]:
    def make_roles() -> None:
        for statement in role_statements(password=None, known=_roles(connection)):
            connection.execute(statement)

    missing = sorted({*LOGIN_ROLES, "portal_ledger", "portal_reader", "portal_process"} - _roles(connection))
    yield Step(f"{named}: the roles {', '.join(missing) or 'are there'}", lambda: not missing, make_roles)
    for role in LOGIN_ROLES:
        if alias := next((alias for alias in aliases if connects(role, alias)), None):
            given = (connection, role, secrets.password(role, alias))
            yield Step(f"{named}: the password of {role}", partial(_opens, *given), partial(_set_password, *given))
    for alias in aliases:
        name = ALL_DATABASES[alias]
        yield Step(
            f"{named}: the database {name}, owned by portal_owner; {', '.join(WHO_CONNECTS[alias])} may connect",
            partial(_exists, connection, name),
            partial(create_database, connection, alias, name),
        )
        yield Step(f"{named}: nobody else may connect to {name}", always, partial(_grant, connection, alias, name))


def _exists(connection: Connection, name: str) -> bool:
    return connection.execute("SELECT FROM pg_database WHERE datname = %s", [name]).rowcount == 1


def _grant(connection: Connection, alias: str, name: str) -> None:
    for statement in access_statements(alias, name):
        connection.execute(statement)


def _set_password(connection: Connection, role: str, password: str) -> None:
    """Set a password as its verifier: the server and its log never see it."""
    verifier = connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
    connection.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(role), sql.Literal(verifier)))


def _opens(connection: Connection, role: str, password: str) -> bool:
    """Whether a role signs in with this password; where no database takes it yet, the server still says so."""
    if not password:
        raise Unknown
    try:
        psycopg.connect(connection.info.dsn, user=role, password=password, connect_timeout=5).close()
    except psycopg.OperationalError as error:
        return "permission denied for database" in str(error)
    return True
