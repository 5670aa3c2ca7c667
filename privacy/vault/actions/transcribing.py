"""Sealing again what is sealed, without showing it to anybody: the move to the archive (P6.4, law D-04).

The boxes of one person, kind and day become one box under the archive's keys. The plaintext never leaves this module;
the move is on record as a read for a legal duty, like every opening.
"""

from collections.abc import Sequence
from datetime import date, datetime
from itertools import chain
from struct import Struct
from typing import NamedTuple
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from privacy.accounts.fitness import refusal as refusal_of_access
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.lib import clock
from privacy.vault import crypto, keys
from privacy.vault.actions.making import ring_for_sealing
from privacy.vault.declarations import month_of
from privacy.vault.purposes import Purpose
from privacy.vault.refusals import Destroyed, NotSealed, WrongKey

HEADER = crypto.HEADER_BYTES
BODY = crypto.HEADER_BYTES + crypto.NONCE_BYTES
LENGTH = Struct("!i")


class Bundle(NamedTuple):
    """What becomes one box: the new row, its person, keyring and epoch, and the sealed values in their order.

    A head is written before each value; it begins with the 16 bytes of the id of the row that the value belongs to.
    """

    row: UUID
    subject: UUID
    keyring: str
    month: date
    heads: Sequence[bytes]
    boxes: Sequence[bytes]


class Place(NamedTuple):
    """Where boxes lie: the model's label, the field, the category (for a target: the bundle's keyring)."""

    label: str
    field: str
    category: str


def transcribe(
    bundles: Sequence[Bundle], *, source: Place, target: Place, task: str, reason: str, actor: Actor, at: datetime
) -> list[bytes]:
    """Return one box for each bundle: its values opened, joined (head, length in 4 bytes, value) and sealed again.

    Recorded first, like every opening. Raises NotPermitted, LedgerUnavailable, Destroyed if a key of the source is
    gone, WrongKey if a box does not open.
    """
    if not bundles:
        return []
    people = sorted({bundle.subject for bundle in bundles})
    if not actor.may_open(source.category, Purpose.LEGAL_DUTY.value, clock.kst_date(at)):
        raise refusal_of_access(actor, clock.kst_date(at))
    warrant = ledger.record_read(
        actor=actor,
        at=at,
        subjects=people,
        count=sum(len(bundle.boxes) for bundle in bundles),
        task=task,
        purpose=Purpose.LEGAL_DUTY.value,
        reason=reason,
        facts={"of": source.label, "fields": [source.field], "categories": [source.category]},
    )
    epochs = [{box[:HEADER]: box for box in bundle.boxes} for bundle in bundles]
    months = {head: crypto.month_of_box(box) for each in epochs for head, box in each.items()}
    pairs = [(subject, source.category) for subject in people]
    found = keys.find(pairs, [(source.category, month) for month in set(months.values())], warrant=warrant)
    if found.destroyed:
        raise Destroyed(found.destroyed)
    if found.missing:
        raise WrongKey
    ring = keys.Ring(found.raw)
    new = ring_for_sealing(
        {(bundle.subject, bundle.keyring) for bundle in bundles},
        {(bundle.keyring, month_of(bundle.month)) for bundle in bundles},
        at=at,
    )
    where = crypto.place(source.label, source.field, source.category)
    boxes = []
    for bundle, heads, nonce in zip(bundles, epochs, crypto.nonces(len(bundles)), strict=True):
        ciphers = {head: ring.cipher(bundle.subject, source.category, months[head]) for head in heads}
        joined = _joined(bundle, ciphers, where)
        month = month_of(bundle.month)
        there = crypto.place(target.label, target.field, bundle.keyring)
        cipher = new.cipher(bundle.subject, bundle.keyring, month)
        boxes.append(crypto.seal(cipher, month, joined, there, bundle.row, bundle.subject, nonce=nonce))
    return boxes


def _joined(bundle: Bundle, ciphers: dict[bytes, AESGCM], where: bytes) -> bytes:
    """Open the values of one bundle and join them: one person's, and almost always of one epoch.

    Millions pass through here, so what is done for each is done in C wherever there is a way.
    """
    subject = bundle.subject.bytes
    pieces: list[bytes] = []
    try:
        for epoch, cipher in ciphers.items():
            heads, boxes = bundle.heads, bundle.boxes
            if len(ciphers) > 1:
                chosen = [place for place, box in enumerate(boxes) if box[:HEADER] == epoch]
                heads, boxes = [heads[place] for place in chosen], [boxes[place] for place in chosen]
            decrypt, prefix = cipher.decrypt, epoch + where
            plains = [
                decrypt(box[HEADER:BODY], box[BODY:], prefix + head[:16] + subject)
                for head, box in zip(heads, boxes, strict=True)
            ]
            pieces += chain.from_iterable(zip(heads, map(LENGTH.pack, map(len, plains)), plains, strict=True))
    except InvalidTag:
        raise NotSealed from None
    return b"".join(pieces)
