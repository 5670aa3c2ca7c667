"""Who can be told something: each app that knows people of a kind says what they are called and how they are reached.

A notice goes to data subjects, and after a breach of the office's own files also to requesters, complainants and
employees. Each kind is declared in its app's ``recipients.py``, found at start-up; ids of different kinds never meet.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from consents.models import Decision
from privacy.ledger.actors import Actor
from privacy.subjects import contacts
from privacy.subjects.models import Contact, Subject
from privacy.vault import actions as vault
from privacy.vault.purposes import Purpose

type Address = Callable[[UUID, Actor, datetime, str], str | None]
type PostalAddresses = Callable[[Collection[UUID], Actor, datetime, str], Mapping[UUID, str]]


@dataclass(frozen=True)
class RecipientKind:
    """One kind of people.

    ``named`` finds them by the references that people write, in capitals; ``references`` says what these ids are
    called, and leaves out ids of another kind; ``reachable`` who may have an e-mail address; ``address`` opens it, on
    record; ``writable`` who may have a postal address that a letter can go to now; ``postal_addresses`` opens those,
    on record, and leaves out who has none; ``languages`` in which language each reads, where that is known; ``gone``
    of whom nothing is held any more, by which they could be told.
    """

    named: Callable[[Collection[str]], Mapping[str, UUID]]
    references: Callable[[Collection[UUID]], Mapping[UUID, str]]
    reachable: Callable[[Collection[UUID]], set[UUID]]
    address: Address
    languages: Callable[[Collection[UUID]], Mapping[UUID, str]]
    writable: Callable[[Collection[UUID], datetime], set[UUID]] = field(default=lambda _ids, _at: set())
    postal_addresses: PostalAddresses = field(default=lambda _ids, _actor, _at, _reason: {})
    gone: Callable[[Collection[UUID]], set[UUID]] = field(default=lambda _ids: set())


_kinds: dict[str, RecipientKind] = {}


def declare(code: str, recipients: RecipientKind) -> None:
    """Add a kind of people; the same code again replaces it."""
    _kinds[code] = recipients


def find_by_reference(lines: Collection[str]) -> dict[str, UUID]:
    """Return the people whom lines name, by reference in capitals or by id, under what each line says."""
    said = {line: line.strip() for line in lines}
    ids = {line: UUID(text) for line, text in said.items() if is_id(text)}
    known, capitals = references(set(ids.values())), {text.upper() for text in said.values()}
    found: dict[str, UUID] = {}
    for kind in _kinds.values():
        found |= kind.named(capitals)
    by_name = {line: found[text.upper()] for line, text in said.items() if text.upper() in found}
    return by_name | {line: one for line, one in ids.items() if one in known}


def references(ids: Collection[UUID]) -> dict[UUID, str]:
    """Return what people are called; an id that belongs to nobody is left out."""
    return {one: name for kind in _kinds.values() for one, name in kind.references(ids).items()}


def reachable(ids: Collection[UUID]) -> set[UUID]:
    """Return who may be reached by e-mail; whether there is an address shows when it is opened."""
    return {one for kind in _kinds.values() for one in kind.reachable(ids)}


def address(one: UUID, *, actor: Actor, at: datetime, reason: str) -> str | None:
    """Open the e-mail address of a person, on record; nothing where there is none (any longer)."""
    for kind in _kinds.values():
        if one in kind.references([one]):
            return kind.address(one, actor, at, reason)
    return None


def writable(ids: Collection[UUID], *, at: datetime) -> set[UUID]:
    """Return to whom a letter may go; whether there is a postal address shows when it is opened."""
    return {one for kind in _kinds.values() for one in kind.writable(ids, at)}


def postal_addresses(ids: Collection[UUID], *, actor: Actor, at: datetime, reason: str) -> dict[UUID, str]:
    """Open the postal addresses of people, on record; who has none is not in it."""
    opened: dict[UUID, str] = {}
    for kind in _kinds.values():
        if found := kind.writable(ids, at):
            opened |= kind.postal_addresses(found, actor, at, reason)
    return opened


def languages(ids: Collection[UUID]) -> dict[UUID, str]:
    """Return in which language each person reads, where it is known."""
    return {one: language for kind in _kinds.values() for one, language in kind.languages(ids).items()}


def erased(ids: Collection[UUID]) -> set[UUID]:
    """Return of whom nothing is held any more: nobody can tell them."""
    return {one for kind in _kinds.values() for one in kind.gone(ids)}


def is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


# -- data subjects ---------------------------------------------------------------------------------------------------


def _address(one: UUID, actor: Actor, at: datetime, reason: str) -> str | None:
    contact = Contact.objects.current().emails([one]).first()
    if contact is None:
        return None
    with vault.opened(
        purpose=Purpose.LEGAL_DUTY, task="campaigns.delivery.addressed", actor=actor, at=at, reason=reason
    ) as vault_session:
        return str(vault_session.decrypt(contact, "value"))


def _reachable(ids: Collection[UUID]) -> set[UUID]:
    emails = Contact.objects.current().emails(ids)
    return set(emails.values_list("subject_id", flat=True))


def _writable(ids: Collection[UUID], at: datetime) -> set[UUID]:
    """Whoever has a postal address that nobody disputes."""
    addresses = Contact.objects.current().filter(subject_id__in=ids, kind=Contact.Kind.ADDRESS)
    known = set(addresses.values_list("subject_id", flat=True))
    return known - set(contacts.disputed(list(known), Contact.Kind.ADDRESS, at=at))


def _postal_addresses(ids: Collection[UUID], actor: Actor, at: datetime, reason: str) -> dict[UUID, str]:
    addresses = list(Contact.objects.current().filter(subject_id__in=ids, kind=Contact.Kind.ADDRESS))
    with vault.opened(
        purpose=Purpose.LEGAL_DUTY, task="campaigns.letters.printed", actor=actor, at=at, reason=reason
    ) as vault_session:
        return {one.subject_id: str(value) for one, value in vault_session.decrypt_many(addresses, "value")}


def _languages(ids: Collection[UUID]) -> dict[UUID, str]:
    """The language in which each person last read a consent text; who never did is not in it."""
    newest = Decision.objects.filter(subject_id__in=ids).order_by("subject_id", "-decided_at").distinct("subject_id")
    return dict(newest.values_list("subject_id", "language"))


declare(
    "subjects",
    RecipientKind(
        named=lambda names: dict(Subject.objects.filter(reference__in=names).values_list("reference", "id")),
        references=lambda ids: dict(Subject.objects.filter(id__in=ids).values_list("id", "reference")),
        reachable=_reachable,
        address=_address,
        languages=_languages,
        writable=_writable,
        postal_addresses=_postal_addresses,
        gone=lambda ids: set(
            Subject.objects.filter(id__in=ids, state=Subject.State.DESTROYED).values_list("id", flat=True)
        ),
    ),
)
