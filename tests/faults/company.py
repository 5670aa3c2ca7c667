"""A company of five connected systems of different kinds, each behind the connector as its owner runs it.

Three answer. The customer desk (an HTTP API) lies: it says that it destroyed or corrected, shows so to the very next
search, and holds it all the same. The folder of CSV goes offline. What each holds is looked up in the system itself.
"""

import json
import os
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID
from wsgiref.simple_server import make_server

import boto3
import psycopg
import pymysql
from psycopg import sql

from exafe_connector.configuration import read_connector
from privacy.systems import shared_secrets
from tests import factory
from tests.database import server_connection
from tests.sdk.connector import systems
from tests.sdk.connector.served import Served, toml

CATEGORY = "device-registration"
MAKE = (
    "CREATE TABLE customer (device integer PRIMARY KEY, ref varchar(40), imei varchar(20), model varchar(40),"
    " frozen boolean DEFAULT false, frozen_at timestamp(6) NULL)"
)
# When a row was first marked, by the database's own clock.
SEEN_IN_POSTGRESQL = """
CREATE FUNCTION seen() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF NEW.frozen AND OLD.frozen_at IS NULL THEN NEW.frozen_at := clock_timestamp() AT TIME ZONE 'UTC'; END IF;
    RETURN NEW; END $$;
CREATE TRIGGER seen BEFORE UPDATE ON customer FOR EACH ROW EXECUTE FUNCTION seen()
"""
SEEN_IN_MARIADB = (
    "CREATE TRIGGER seen BEFORE UPDATE ON customer FOR EACH ROW"
    " SET NEW.frozen_at = IF(NEW.frozen AND OLD.frozen_at IS NULL, UTC_TIMESTAMP(6), OLD.frozen_at)"
)
INSERT = "INSERT INTO customer (device, ref, imei, model) VALUES (%s, %s, %s, %s)"
MODEL = "SM-S931N"
# Added to the number of somebody who came back.
BACK = 1_000_000
KEYS = {"aws_access_key_id": "a", "aws_secret_access_key": "b", "region_name": "us-east-1"}


@dataclass
class Person:
    """Somebody whose data every system holds; ``wanted``: the right IMEI, where theirs is to be corrected."""

    number: int
    subject_id: UUID
    reference: str
    wanted: str = ""
    returned: bool = False

    @property
    def imei(self) -> str:
        return factory.imei(self.number)


class OneSystem:
    """A system with its connector. What it holds is asked of it past connector and portal."""

    code: str
    items: tuple[str, ...] = ("imei", "model")
    identifiers: tuple[str, ...] = ("imei",)
    corrects = True

    def __init__(self, folder: Path, settings: str) -> None:
        folder.mkdir(exist_ok=True)
        self.served = Served(folder, settings, more="backups_days = 30")
        self.is_up, self.back_at, self.kills = False, 0.0, 0

    def register(self) -> None:
        """Enter it into the portal's register, by two people."""
        address = f"http://127.0.0.1:{self.served.port}"
        made = factory.make_api_system(
            self.code, address, self.served.public, items={CATEGORY: list(self.items)},
            identifiers=list(self.identifiers),
        )  # fmt: skip
        secret = shared_secrets.shared_secret(made)
        (self.served.configuration.parent / "secrets").write_bytes(secret + b"\n")

    def start(self) -> None:
        self.served.start()
        self.is_up = True

    def kill(self) -> None:
        """Kill the connector, whatever it is at."""
        self.served.kill()
        self.is_up = False
        self.kills += 1

    def close(self) -> None:
        if self.is_up:
            self.kill()

    def put(self, person: Person) -> None:
        """Let the system hold a person."""
        raise NotImplementedError

    def held(self, person: Person) -> bool:
        """Whether it holds anything of a person."""
        raise NotImplementedError

    def imei(self, person: Person) -> str | None:
        """Return the IMEI that it holds of a person."""
        raise NotImplementedError

    def contents(self, people: list[Person]) -> dict[int, str | None]:
        """Return by number of whom it holds anything, with the IMEI that it holds."""
        return {one.number: self.imei(one) for one in people if self.held(one)}

    def frozen(self, people: list[Person]) -> set[int]:
        """Return whose data it shows as frozen, by number."""
        raise NotImplementedError

    def first_frozen(self) -> dict[int, datetime]:
        """Return when whose data was first marked as frozen, by number, where the system knows."""
        return {}


class Rows(OneSystem):
    """A table of a database."""

    run: Callable[..., list[Any]]
    look: Any
    lock = threading.Lock()

    def close(self) -> None:
        super().close()
        self.look.close()

    def put(self, person: Person) -> None:
        self.run(INSERT, person.number, person.reference, person.imei, MODEL)

    def held(self, person: Person) -> bool:
        count = "SELECT count(*) FROM customer WHERE device = %s AND (imei IS NOT NULL OR model IS NOT NULL)"
        return bool(self.run(count, person.number)[0][0])

    def imei(self, person: Person) -> str | None:
        found = self.run("SELECT imei FROM customer WHERE device = %s", person.number)
        return found[0][0] if found else None

    def contents(self, people: list[Person]) -> dict[int, str | None]:
        held = "SELECT device, imei FROM customer WHERE imei IS NOT NULL OR model IS NOT NULL"
        return {int(device): imei for device, imei in self.run(held)}

    def frozen(self, people: list[Person]) -> set[int]:
        marked = {int(row[0]) for row in self.run("SELECT device FROM customer WHERE frozen")}
        return marked & {one.number for one in people}

    def first_frozen(self) -> dict[int, datetime]:
        rows = self.run("SELECT device, frozen_at FROM customer WHERE frozen_at IS NOT NULL")
        return {int(device): at.replace(tzinfo=UTC) for device, at in rows}


class Crm(Rows):
    """PostgreSQL: finds people by reference or IMEI, and deletes rows."""

    code = "crm"
    identifiers = ("reference", "imei")

    def __init__(self, folder: Path, dsn: str) -> None:
        table = {"name": "customer", "destroy": "row", "frozen": "frozen"}
        mapping = 'find = {reference = "ref", imei = "imei"}\nitems = {imei = "imei", model = "model"}\n'
        super().__init__(folder, f"{toml({'kind': 'postgresql', 'dsn': dsn})}[[system.tables]]\n{toml(table)}{mapping}")
        self.look = psycopg.connect(dsn, autocommit=True)
        self.look.execute(MAKE)
        self.look.execute(SEEN_IN_POSTGRESQL)

    def take_back(self, person: Person) -> None:
        """Let somebody whose data was destroyed come back as a customer: a new row by the same numbers."""
        self.run(INSERT, BACK + person.number, person.reference, person.imei, MODEL)

    def is_back(self, person: Person) -> bool:
        return bool(
            self.run("SELECT 1 FROM customer WHERE device = %s AND imei = %s", BACK + person.number, person.imei)
        )

    def run(self, statement: str, *values: object) -> list[Any]:
        with self.lock:
            done = self.look.execute(statement.encode(), values)
            return done.fetchall() if done.description else []


class Mdm(Rows):
    """MariaDB: finds people by IMEI alone, and blanks."""

    code = "mdm"

    def __init__(self, folder: Path, where: dict[str, Any]) -> None:
        connection = (
            "connection = {" + ", ".join(f"{name} = {json.dumps(value)}" for name, value in where.items()) + "}\n"
        )
        table = {"name": "customer", "destroy": "blank", "frozen": "frozen"}
        mapping = 'find = {imei = "imei"}\nitems = {imei = "imei", model = "model"}\n'
        super().__init__(folder, f'kind = "mariadb"\n{connection}[[system.tables]]\n{toml(table)}{mapping}')
        self.look = pymysql.connect(**where, autocommit=True)
        self.run(MAKE)
        self.run(SEEN_IN_MARIADB)

    def run(self, statement: str, *values: object) -> list[Any]:
        with self.lock, self.look.cursor() as cursor:
            cursor.execute(statement, values)
            return list(cursor.fetchall()) if cursor.description else []


class Photos(OneSystem):
    """A bucket with versions: photographs of the label with the serial number. Objects aren't corrected."""

    code = "photos"
    items = ("serial_number",)
    identifiers = ("reference",)
    corrects = False

    def __init__(self, folder: Path, url: str) -> None:
        self.bucket = f"photos-{uuid.uuid4().hex[:8]}"
        client = ", ".join(f"{name} = {json.dumps(value)}" for name, value in {"endpoint_url": url, **KEYS}.items())
        told = {"kind": "s3", "bucket": self.bucket}
        mapping = f'client = {{{client}}}\nprefixes = {{serial_number = "devices/{{reference}}/"}}\n'
        super().__init__(folder, toml(told) + mapping)
        self.client = boto3.session.Session().client("s3", endpoint_url=url, **KEYS)
        self.client.create_bucket(Bucket=self.bucket)
        self.client.put_bucket_versioning(Bucket=self.bucket, VersioningConfiguration={"Status": "Enabled"})

    def put(self, person: Person) -> None:
        for _version in range(2):
            self.client.put_object(Bucket=self.bucket, Key=f"devices/{person.reference}/label", Body=b"picture")

    def _versions(self, person: Person) -> list[dict[str, Any]]:
        told = self.client.list_object_versions(Bucket=self.bucket, Prefix=f"devices/{person.reference}/")
        return [*told.get("Versions", []), *told.get("DeleteMarkers", [])]

    def held(self, person: Person) -> bool:
        return bool(self._versions(person))

    def contents(self, people: list[Person]) -> dict[int, str | None]:
        pages = self.client.get_paginator("list_object_versions").paginate(Bucket=self.bucket, Prefix="devices/")
        found = [one for page in pages for part in ("Versions", "DeleteMarkers") for one in page.get(part, ())]
        there = {one["Key"].split("/")[1] for one in found}
        return {one.number: None for one in people if one.reference in there}

    def imei(self, person: Person) -> str | None:
        return None

    def frozen(self, people: list[Person]) -> set[int]:
        return {one.number for one in people if self._all_marked(one)}

    def _all_marked(self, person: Person) -> bool:
        found = self._versions(person)
        tags = [
            self.client.get_object_tagging(Bucket=self.bucket, Key=one["Key"], VersionId=one["VersionId"])["TagSet"]
            for one in found
        ]
        return bool(tags) and all(tags)


class Desk(OneSystem):
    """A system with an HTTP API that lies: the next search after a deletion or a change shows what was asked for."""

    code = "desk"
    items = ("imei",)
    identifiers = ("reference",)

    def __init__(self, folder: Path) -> None:
        self.people: dict[str, str] = {}
        self.marks: set[str] = set()
        self.first_marks: dict[int, datetime] = {}
        self.numbers: dict[str, int] = {}
        self.shown: dict[str, str] = {}
        self.server = make_server("127.0.0.1", 0, self.answer, handler_class=systems.Quiet)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        base = f"http://127.0.0.1:{self.server.server_port}"
        person = base + "/people/{reference}"
        told: dict[str, Any] = {
            "search": {"method": "GET", "url": person},
            "read_back": {"method": "GET", "url": base + "/search?device={reference}"},
            "destroy": {"method": "DELETE", "url": person + "/{item}"},
            "correct": {"method": "PATCH", "url": person, "body": {"imei": "{item}"}},
            "freeze": {"method": "PUT", "url": person + "/frozen"},
            "release": {"method": "DELETE", "url": person + "/frozen"},
        }
        lines = 'kind = "http"\nitems = {imei = "/imei"}\n'
        for name, request in told.items():
            lines += f"[system.{name}]\n" + toml({key: one for key, one in request.items() if key != "body"})
            lines += 'body = {imei = "{item}"}\n' if "body" in request else ""
        super().__init__(folder, lines)

    def answer(self, environ: Any, start: Any) -> list[bytes]:
        path, method = environ["PATH_INFO"], environ["REQUEST_METHOD"]
        device = environ["QUERY_STRING"].partition("=")[2] if path == "/search" else path.split("/")[2]
        imei: str | None = self.people.get(device)
        if path.endswith("/frozen"):
            if device in self.numbers:
                self.first_marks.setdefault(self.numbers[device], datetime.now(UTC))
            (self.marks.add if method == "PUT" else self.marks.discard)(device)
        elif method == "DELETE":
            self.shown[device] = ""
        elif method == "PATCH":
            self.shown[device] = json.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))["imei"]
        elif path == "/search" and device in self.shown:
            imei = self.shown.pop(device) or None
        start("200 OK" if imei is not None or method != "GET" else "404 Not Found", [])
        return [json.dumps({"imei": imei} if imei else {}).encode()]

    def put(self, person: Person) -> None:
        self.people[person.reference] = person.imei
        self.numbers[person.reference] = person.number

    def held(self, person: Person) -> bool:
        return person.reference in self.people

    def imei(self, person: Person) -> str | None:
        return self.people.get(person.reference)

    def frozen(self, people: list[Person]) -> set[int]:
        return {one.number for one in people if one.reference in self.marks}

    def first_frozen(self) -> dict[int, datetime]:
        return self.first_marks

    def close(self) -> None:
        super().close()
        self.server.shutdown()
        self.server.server_close()


class Leads(OneSystem):
    """A folder of CSV whose programs ask the connector's freeze list; it goes offline for good."""

    code = "leads"

    def __init__(self, folder: Path) -> None:
        told = {"kind": "csv", "folder": "data", "asks_freeze_list": True}
        files = {"pattern": "*.csv", "destroy": "row"}
        mapping = 'find = {imei = "imei"}\nitems = {imei = "imei", model = "model"}\n'
        super().__init__(folder, f"{toml(told)}[[system.files]]\n{toml(files)}{mapping}")
        self.data = folder / "data"
        self.data.mkdir()

    def put(self, person: Person) -> None:
        # a file each: what a program writes beside the connector is a new file
        path = self.data / f"{person.number}.csv"
        path.with_suffix(".new").write_text(f"device,imei,model\n{person.number},{person.imei},{MODEL}\n")
        path.with_suffix(".new").rename(path)

    def _lines(self, person: Person) -> list[str]:
        path = self.data / f"{person.number}.csv"
        return path.read_text().splitlines()[1:] if path.exists() else []

    def held(self, person: Person) -> bool:
        return bool(self._lines(person))

    def imei(self, person: Person) -> str | None:
        lines = self._lines(person)
        return lines[0].split(",")[1] if lines else None

    def frozen(self, people: list[Person]) -> set[int]:
        connector = read_connector(self.served.configuration)
        try:
            return {
                one.number
                for one in people
                if any(connector.system.frozen_items({"imei": imei}) for imei in {one.imei, one.wanted} - {""})
            }
        finally:
            connector.close()


@contextmanager
def company(folder: Path, mariadb: str) -> Iterator[list[OneSystem]]:
    """Make the five systems, each empty, with connectors that are not started yet."""
    name = f"test_{os.getpid()}_{uuid.uuid4().hex[:8]}_crm"
    with ExitStack() as stack:
        server = stack.enter_context(server_connection())
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        stack.callback(server.execute, sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
        parts = server.info.get_parameters() | {"password": server.info.password, "dbname": name}
        dsn = psycopg.conninfo.make_conninfo(**parts)
        with pymysql.connect(unix_socket=mariadb, user="root") as root, root.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
        where = {"unix_socket": mariadb, "user": "root", "database": name}
        url = stack.enter_context(systems.moto_server())
        made = [
            Crm(folder / "crm", dsn), Mdm(folder / "mdm", where), Photos(folder / "photos", url),
            Desk(folder / "desk"), Leads(folder / "leads"),
        ]  # fmt: skip
        for one in made:
            stack.callback(one.close)
        yield made
