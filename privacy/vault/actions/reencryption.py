"""Sealing again what is sealed, without showing it to anybody: the move to the archive (P6.4, law D-04).

The ciphertexts of one person, kind and day become one under the archive's keys. The plaintext never leaves the key
service; the move is on record as a read for a legal duty, like every opening.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from django.utils.translation import gettext as _

from privacy.accounts.access_requirements import access_refusal as refusal_of_access
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.lib.dates import clock
from privacy.vault import crypto, keys
from privacy.vault.actions.key_creation import keys_for_encryption
from privacy.vault.encryption_options import month_of
from privacy.vault.keyservice import client, messages
from privacy.vault.keyservice.parts import in_parts
from privacy.vault.purposes import Purpose
from privacy.vault.refusals import Destroyed, WrongKey

HEADER = crypto.HEADER_BYTES


class ReencryptionInput(NamedTuple):
    """What becomes one ciphertext: the new row, its person, keyring and epoch, and the sealed values in their order.

    A head is written before each value; it begins with the 16 bytes of the id of the row that the value belongs to.
    """

    row: UUID
    subject: UUID
    keyring: str
    month: date
    headers: Sequence[bytes]
    ciphertexts: Sequence[bytes]


class CiphertextLocation(NamedTuple):
    """Where ciphertexts lie: the model's label, the field, the category (for a target: the bundle's keyring)."""

    label: str
    field: str
    category: str


def reencrypt(
    bundles: Sequence[ReencryptionInput],
    *,
    source: CiphertextLocation,
    target: CiphertextLocation,
    task: str,
    reason: str,
    actor: Actor,
    at: datetime,
) -> list[bytes]:
    """Return one ciphertext for each bundle: its values, joined (header, length in 4 bytes, value) and encrypted.

    Recorded first, like every opening. Raises NotPermitted, LedgerUnavailable, Destroyed if a key of the source or of
    the target is gone, WrongKey if a key is missing or a ciphertext does not open.
    """
    if not bundles:
        return []
    people = sorted({bundle.subject for bundle in bundles})
    if not actor.may_open(source.category, Purpose.LEGAL_DUTY.value, clock.kst_date(at)):
        raise refusal_of_access(actor, clock.kst_date(at))
    number = ledger.record_read(
        actor=actor,
        at=at,
        subjects=people,
        count=sum(len(bundle.ciphertexts) for bundle in bundles),
        task=task,
        purpose=Purpose.LEGAL_DUTY.value,
        reason=reason,
        facts={"of": source.label, "fields": [source.field], "categories": [source.category]},
    )
    record = keys.AccessRecord(number, people)
    epochs = [{ciphertext[:HEADER]: ciphertext for ciphertext in bundle.ciphertexts} for bundle in bundles]
    months = {header: crypto.month_of_ciphertext(ciphertext) for each in epochs for header, ciphertext in each.items()}
    pairs = [(subject, source.category) for subject in people]
    found = keys.find(pairs, [(source.category, month) for month in set(months.values())])
    if found.destroyed:
        raise Destroyed(found.destroyed)
    if found.missing:
        raise WrongKey(_("A key that was never destroyed is missing from the database. Restore the whole database."))
    new = keys_for_encryption(
        {(bundle.subject, bundle.keyring) for bundle in bundles},
        {(bundle.keyring, month_of(bundle.month)) for bundle in bundles},
        at=at,
    )
    wanted = [
        (bundle, [(bundle.subject, source.category, months[header]) for header in headers])
        for bundle, headers in zip(bundles, epochs, strict=True)
    ]
    ciphertexts: list[bytes] = []
    for part in in_parts(wanted, lambda one: sum(map(len, one[0].ciphertexts))):
        ciphertexts += client.ask(_request(part, record, source, target, found.wrapped, new))
        record.shown()
    return ciphertexts


def _request(
    part: Sequence[tuple[ReencryptionInput, list[keys.ContentName]]],
    record: keys.AccessRecord,
    source: CiphertextLocation,
    target: CiphertextLocation,
    old: Mapping[keys.KeyName, keys.WrappedKey],
    new: Mapping[keys.KeyName, keys.WrappedKey],
) -> messages.Reseal:
    """Return the request about a part of the bundles, with the keys of these."""
    old_keys, old_places = keys.pack_for((name for _bundle, names in part for name in names), old)
    names = [(bundle.subject, bundle.keyring, month_of(bundle.month)) for bundle, _names in part]
    new_keys, new_places = keys.pack_for(names, new)
    return messages.Reseal(
        record.number,
        record.people,
        old_keys,
        new_keys,
        crypto.associated_data(source.label, source.field, source.category),
        [crypto.associated_data(target.label, target.field, bundle.keyring) for bundle, _names in part],
        [
            messages.Bundle(
                bundle.row.bytes,
                bundle.subject.bytes,
                keys.pair_of(name, new_places),
                [keys.pair_of(one, old_places) for one in names_of_it],
                list(bundle.headers),
                list(bundle.ciphertexts),
            )
            for (bundle, names_of_it), name in zip(part, names, strict=True)
        ],
    )
