"""The file of a provision once more, where the answer that held it was lost on its way (decision 0081)."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from privacy.disclosures import encrypted_file
from privacy.disclosures.actions.provisions import (
    ProvidedFile,
    facts_of,
    lock_disclosure,
    lock_people,
    must_be_allowed,
    must_have_clearance,
    people_of,
    read_current_values,
)
from privacy.disclosures.disclosure_requests import RequestedItem
from privacy.disclosures.events import Event
from privacy.disclosures.frozen_items import must_not_be_frozen
from privacy.disclosures.models import Disclosure
from privacy.disclosures.refusals import ContentChanged, WrongState
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission

# How long the officer who provided it can fetch the file once more: the first answer may be lost on its way.
DOWNLOAD_PERIOD = timedelta(hours=1)


def fetch_again(disclosure: Disclosure, *, actor: Actor, at: datetime) -> ProvidedFile:
    """Make the very file again that was handed over, for the one who provided it and for an hour; on record.

    No copy of it is kept: what is held now is sealed as it was then, and goes out only if it is the same file, byte
    for byte. Raises NotPermitted, WrongState, ContentChanged, and what ``request`` raises where the basis has ended.
    """
    require_permission(actor, "disclosures.provide_disclosure", about=disclosure)
    with transaction.atomic():
        row, wanted = lock_disclosure(disclosure, expected=Disclosure.State.PROVIDED)
        must_have_clearance(actor, row.third_party)
        if not can_be_fetched(row, by=actor.ref, at=at) or row.provided_at is None:
            raise WrongState(_("The file can be downloaded again for an hour, and only by the person who provided it."))
        # The first answer may never have arrived: what may not go out any more does not go out by this one.
        lock_people(row, wanted)
        must_be_allowed(row, wanted, at=at)
        gone_out = _provided(row, wanted)
        must_not_be_frozen(row, gone_out, at=at)
        read = read_current_values(row, gone_out, actor=actor, at=at)
        file_name, file, passphrase = encrypted_file.encrypt(row, read, at=row.provided_at)
        if encrypted_file.digest(file) != row.file_digest:
            raise ContentChanged(
                _("The data has changed since, so the file that was provided can no longer be recreated.")
            )
        facts = {**facts_of(row), "sha256": row.file_digest}
        ledger.record(Event.FILE_FETCHED, actor=actor, at=at, about=row, subjects=people_of(wanted), facts=facts)
    return ProvidedFile(row, file_name, file, passphrase)


def _provided(row: Disclosure, wanted: Sequence[RequestedItem]) -> list[RequestedItem]:
    """Return what went out: not what was left out because it was frozen, nor what nobody held."""
    kept = row.disclosed.filter(value_digest__isnull=False)
    gone_out = set(kept.values_list("subject_id", "category", "item", "record_id"))
    return [one for one in wanted if (one.subject_id, one.category, one.item, one.record_id) in gone_out]


def can_be_fetched(disclosure: Disclosure, *, by: str, at: datetime) -> bool:
    """Whether this officer may fetch the file of a provision again at a moment."""
    provided = disclosure.state == Disclosure.State.PROVIDED and disclosure.provided_by == by
    return provided and disclosure.provided_at is not None and at < disclosure.provided_at + DOWNLOAD_PERIOD
