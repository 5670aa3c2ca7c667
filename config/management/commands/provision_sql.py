"""Print what a database's administrator runs on each server, before the first migration."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from psycopg import sql

from config.databases import (
    ALL_DATABASES,
    DATABASES,
    Statement,
    access_statements,
    role_statements,
    schema_statements,
)

# Where it is known what a statement would make, which is then left as it is.
KNOWN = {"ROLE": sql.SQL("pg_roles WHERE rolname"), "DATABASE": sql.SQL("pg_database WHERE datname")}


class Command(BaseCommand):
    help = (
        "Print the SQL that makes the roles and the databases. Run it with psql as a superuser, on each server that"
        " of its own database; it may be run again. Then set the roles' passwords."
    )
    # What they would ask does not exist yet.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--database",
            action="append",
            choices=list(ALL_DATABASES),
            help="of this one alone; the journal of destructions, for several hosts, is made when it is asked for",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write("-- on each server")
        self._show(role_statements(password=None))
        for alias in options["database"] or DATABASES:
            self.stdout.write(f"\n-- the {alias} database")
            name = ALL_DATABASES[alias]
            self._show([sql.SQL("CREATE DATABASE {} OWNER portal_owner").format(sql.Identifier(name))])
            self._show(access_statements(alias, name))
            if alias in DATABASES:
                self.stdout.write(f"\\connect {name}")
                self._show(schema_statements(alias))

    def _show(self, statements: list[Statement]) -> None:
        for statement in statements:
            text = statement.as_string(None)
            verb, kind, name, *_rest = text.split()
            if verb == "CREATE":
                unless = sql.SQL("SELECT {} WHERE NOT EXISTS (SELECT FROM {} = {})")
                made = unless.format(sql.Literal(text), KNOWN[kind], sql.Literal(name.strip('"')))
                self.stdout.write(f"{made.as_string(None)} \\gexec")
            else:
                self.stdout.write(f"{text};")
