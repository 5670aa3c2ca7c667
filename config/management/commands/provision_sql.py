"""Print what a database's administrator runs once, before the first migration."""

from typing import Any

from django.core.management.base import BaseCommand
from psycopg import sql

from config.databases import DATABASES, Statement, access_statements, role_statements, schema_statements


class Command(BaseCommand):
    help = "Print the SQL that makes the roles and databases; run it as a superuser, then set the roles' passwords."
    # What they would ask does not exist yet.
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        def show(statements: list[Statement]) -> None:
            for statement in statements:
                self.stdout.write(f"{statement.as_string(None)};")

        self.stdout.write("-- on each server")
        show(role_statements(password=None))
        for alias, name in DATABASES.items():
            self.stdout.write(f"\n-- the {alias} database")
            show([sql.SQL("CREATE DATABASE {} OWNER portal_owner").format(sql.Identifier(name))])
            show(access_statements(alias, name))
            self.stdout.write(f"\\connect {name}")
            show(schema_statements(alias))
