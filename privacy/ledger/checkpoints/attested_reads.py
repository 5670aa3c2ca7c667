"""What key services read of access records, as they signed it: compared with what was sealed of each.

An attestation is a note of a service's name followed by ``/reads``, the run of its process, a running number, and for
each record its number and the SHA-256 of its payload. It stands on the trail as an entry. Whoever changes or removes a
record in the second before it is sealed can not change what the service has signed, and a missing number shows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, LiteralString, NamedTuple

import psycopg

from privacy.ledger.actors import SystemActor
from privacy.ledger.entries.payloads import facts_in
from privacy.ledger.events import Event
from privacy.ledger.verify import MALFORMED, Key, Problem, decode_number, open_note, sha256

MARK = f'"word":"{Event.READS_ATTESTED}"'.encode()
# Runs of services that are remembered, the newest.
MOST_RUNS = 100
KEY_SERVICE = SystemActor("keyservice")
_SEALED: LiteralString = (
    "SELECT payload FROM ledger.entry e JOIN ledger.leaf l ON l.entry_id = e.id"
    " WHERE actor = %s AND word = %s AND l.index < %s ORDER BY l.index"
)
MISSING, DIFFERENT, GAP = "missing", "different", "gap"


class Attestation(NamedTuple):
    """The records that a service gave keys for within a second or so, with the digests of their payloads."""

    service: str
    run: str
    number: int
    reads: list[tuple[int, str]]


def text(attestation: Attestation) -> str:
    """Return what a service signs."""
    lines = [f"{attestation.service}/reads", attestation.run, str(attestation.number)]
    return "\n".join([*lines, *(f"{entry} {digest}" for entry, digest in attestation.reads), ""])


def open_attestation(raw: bytes, keys: Sequence[Key]) -> Attestation:
    """Read an attestation that a pinned service signed. Raises Problem."""
    said, signed = open_note(raw, keys)
    head, run, number, *reads = said[:-1].split("\n")
    if head not in {f"{name}/reads" for name, _id in signed}:
        raise Problem(MALFORMED, "not an attestation of the service that signed it")
    pairs = [read.partition(" ") for read in reads]
    return Attestation(
        head[:-6], run, decode_number(number), [(decode_number(entry), digest) for entry, _, digest in pairs]
    )


def compare(
    entries: Iterable[bytes],
    keys: Sequence[Key],
    runs: Mapping[str, int],
    sealed_payload: Callable[[int], bytes | None],
) -> tuple[dict[str, int], list[dict[str, Any]]]:
    """Compare the attestations among sealed entries; return the last number of each run, and facts of each finding.

    ``runs`` has the last numbers before; ``sealed_payload`` gives what was sealed of an entry. What no pinned service
    signed says nothing.
    """
    last, findings = dict(runs), list[dict[str, Any]]()
    for entry in entries:
        try:
            said = open_attestation(str(facts_in(entry.partition(b"\n")[2].decode()).get("signed_note")).encode(), keys)
        except (Problem, ValueError):
            continue
        run = f"{said.service} {said.run}"
        # A run begins with 1; only the first that a notary ever sees may have begun before.
        before = last.pop(run, 0 if runs else said.number - 1)
        last[run] = max(before, said.number)
        named = {"service": said.service, "number": said.number}
        if said.number > before + 1:
            findings.append({**named, "found": GAP, "from": before + 1})
        if said.number > before:
            for number, digest in said.reads:
                payload = sealed_payload(number)
                if payload is None or sha256(payload).hexdigest() != digest:
                    findings.append({**named, "found": MISSING if payload is None else DIFFERENT, "entry": number})
    # The newest run of a service is never forgotten, however many runs another has begun since.
    newest = {run.partition(" ")[0]: run for run in last}
    kept = {*list(last)[-MOST_RUNS:], *newest.values()}
    return {run: number for run, number in last.items() if run in kept}, findings


def numbers_until(connection: psycopg.Connection[Any], keys: Sequence[Key], size: int) -> dict[str, int]:
    """Return the last number of each run among the first ``size`` entries, for a notary that lost its memory."""
    rows = connection.execute(_SEALED, [KEY_SERVICE.ref, Event.READS_ATTESTED, size]).fetchall()
    return compare((b"\n" + payload.encode() for (payload,) in rows), keys, {}, lambda _entry: None)[0]


def sentence(facts: Mapping[str, Any]) -> str:
    """Say what the notary found, as a verification does."""
    service, number, entry = (facts.get(name) for name in ("service", "number", "entry"))
    if facts.get("found") == GAP:
        return f"attestations of the key service {service} are missing, from {facts.get('from')} to before {number}"
    how = "is missing" if facts.get("found") == MISSING else "was sealed otherwise"
    return f"entry {entry}, which the key service {service} read, {how} (its attestation {number})"
