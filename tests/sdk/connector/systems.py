"""Real systems for the connector, each with two people in it, and a look into each that no adapter takes part in."""

import copy
import json
import logging
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import boto3
import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import pymysql
from moto.s3.models import FakeAcl, FakeGrant, FakeGrantee, FakeKey
from moto.server import ThreadedMotoServer
from psycopg import sql

from exafe_connector.adapters.adapter import Adapter
from exafe_connector.adapters.csv_folder import CsvFolder, Files
from exafe_connector.adapters.http_system import HttpSystem, Mapped, Request
from exafe_connector.adapters.mariadb import MariaDB
from exafe_connector.adapters.object_store import ObjectStore
from exafe_connector.adapters.parquet_folder import ParquetFiles, ParquetFolder
from exafe_connector.adapters.postgresql import PostgreSQL
from exafe_connector.adapters.sql_mapping import Table
from tests.database import server_connection

FIND = {"reference": "device", "email": "mail"}
TABLES = [
    Table("customer", FIND, {"email": "mail", "imei": "imei"}, destroy="row", frozen="frozen",
          ignore_case=frozenset({"email"})),
    Table("visit", {"reference": "device"}, {"imei": "imei"}, frozen="frozen"),
]  # fmt: skip
ROWS = [("A7", "Mina@example.org", "111"), ("A7", "mina@example.org", "111"), ("A71", "hana@example.org", "222")]
MAKE = [
    "CREATE TABLE customer (device varchar(20), mail varchar(80), imei varchar(20), frozen boolean DEFAULT false)",
    "CREATE TABLE visit (device varchar(20), imei varchar(20), frozen boolean DEFAULT false)",
]


class Held:
    """A system under test: its adapter, and what anybody else finds in it of a person."""

    adapter: Adapter
    counts: dict[str, int]

    def held(self, device: str) -> int:
        """Return how many values of a person (by device) are in the system."""
        raise NotImplementedError

    def marked(self, device: str) -> bool:
        """Return whether the system itself shows that a person's data is frozen."""
        raise NotImplementedError


class Rows(Held):
    """Two tables of a database."""

    counts = {"email": 2, "imei": 3}

    def __init__(self, adapter: Any, connect: Any) -> None:
        self.adapter, self.connect = adapter, connect
        self.run(*MAKE)
        for row in ROWS:
            self.run(f"INSERT INTO customer (device, mail, imei) VALUES {row}")
        self.run("INSERT INTO visit (device, imei) VALUES ('A7', '111')")
        self.run("INSERT INTO visit (device, imei) VALUES ('A71', '222')")

    def run(self, *statements: str) -> list[Any]:
        with self.connect() as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            rows = list(cursor.fetchall()) if cursor.description else []
            connection.commit()
        return rows

    def held(self, device: str) -> int:
        count = "SELECT count(mail) + count(imei) FROM customer WHERE device = '{0}'"
        visits = "SELECT count(imei) FROM visit WHERE device = '{0}'"
        return sum(int(self.run(one.format(device))[0][0]) for one in (count, visits))

    def marked(self, device: str) -> bool:
        return bool(self.run(f"SELECT count(*) FROM customer WHERE frozen AND device = '{device}'")[0][0])


@contextmanager
def postgresql(name: str) -> Iterator[Rows]:
    """A database of the tests' cluster."""
    with server_connection() as server:
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        parts = server.info.get_parameters() | {"password": server.info.password, "dbname": name}
        dsn = psycopg.conninfo.make_conninfo(**parts)
        try:
            yield Rows(PostgreSQL(dsn, TABLES), lambda: psycopg.connect(dsn))
        finally:
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@contextmanager
def mariadb_server(folder: Path) -> Iterator[str]:
    """Debian's server on a folder of its own; yields its socket."""
    made = ["mariadb-install-db", "--no-defaults", f"--datadir={folder}", "--user=root", "--skip-test-db",
            "--auth-root-authentication-method=normal"]  # fmt: skip
    subprocess.run(made, check=True, capture_output=True)
    address = f"{folder}/s"
    server = subprocess.Popen(
        [shutil.which("mariadbd") or "/usr/sbin/mariadbd", "--no-defaults", f"--datadir={folder}", "--user=root",
         "--skip-networking", f"--socket={address}", "--innodb-buffer-pool-size=16M"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        until = time.monotonic() + 60
        while not Path(address).exists():  # it is made when the server is ready
            assert server.poll() is None and time.monotonic() < until, "MariaDB doesn't start"
            time.sleep(0.05)
        yield address
    finally:
        server.kill()
        server.wait()


@contextmanager
def mariadb(address: str, name: str) -> Iterator[Rows]:
    """A database of that server."""
    with pymysql.connect(unix_socket=address, user="root") as root, root.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
    where = {"unix_socket": address, "user": "root", "database": name}
    yield Rows(MariaDB(where, TABLES), lambda: pymysql.connect(**where))


class Objects(Held):
    """A bucket with versions; moto's server stands in for an object store."""

    counts = {"app_log": 3}

    def __init__(self, url: str, bucket: str) -> None:
        self.make = lambda: boto3.session.Session().client(
            "s3", endpoint_url=url, region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b"
        )
        self.client, self.bucket = self.make(), bucket
        self.client.create_bucket(Bucket=bucket)
        self.client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        for key in ("devices/A7/1", "devices/A7/1", "devices/A71/1"):
            self.client.put_object(Bucket=bucket, Key=key, Body=b"log")
        self.client.delete_object(Bucket=bucket, Key="devices/A7/1")
        self.client.create_multipart_upload(Bucket=bucket, Key="devices/A7/begun")
        self.adapter = ObjectStore(self.make, bucket, {"app_log": "devices/{reference}/"})

    def held(self, device: str) -> int:
        prefix = f"devices/{device}/"
        told = self.client.list_object_versions(Bucket=self.bucket, Prefix=prefix)
        uploads = self.client.list_multipart_uploads(Bucket=self.bucket, Prefix=prefix).get("Uploads", [])
        return len(told.get("Versions", [])) + len(told.get("DeleteMarkers", [])) + len(uploads)

    def marked(self, device: str) -> bool:
        told = self.client.list_object_versions(Bucket=self.bucket, Prefix=f"devices/{device}/")
        tags = [self.client.get_object_tagging(Bucket=self.bucket, Key=one["Key"], VersionId=one["VersionId"])
                for one in told["Versions"]]  # fmt: skip
        return any(tag["TagSet"] for tag in tags)


class Untracked(list[Any]):
    """Keeps nothing: moto's server remembers every copy of an object that it ever made."""

    def append(self, _one: Any) -> None:
        """Forget it."""


def _as_it_is(key: FakeKey, _memo: Any) -> FakeKey:
    """Copy a version for a listing without its content: moto copies all of the bucket for each."""
    return copy.copy(key)


@contextmanager
def moto_server() -> Iterator[str]:
    """An object store of this process."""
    for model in (FakeAcl, FakeGrant, FakeGrantee, FakeKey):
        setattr(model, "instances_tracked", Untracked())  # noqa: B010
    setattr(FakeKey, "__deepcopy__", _as_it_is)  # noqa: B010
    setattr(FakeKey, "__del__", FakeKey.dispose)  # noqa: B010
    logging.getLogger("werkzeug").setLevel(logging.CRITICAL)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


LEADS = b'\xef\xbb\xbfdevice;mail;note\r\nA7;Mina@example.org;"two\r\nlines; ""quoted"""\r\n'
OTHERS = b'A71;hana@example.org;  spaces kept \r\n"A71";"hana@example.org";"quotes kept"\nA7;x@example.org;no line end'
CSV = Files("*.csv", FIND, {"email": "mail"}, delimiter=";", ignore_case=frozenset({"email"}))


class Folder(Held):
    """A folder of two CSV files."""

    counts = {"email": 3}

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "leads.csv").write_bytes(LEADS + OTHERS)
        (folder / "empty.csv").write_bytes(b"device;mail\nA7;mina@example.org\n")
        self.adapter = CsvFolder(folder, [CSV], asks_freeze_list=True)

    def held(self, device: str) -> int:
        lines = [line for path in self.folder.iterdir() for line in path.read_bytes().splitlines()]
        return sum(line.replace(b'"', b"").startswith(f"{device};".encode()) for line in lines)

    def marked(self, device: str) -> bool:
        return True


class Parquet(Held):
    """A folder of two Parquet files; the mail of one is a column with a dictionary."""

    counts = {"email": 3, "imei": 2}

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        mails = pa.array([mail for _device, mail, _imei in ROWS]).dictionary_encode()
        imeis = pa.array([int(imei) for _device, _mail, imei in ROWS])
        made = pa.table({"device": [row[0] for row in ROWS], "mail": mails, "imei": imeis, "note": ["a", "b", "c"]})
        pq.write_table(made, folder / "leads.parquet", compression="none", row_group_size=2)
        pq.write_table(pa.table({"device": ["A7"], "mail": ["mina@example.org"]}), folder / "visits.parquet")
        both = {"email": "mail", "imei": "imei"}
        leads = ParquetFiles("leads.parquet", FIND, both, ignore_case=frozenset({"email"}))
        self.adapter = ParquetFolder(
            folder, [leads, ParquetFiles("visits*", FIND, {"email": "mail"})], asks_freeze_list=True
        )

    def held(self, device: str) -> int:
        tables = [pq.read_table(path) for path in self.folder.glob("*.parquet")]
        return sum(
            (row["mail"] is not None) + (row.get("imei") is not None)
            for table in tables for row in table.to_pylist() if row["device"] == device
        )  # fmt: skip

    def marked(self, device: str) -> bool:
        return True


class Crm(Held):
    """A system with an API of its own, served by a thread."""

    counts = {"email": 1}

    def __init__(self) -> None:
        self.people = {"A7": {"mail": "mina@example.org"}, "A71": {"mail": "hana@example.org"}}
        self.frozen: set[str] = set()
        self.server = make_server("127.0.0.1", 0, self.answer, handler_class=Quiet)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        base = f"http://127.0.0.1:{self.server.server_port}"
        person = base + "/people/{reference}"
        self.adapter = HttpSystem(
            Mapped(
                search=Request("GET", person),
                read_back=Request("GET", base + "/search?device={reference}"),
                items={"email": "/mail"},
                destroy=Request("DELETE", person + "/{item}"),
                correct=Request("PATCH", person, {"mail": "{item}"}),
                freeze=Request("PUT", person + "/frozen"),
                release=Request("DELETE", person + "/frozen"),
            )
        )

    def answer(self, environ: Any, start: Any) -> list[bytes]:
        path, method = environ["PATH_INFO"], environ["REQUEST_METHOD"]
        device = (environ["QUERY_STRING"].partition("=")[2] if path == "/search" else path.split("/")[2])  # fmt: skip
        person = self.people.get(device)
        if path.endswith("/frozen"):
            (self.frozen.add if method == "PUT" else self.frozen.discard)(device)
        elif method == "DELETE":
            self.people.pop(device, None)
        elif method == "PATCH" and person is not None:
            person |= json.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
        start("200 OK" if person is not None or path.endswith("/frozen") else "404 Not Found", [])
        return [json.dumps(person or {}).encode()]

    def held(self, device: str) -> int:
        return int(device in self.people)

    def marked(self, device: str) -> bool:
        return device in self.frozen

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


class Quiet(WSGIRequestHandler):
    """Tells nothing to the terminal."""

    def log_message(self, format: str, *arguments: object) -> None:
        pass


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
