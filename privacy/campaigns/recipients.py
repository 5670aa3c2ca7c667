"""Who can be told something: each app that knows people of a kind says what they are called and how they are reached.

A notice goes to data subjects, and after a breach of the office's own files also to requesters, complainants and
employees. Each kind is declared in its app's ``recipients.py``, found at start-up; ids of different kinds never meet.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from consents.models import Decision
from privacy.ledger.actors import Actor
from privacy.lib.integrations import text_messages
from privacy.subjects import contacts
from privacy.subjects.models import Contact, Subject
from privacy.vault import actions as vault
from privacy.vault.purposes import Purpose
from privacy.vault.refusals import Destroyed, Frozen

# So many people at once are looked up by what is known of them.
SLICE = 5_000

type Address = Callable[[UUID, Actor, datetime, str], str | None]
type Addresses = Callable[[Collection[UUID], Actor, datetime, str], Mapping[UUID, str]]


@dataclass(frozen=True)
class RecipientKind:
    """One kind of people.

    ``named`` finds them by the references that people write, in capitals; ``references`` says what these ids are
    called, and leaves out ids of another kind; ``reachable`` who may have an e-mail address; ``address`` opens it, on
    record; ``writable`` who may have a postal address that a letter can go to now; ``postal_addresses`` opens those,
    on record, and leaves out who has none; ``with_postal_address`` gives the rows, by ``subject_id``, of all who may
    have one; ``preferring_letters`` says who of those wants letters; ``addresses`` and ``numbers`` open those of many
    on one record, and leave out whose has to be opened alone; ``languages`` in which language each reads, where that
    is known; ``gone`` of whom nothing is held any more, by which they could be told.
    """

    named: Callable[[Collection[str]], Mapping[str, UUID]]
    references: Callable[[Collection[UUID]], Mapping[UUID, str]]
    reachable: Callable[[Collection[UUID]], set[UUID]]
    address: Address
    languages: Callable[[Collection[UUID]], Mapping[UUID, str]]
    textable: Callable[[Collection[UUID]], Mapping[UUID, bool]] = field(default=lambda _ids: {})
    number: Address = field(default=lambda _one, _actor, _at, _reason: None)
    addresses: Addresses = field(default=lambda _ids, _actor, _at, _reason: {})
    numbers: Addresses = field(default=lambda _ids, _actor, _at, _reason: {})
    writable: Callable[[Collection[UUID], datetime], set[UUID]] = field(default=lambda _ids, _at: set())
    postal_addresses: Addresses = field(default=lambda _ids, _actor, _at, _reason: {})
    with_postal_address: Callable[[], QuerySet[Any]] | None = None
    preferring_letters: Callable[[Collection[UUID], datetime], set[UUID]] = field(default=lambda _ids, _at: set())
    gone: Callable[[Collection[UUID]], set[UUID]] = field(default=lambda _ids: set())


_kinds: dict[str, RecipientKind] = {}
# Whose devices show messages, by the apps that know devices.
_devices: list[Callable[[Collection[UUID], datetime], set[UUID]]] = []


def declare(code: str, recipients: RecipientKind) -> None:
    """Add a kind of people; the same code again replaces it."""
    _kinds[code] = recipients


def declare_devices(with_messages: Callable[[Collection[UUID], datetime], set[UUID]]) -> None:
    """Say whose devices show messages at a moment."""
    if with_messages not in _devices:
        _devices.append(with_messages)


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


def addresses(ids: Collection[UUID], *, actor: Actor, at: datetime, reason: str) -> dict[UUID, str]:
    """Open the e-mail addresses of people on one record for each kind; who isn't in it has to be asked for alone."""
    return {one: value for kind in _kinds.values() for one, value in kind.addresses(ids, actor, at, reason).items()}


def numbers(ids: Collection[UUID], *, actor: Actor, at: datetime, reason: str) -> dict[UUID, str]:
    """Open the mobile numbers of people like ``addresses``."""
    opened = {one: value for kind in _kinds.values() for one, value in kind.numbers(ids, actor, at, reason).items()}
    mobile = {one: text_messages.mobile_number(value) for one, value in opened.items()}
    return {one: number for one, number in mobile.items() if number is not None}


def textable(ids: Collection[UUID]) -> dict[UUID, bool]:
    """Return who may be reached by text message, where they are sent, and whether it is the way that is preferred."""
    if not text_messages.are_sent():
        return {}
    return {one: is_preferred for kind in _kinds.values() for one, is_preferred in kind.textable(ids).items()}


def number(one: UUID, *, actor: Actor, at: datetime, reason: str) -> str | None:
    """Open the mobile number of a person, on record; nothing where there is none (any longer)."""
    for kind in _kinds.values():
        if one in kind.references([one]):
            return text_messages.mobile_number(kind.number(one, actor, at, reason) or "")
    return None


def on_device(ids: Collection[UUID], *, at: datetime) -> set[UUID]:
    """Return whose device fetches messages and shows them."""
    return {one for with_messages in _devices for one in with_messages(ids, at)}


def preferring_letters(ids: Collection[UUID], *, at: datetime) -> set[UUID]:
    """Return who wants letters, of those to whom one may go."""
    return {one for kind in _kinds.values() for one in kind.preferring_letters(ids, at)}


def writable(ids: Collection[UUID], *, at: datetime) -> set[UUID]:
    """Return to whom a letter may go; whether there is a postal address shows when it is opened."""
    return {one for kind in _kinds.values() for one in kind.writable(ids, at)}


def postal_addresses(ids: Collection[UUID], *, actor: Actor, at: datetime, reason: str) -> dict[UUID, str]:
    """Open the postal addresses of people, on record; who has none (any longer) is not in it."""
    opened: dict[UUID, str] = {}
    for kind in _kinds.values():
        if found := kind.writable(ids, at):
            # Where all of a kind are being destroyed, people of other kinds are written to all the same.
            with suppress(Destroyed):
                opened |= kind.postal_addresses(found, actor, at, reason)
    return opened


def with_postal_address() -> Iterator[list[UUID]]:
    """Yield in slices all people of any kind who may have a postal address, also one that somebody disputes."""
    for kind in _kinds.values():
        if kind.with_postal_address is None:
            continue
        held, last = kind.with_postal_address().order_by("subject_id"), UUID(int=0)
        while some := list(held.filter(subject_id__gt=last).values_list("subject_id", flat=True)[:SLICE]):
            yield some
            last = some[-1]


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
    return _opened(Contact.objects.current().emails([one]).first(), actor, at, reason)


def _number(one: UUID, actor: Actor, at: datetime, reason: str) -> str | None:
    return _opened(_phones([one]).first(), actor, at, reason)


def _phones(ids: Collection[UUID]) -> QuerySet[Contact]:
    return Contact.objects.current().filter(subject_id__in=list(ids), kind=Contact.Kind.PHONE)


def _opened(contact: Contact | None, actor: Actor, at: datetime, reason: str) -> str | None:
    if contact is None:
        return None
    with vault.opened(
        purpose=Purpose.LEGAL_DUTY, task="campaigns.delivery.addressed", actor=actor, at=at, reason=reason
    ) as vault_session:
        return str(vault_session.decrypt(contact, "value"))


def _all_opened(contacts: Iterable[Contact], actor: Actor, at: datetime, reason: str) -> dict[UUID, str]:
    """Open the first contact of each person on one record; whoever can't be read with others is left out."""
    first: dict[UUID, Contact] = {}
    for one in contacts:
        first.setdefault(one.subject_id, one)
    try:
        with vault.opened(
            purpose=Purpose.LEGAL_DUTY, task="campaigns.delivery.addressed", actor=actor, at=at, reason=reason
        ) as vault_session:
            return {
                one.subject_id: str(value) for one, value in vault_session.decrypt_many(list(first.values()), "value")
            }
    except (Destroyed, Frozen):
        return {}


def _reachable(ids: Collection[UUID]) -> set[UUID]:
    emails = Contact.objects.current().emails(ids)
    return set(emails.values_list("subject_id", flat=True))


def _writable(ids: Collection[UUID], at: datetime) -> set[UUID]:
    """Whoever has a postal address that nobody disputes."""
    known = set(_addresses().filter(subject_id__in=ids).values_list("subject_id", flat=True))
    return known - set(contacts.disputed(list(known), Contact.Kind.ADDRESS, at=at))


def _addresses() -> QuerySet[Contact]:
    return Contact.objects.current().filter(kind=Contact.Kind.ADDRESS)


def _preferring_letters(ids: Collection[UUID], at: datetime) -> set[UUID]:
    preferred = _addresses().filter(subject_id__in=ids, is_preferred=True)
    wanted = set(preferred.values_list("subject_id", flat=True))
    return wanted & _writable(list(wanted), at) if wanted else set()


def _postal_addresses(ids: Collection[UUID], actor: Actor, at: datetime, reason: str) -> dict[UUID, str]:
    addresses = list(_addresses().filter(subject_id__in=ids))
    with vault.opened(
        purpose=Purpose.LEGAL_DUTY, task="campaigns.letters.printed", actor=actor, at=at, reason=reason
    ) as vault_session:
        return {one.subject_id: str(value) for one, value in vault_session.decrypt_many(addresses, "value")}


def _languages(ids: Collection[UUID]) -> dict[UUID, str]:
    """The language that each person wants notices in, as said with the preferred contact; else the one of the consent
    text read last. Of whom neither is known, nothing is in it.

    A contact that nobody has proven says it only where there is no other, as it is used; a postal one needs no proof.
    """
    newest = Decision.objects.filter(subject_id__in=ids).order_by("subject_id", "-decided_at").distinct("subject_id")
    current = Contact.objects.current().filter(subject_id__in=ids)
    counts = Q(verified_at__isnull=False) | Q(kind=Contact.Kind.ADDRESS)
    wanted = current.alias(counts=counts).order_by("counts", "is_preferred", "recorded_at", "id")
    return dict(newest.values_list("subject_id", "language")) | dict(wanted.values_list("subject_id", "language"))


declare(
    "subjects",
    RecipientKind(
        named=lambda names: dict(Subject.objects.filter(reference__in=names).values_list("reference", "id")),
        references=lambda ids: dict(Subject.objects.filter(id__in=ids).values_list("id", "reference")),
        reachable=_reachable,
        address=_address,
        addresses=lambda ids, actor, at, reason: _all_opened(Contact.objects.current().emails(ids), actor, at, reason),
        textable=lambda ids: dict(_phones(ids).values_list("subject_id", "is_preferred")),
        number=_number,
        numbers=lambda ids, actor, at, reason: _all_opened(_phones(ids), actor, at, reason),
        languages=_languages,
        writable=_writable,
        preferring_letters=_preferring_letters,
        postal_addresses=_postal_addresses,
        with_postal_address=_addresses,
        gone=lambda ids: set(
            Subject.objects.filter(id__in=ids, state=Subject.State.DESTROYED).values_list("id", flat=True)
        ),
    ),
)
