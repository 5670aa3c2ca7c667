"""What a witness answers: it cosigns a checkpoint only if the log signed it and it continues what it cosigned last.

It remembers the newest checkpoint of each log that it was told of, on disk, before it answers. A witness that lost its
memory must not be started again under its key: it would cosign any history.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from http import HTTPStatus
from pathlib import Path
from typing import NamedTuple

from privacy.ledger.verify import (
    MALFORMED,
    Checkpoint,
    Problem,
    decode_base64,
    decode_number,
    open_checkpoint,
    parse_key,
    sha256,
)
from privacy.ledger.verify_vectors import verify_consistency
from privacy.ledger.witness.witness_keys import WitnessSigner
from privacy.lib.durable_files import replace_text

SIZE_TYPE = "text/x.tlog.size"
MAX_PROOF = 63


class Answer(NamedTuple):
    """An answer over HTTP."""

    status: HTTPStatus
    body: str
    content_type: str = "text/plain; charset=utf-8"


class Refused(Exception):
    """A request that is not cosigned."""

    def __init__(
        self, status: HTTPStatus, said: str, content_type: str = Answer._field_defaults["content_type"]
    ) -> None:
        super().__init__(said)
        self.answer = Answer(status, f"{said}\n", content_type)


@dataclass(frozen=True)
class WitnessedLog:
    """A log that a witness watches: its verifier keys, and the newest checkpoint that it cosigned of it."""

    vkeys: list[str]
    size: int = 0
    root: str = ""


class Witness:
    """Remembers logs in ``logs.json`` of its folder, and cosigns with its key."""

    def __init__(self, signer: WitnessSigner, folder: Path, clock: Callable[[], float]) -> None:
        self.signer = signer
        self._path = folder / "logs.json"
        self._clock = clock
        self._lock = threading.Lock()
        self._logs = {
            origin: WitnessedLog(**kept) for origin, kept in json.loads(self._path.read_text("utf-8")).items()
        }

    def add_log(self, vkey: str) -> None:
        """Watch a log, or accept its new key in the place of the one before. Raises Problem for what is no key."""
        origin = parse_key(vkey).name
        with self._lock:
            known = self._logs.get(origin, WitnessedLog([]))
            # A key that another one follows signs nothing more: a stolen one would be cosigned.
            self._save(origin, WitnessedLog([vkey], known.size, known.root))

    def add_checkpoint(self, body: bytes) -> Answer:
        """Answer a request of a log: 200 with a cosignature, or why there is none (C2SP tlog-witness)."""
        with self._lock:
            try:
                return Answer(HTTPStatus.OK, self._cosign(body))
            except Refused as refused:
                return refused.answer

    def _cosign(self, body: bytes) -> str:
        old, proof, note = _read(body)
        origin = note.partition(b"\n")[0].decode("utf-8", "replace")
        log = self._logs.get(origin)
        if log is None:
            raise Refused(HTTPStatus.NOT_FOUND, "This witness does not watch a log of this name.")
        checkpoint = self._open(note, log)
        if old > checkpoint.size:
            raise Refused(HTTPStatus.BAD_REQUEST, "The old size is larger than the checkpoint's.")
        if old != log.size:
            raise Refused(HTTPStatus.CONFLICT, str(log.size), SIZE_TYPE)
        root = checkpoint.root.hex()
        if old and old == checkpoint.size and root != log.root:
            raise Refused(HTTPStatus.CONFLICT, "A checkpoint of this size with another root was cosigned before.")
        self._require_continuation(log, checkpoint, proof)
        self._save(origin, WitnessedLog(log.vkeys, checkpoint.size, root))
        text = note.decode("utf-8").rpartition("\n\n")[0] + "\n"
        return self.signer.cosignature(text, int(self._clock()))

    def _open(self, note: bytes, log: WitnessedLog) -> Checkpoint:
        try:
            return open_checkpoint(note, [parse_key(vkey) for vkey in log.vkeys])
        except Problem as problem:
            status = HTTPStatus.BAD_REQUEST if problem.code == MALFORMED else HTTPStatus.FORBIDDEN
            raise Refused(status, f"The log did not sign this checkpoint: {problem}.") from None

    def _require_continuation(self, log: WitnessedLog, checkpoint: Checkpoint, proof: list[bytes]) -> None:
        if not log.size:
            if proof or (checkpoint.size == 0 and checkpoint.root != sha256(b"").digest()):
                raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, "From nothing there is nothing to prove.")
            return
        try:
            verify_consistency(log.size, checkpoint.size, proof, bytes.fromhex(log.root), checkpoint.root)
        except Problem as problem:
            raise Refused(
                HTTPStatus.UNPROCESSABLE_ENTITY, f"This checkpoint does not continue the one of {log.size}: {problem}."
            ) from None

    def _save(self, origin: str, log: WitnessedLog) -> None:
        """Remember, on disk, before anything is answered."""
        logs = {**self._logs, origin: log}
        replace_text(self._path, json.dumps({name: asdict(kept) for name, kept in logs.items()}))
        self._logs = logs


def _read(body: bytes) -> tuple[int, list[bytes], bytes]:
    """Return the old size, the proof and the note of a request."""
    head, blank, note = body.partition(b"\n\n")
    first, *proof = head.decode("utf-8", "replace").split("\n")
    try:
        if not blank or not first.startswith("old ") or len(proof) > MAX_PROOF:
            raise Refused(HTTPStatus.BAD_REQUEST, "The request is malformed.")
        return decode_number(first[4:]), [decode_base64(line, 32) for line in proof], note
    except Problem:
        raise Refused(HTTPStatus.BAD_REQUEST, "The request is malformed.") from None
