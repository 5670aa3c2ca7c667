"""The register of holdings: what personal data exists, of which category, how long, how exported and destroyed.

Each app declares what it holds in its own ``holdings.py``; viewing, correcting, deleting, retention, the published
inventory and the read-back after a destruction ask this register and never each other. A declaration
covers one model and one category; a model with rows of two categories is declared twice, told apart by ``scope``.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum, auto
from types import MappingProxyType
from typing import Any, Protocol
from uuid import UUID

from django.core.exceptions import ImproperlyConfigured
from django.db.models import Model, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from privacy.ledger.actors import Actor
from privacy.lib.postgres import planner_hints
from privacy.lib.postgres.uuid_arrays import any_of
from privacy.lib.record_labels import about_label
from privacy.policies.categories import CONTACT
from privacy.policies.rulebook import RetentionPeriod
from privacy.subjects.sources import DataSource


class Correct(Protocol):
    """Puts the right value in place, sealed, in the caller's transaction on the holding's database.

    Repeating it with the same ``event`` does nothing more.
    """

    def __call__(
        self,
        subject_id: UUID,
        item: str,
        value: Any,
        *,
        event: UUID,
        actor: Actor,
        at: datetime,
        record_id: UUID | None,
    ) -> None: ...


class Check(Protocol):
    """Says whether a value can be right at all, before anything is frozen for it. Raises Refusal."""

    def __call__(self, item: str, value: str) -> None: ...


class Destroy(Protocol):
    """Removes every row of these people in this category. Returns the rows removed; safe to repeat."""

    def __call__(self, subject_ids: Sequence[UUID], *, certificate: str, actor: Actor, at: datetime) -> int: ...


class DestroyMonth(Protocol):
    """Removes a whole month of this category. Returns the rows that went; safe to repeat.

    Without ``keep`` the partition is dropped; with it the rows of these people stay, because a hold keeps them.
    """

    def __call__(
        self, month: date, *, keep: Sequence[UUID] = (), certificate: str, actor: Actor, at: datetime
    ) -> int: ...


class DueMonths(Protocol):
    """Yields the first day of each month of which every record is past the term on the day ``on`` and rows remain."""

    def __call__(self, on: date, term: RetentionPeriod) -> Iterable[date]: ...


@dataclass(frozen=True)
class ExportedSlice:
    """Some records of a person in clear, the key of the last one that was read, and whether more follow it."""

    records: list[dict[str, Any]]
    after: str
    more: bool


class ExportSlice(Protocol):
    """Shows at most ``most`` records that arrived until ``until``, in the order of their keys, after ``after``."""

    def __call__(
        self, subject_id: UUID, vault_session: Any, *, after: str, most: int, until: datetime
    ) -> ExportedSlice: ...


class KeptUnder(Enum):
    """Whose id files are kept under: whom a record names stands inside its file, so nobody is found by it."""

    PERSON = auto()
    RECORD = auto()


Export = Callable[[UUID, Any], Iterable[dict[str, Any]]]
Due = Callable[[date, RetentionPeriod], Iterator[list[UUID]]]
Count = Callable[[Sequence[UUID]], int]
Sources = Callable[[Sequence[UUID]], Iterable[DataSource]]
KnownFrom = Callable[[Sequence[UUID]], Mapping[UUID, datetime]]
IsDue = Callable[[Sequence[UUID], date, RetentionPeriod], Iterable[UUID]]


@dataclass(frozen=True)
class Holding:
    """One kind of personal data: where it lies, what it is, and the verbs that act on it.

    ``clock`` names the field or event that starts the retention period. ``due`` yields people whose period is over, in
    slices; exactly one holding of a category keeps its clock. ``kind`` and ``recorded`` name the fields by which a
    preservation rule picks records (P6.4); ``kinds`` says which kinds there can be, if not any. ``month`` names the
    field by whose month rows are partitioned. ``item_from`` names the field that says of which item a row is, where a
    person has at most one row of each. ``correctable`` says which rows ``correct`` reaches, if not all: of contacts,
    those in use. ``duty`` cites the law or duty for what the office holds beside the
    policy's items (law C-06), such as a contact for answers.
    ``export_slice`` shows what ``export`` does, of a person who may have very many records: ``arrived`` names the
    moment at which each of them came in.
    ``is_due`` answers for some people whether ``due`` would still name them, asked right before their keys are
    destroyed. ``has_own_end`` says that each record carries its own end, as in the archive. ``kept_years`` names the
    number of the rulebook for which the office keeps a file of its own from the day of its ``clock``. ``kept_under``
    says of the office's files whose id ``subject`` is: a person's who can be told of a breach, or a record's.
    ``known_from`` tells of some people when what their period counts from was recorded, where that may come late.
    ``sources`` tells of some people where the rows of theirs that are held come from; nothing where none are held.
    ``due_when_destroyed`` says that ``due`` names those of whom nothing else is left.
    """

    model: type[Model]
    category: str
    subject: str
    clock: str
    items: Mapping[str, str]
    using: str
    export: Export | None = None
    export_slice: ExportSlice | None = None
    arrived: str = ""
    correct: Correct | None = None
    correctable: Mapping[str, Any] = field(default_factory=dict)
    check: Check | None = None
    destroy: Destroy | None = None
    count: Count | None = None
    due: Due | None = None
    is_due: IsDue | None = None
    known_from: KnownFrom | None = None
    scope: Mapping[str, Any] = field(default_factory=dict)
    item_from: str = ""
    kind: str = ""
    kinds: Sequence[str] = ()
    recorded: str = ""
    month: str = ""
    due_months: DueMonths | None = None
    destroy_month: DestroyMonth | None = None
    duty: str | Promise = ""
    has_own_end: bool = False
    kept_years: str = ""
    kept_under: KeptUnder | None = None
    sources: Sources | None = None
    due_when_destroyed: bool = False

    @property
    def label(self) -> str:
        return about_label(self.model)

    def rows(self, subject_ids: Sequence[UUID] | None = None) -> QuerySet[Model]:
        """The rows of this holding, of these people or of everybody."""
        rows: QuerySet[Model] = self.model._default_manager.using(self.using).filter(**self.scope)
        return rows if subject_ids is None else rows.filter(any_of(self.subject, subject_ids))

    def counted(self, subject_ids: Sequence[UUID]) -> int:
        """How many rows these people have here."""
        with planner_hints.parallel_lookup(subject_ids, using=self.using):
            return self.count(subject_ids) if self.count else self.rows(subject_ids).count()


@dataclass(frozen=True)
class Pseudonymous:
    """A model that points to a person by her pseudonymous id and holds nothing else about her. It outlives her data."""

    model: type[Model]
    subject: str
    why: str


@dataclass(frozen=True)
class StaffHolding:
    """Personal data of the people who work here: what, by which duty, how long. No subject of the portal's services."""

    label: str
    items: Sequence[str]
    why: str
    kept: str


_holdings: dict[tuple[str, str], Holding] = {}
_pseudonymous: dict[str, Pseudonymous] = {}
_staff_holdings: dict[str, StaffHolding] = {}


def declare(model: type[Model], *, category: str, subject: str, clock: str, using: str, **rest: Any) -> Holding:
    """Say that ``model`` holds personal data of ``category``. See Holding for the other keywords."""
    holding = Holding(model=model, category=category, subject=subject, clock=clock, using=using, **rest)
    key = (holding.label, category)
    if key in _holdings and _holdings[key] != holding:
        raise ImproperlyConfigured(f"{holding.label} is declared twice for {category}.")
    _holdings[key] = holding
    return holding


def declare_pseudonymous(model: type[Model], *, subject: str, why: str) -> None:
    """Say that ``model`` points to a person and holds no personal data, so that destroying her leaves it."""
    _pseudonymous[about_label(model)] = Pseudonymous(model, subject, why)


def declare_staff(label: str, *, items: Sequence[str], why: str, kept: str) -> None:
    """Say that a model, by its label, holds personal data of employees."""
    _staff_holdings[label] = StaffHolding(label, items, why, kept)


def staff_holdings() -> Mapping[str, StaffHolding]:
    """What is held of the people who work here, by model."""
    return MappingProxyType(_staff_holdings)


def all_holdings() -> tuple[Holding, ...]:
    """Every declared holding, in the order of category and model."""
    return tuple(_holdings[key] for key in sorted(_holdings, key=lambda key: (key[1], key[0])))


def for_category(code: str) -> tuple[Holding, ...]:
    """The holdings of one category."""
    return tuple(holding for holding in all_holdings() if holding.category == code)


def categories() -> tuple[str, ...]:
    """Every category of which something is declared."""
    return tuple(sorted({holding.category for holding in all_holdings()}))


def holding_with_due(code: str) -> Holding | None:
    """The one holding of a category that knows whose retention period is over."""
    return next((holding for holding in for_category(code) if holding.due is not None), None)


def pseudonymous_models() -> Mapping[str, Pseudonymous]:
    """The models that point to people and hold nothing about them, by label."""
    return MappingProxyType(_pseudonymous)


def declared_models() -> frozenset[str]:
    """The labels of all models that are declared, as holding or as pseudonymous."""
    return frozenset({holding.label for holding in all_holdings()} | set(_pseudonymous))


# -- what this app and the apps below it hold ------------------------------------------------------------------------
from privacy.subjects import actions, contacts, retention_expiry  # noqa: E402 - these use the register above
from privacy.subjects.contact_validation import validate_contact  # noqa: E402
from privacy.subjects.models import Contact, ContactCode, FalseIdentityFinding  # noqa: E402
from privacy.vault.models import Freeze, SubjectKey, Tombstone  # noqa: E402

declare(
    Contact,
    category=CONTACT,
    subject="subject_id",
    clock="ended_at",
    using="personal",
    recorded="recorded_at",
    items=dict.fromkeys(Contact.Kind.values, "value"),
    item_from="kind",
    export=contacts.export_contacts,
    correct=actions.correct_contact,
    correctable={"ended_at": None},
    check=validate_contact,
    destroy=actions.remove_contacts,
    due=retention_expiry.contacts_due,
    sources=contacts.sources_of,
    due_when_destroyed=True,
    duty=_("Where answers are sent (PIPA, art. 38(4))"),
)
declare_pseudonymous(ContactCode, subject="subject_id", why="which codes prove a contact, never its value")
declare_pseudonymous(FalseIdentityFinding, subject="subject", why="the finding stays: P1.8, without personal data")
declare_pseudonymous(SubjectKey, subject="subject_id", why="a wrapped key; destroying it is the act of destruction")
declare_pseudonymous(Tombstone, subject="subject_id", why="proof that a key was destroyed")
declare_pseudonymous(Freeze, subject="subject_id", why="which items are frozen, never their values")
