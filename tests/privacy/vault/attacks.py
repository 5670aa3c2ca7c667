"""What an attacker's code does inside a process of the portal that it holds: it has that process's everything."""

import json
import os
import socket
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import psycopg
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.db import connections, transaction
from django.test import override_settings

from privacy.lib.errors.refusals import Refusal
from privacy.lib.identifiers.ids import new_id
from privacy.vault import crypto, keys
from privacy.vault.keyservice import client, messages
from privacy.vault.models import EncryptedFile
from tests.privacy.vault.decryption_sessions import decryption_session
from tests.privacy.vault.key_requests import request_for

INSERT = "INSERT INTO ledger.entry (kind, payload) VALUES ('read', %s) RETURNING id"
# Every byte that the key service has answered to this process.
answers: list[bytes] = []


@dataclass(frozen=True)
class Target:
    """Somebody's sealed file, as far as it can be named without reading it."""

    id: UUID
    subject_id: UUID
    category: str = "device-registration"


def tape_answers() -> None:
    """Keep all that the key service says from now on."""
    receive = messages.receive

    def taped(connection: socket.socket) -> bytes:
        said = receive(connection)
        answers.append(said)
        return said

    messages.receive = taped


def taped() -> bytes:
    """Return what was kept."""
    return b"\0".join(answers)


def forget_keys() -> None:
    """Let this process's cache of content keys go."""
    keys.caches.here().clear()


def read_honestly(target: Target) -> str:
    """Read a file's name through the vault's door, as a page does."""
    with decryption_session() as vault_session:
        return str(vault_session.decrypt(EncryptedFile.objects.get(pk=target.id), "name"))


def write_record(
    people: Sequence[UUID], *, purpose: str = "rights", category: str = "device-registration", said: object = None
) -> int:
    """Write an access record past every verb; with ``said`` it names people in a way of its own."""
    entry = {
        "word": "ledger.read", "actor": "system:tests", "by": "system", "purpose": purpose, "nonce": str(new_id()),
        "task": "tests.data.read", "subjects": said or [str(one) for one in people],
        "facts": {"categories": [category]},
    }  # fmt: skip
    with connections["default"].cursor() as cursor:
        cursor.execute(INSERT, [json.dumps(entry)])
        (number,) = cursor.fetchone()
    return int(number)


def ask(request: messages.Request) -> object:
    """Send one request past the client's rules, on a connection of its own."""
    client.forget_connection()
    return client.ask(request)


def answered_of(requests: Sequence[messages.Request]) -> list[str]:
    """Return the names of those requests that the key service answers."""
    answered = []
    for request in requests:
        with suppress(Refusal):
            ask(request)
            answered.append(type(request).__name__)
    return answered


def ask_for(target: Target, record: int) -> bytes:
    """Return a file's content key, on a record of whichever kind."""
    (key,) = ask(request_for([target], record))  # type: ignore[list-item, misc]
    return bytes(key)


def ask_before_commit(target: Target) -> bytes:
    """Ask on a record that is written and never committed."""
    with transaction.atomic("default"):
        try:
            return ask_for(target, write_record([target.subject_id]))
        finally:
            transaction.set_rollback(True, using="default")


def read_everybody(targets: Sequence[Target], purposes: Sequence[str]) -> dict[UUID, str]:
    """Read as many people as there are, each on a record of their own, for whichever purpose still goes."""
    read = {}
    for target in targets:
        for purpose in purposes:
            with suppress(Refusal):
                key = ask_for(target, write_record([target.subject_id], purpose=purpose))
                read[target.subject_id] = open_with(key, target)
                break
    return read


def open_with(key: bytes, target: Target) -> str:
    """Return a file's name with a content key."""
    row = EncryptedFile.objects.get(pk=target.id)
    where = crypto.associated_data("vault.EncryptedFile", "name", target.category)
    return crypto.decrypt(AESGCM(key), row.name.ciphertext, where, row.id, row.subject_id).decode()


def look_up(values: Sequence[str]) -> int:
    """Look identifiers up one by one, each on a connection of its own; return how many were answered."""
    answered = 0
    for value in values:
        with suppress(Refusal):
            ask(messages.Index([("imei", value)]))
            answered += 1
    return answered


def speak_at(process: str, request: messages.Request) -> str:
    """Ask at another process's socket; return the name of what came of it."""
    client.forget_connection()
    try:
        with override_settings(PORTAL_PROCESS=process):
            client.ask(request)
    except Refusal as refusal:
        return type(refusal).__name__
    finally:
        client.forget_connection()
    return "answered"


def read_files() -> list[bytes]:
    """Return what this process can read of the files that it is told of, and of those of the whole installation."""
    folders = [Path(settings.KEYS_DIR), Path(settings.PORTAL_HOME), Path(settings.KEY_SERVICE_DIR)]
    named = [path for folder in folders for pattern in ("*.key", "*/*.key") for path in _found(folder, pattern)]
    found = ["\0".join(os.environ.values()).encode()]
    for path in {
        *named,
        *map(Path, (settings.MASTER_KEY_FILE, settings.INDEX_KEY_FILE, settings.CERTIFICATE_KEY_FILE)),
    }:
        with suppress(OSError):
            found.append(path.read_bytes())
    return found


def _found(folder: Path, pattern: str) -> list[Path]:
    try:
        return list(folder.glob(pattern))
    except OSError:
        return []


def look_into(pid: int) -> list[str]:
    """Return what of another process of the host can be read."""
    found = []
    for name in ("mem", "environ", "maps", "fd", "root", "cwd", "stack", "syscall"):
        path = Path(f"/proc/{pid}/{name}")
        with suppress(OSError):
            if name in ("fd", "root", "cwd"):
                list(path.iterdir())
            elif not path.read_bytes():
                continue
            found.append(name)
    with suppress(OSError):
        os.kill(pid, 0)
        found.append("signals")
    return found


def run_sql(alias: str, statements: Sequence[str]) -> list[str]:
    """Return those of the statements that the database lets this process do; none of them stays done."""
    done = []
    raw = connections[alias].connection
    for statement in statements:
        with suppress(psycopg.Error), raw.transaction(force_rollback=True):
            raw.execute(statement)
            done.append(statement)
    return done


def databases() -> list[str]:
    """Return the databases that this process is connected to."""
    return sorted(connections)
