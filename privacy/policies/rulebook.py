"""What the policy in force declares, as a frozen snapshot for all who must act on it.

Vault, intake, retention and rights ask here what may be collected, read for which purpose, and kept how long. A
published version never changes (the database refuses it), so a snapshot is read once in a process and kept; which
version is in force is asked each time.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from types import MappingProxyType
from uuid import UUID

from django.db.models import OuterRef, Prefetch, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from privacy.lib.errors.refusals import Refusal
from privacy.policies.categories import OFFICE_FILES
from privacy.policies.models import Category, LegalGround, Parameter, PolicyVersion

# What the office owes by law needs no declaration: answering rights, legal duties, destroying (P1.7, P6.4, P7.2).
IMPLICIT_PURPOSES = frozenset({"rights", "legal-duty", "destruction"})


class NoPolicyInForce(Refusal):
    code = "no-policy"


class UnknownCategory(Refusal):
    code = "unknown-category"


class UnknownParameter(Refusal):
    code = "unknown-parameter"


@dataclass(frozen=True, slots=True)
class DeclaredItem:
    """One declared item (P3.1–P3.3)."""

    code: str
    name_ko: str
    name_en: str
    identifier: bool


@dataclass(frozen=True, slots=True)
class RetentionPeriod:
    """How long a category is kept, from which event (P6.1–P6.3); the period counts by Civil Act 160."""

    clock: str
    years: int
    months: int
    approval_required: bool
    wait_hours: int
    # Whether any purpose rests on consent: then what nobody agreed to in time is not kept that long (C-06, C-13).
    needs_consent: bool = True


@dataclass(frozen=True, slots=True)
class PreservationPeriod:
    """What another law makes the company keep (P6.4, D-03)."""

    code: str
    name_ko: str
    name_en: str
    law_ko: str
    law_en: str
    article_ko: str
    article_en: str
    record_kinds: frozenset[str]
    months: int


@dataclass(frozen=True, slots=True)
class StatedBasis:
    """On what a category is processed for one purpose (C-06): a code of ``LegalGround``, and its ground in words."""

    basis: str
    ground_ko: str
    ground_en: str

    @property
    def is_consent(self) -> bool:
        return self.basis == LegalGround.CONSENT


@dataclass(frozen=True, slots=True)
class DeclaredCategory:
    """One declared category with all that follows from it."""

    code: str
    name_ko: str
    name_en: str
    optional: bool
    items: Mapping[str, DeclaredItem]
    purposes: frozenset[str]
    retention: RetentionPeriod | None
    # By purpose; nothing where the version states none.
    bases: Mapping[str, StatedBasis]

    def needs_no_consent(self, purposes: Collection[str] | None = None) -> bool:
        """Whether the version states for each of these purposes, by default for all, a basis other than consent."""
        stated = [self.bases.get(code) for code in (self.bases if purposes is None else purposes)]
        return bool(stated) and all(basis is not None and not basis.is_consent for basis in stated)


@dataclass(frozen=True, slots=True)
class Rulebook:
    """One version of the policy, as rules."""

    version: str
    version_id: UUID
    effective_on: date | None
    categories: Mapping[str, DeclaredCategory]
    preservation: Mapping[str, PreservationPeriod]

    def category(self, code: str) -> DeclaredCategory:
        """Return the terms of a category; raise ``UnknownCategory`` for one the policy does not declare."""
        try:
            return self.categories[code]
        except KeyError:
            raise UnknownCategory(
                _("The privacy policy %(version)s declares no category “%(code)s”.")
                % {"version": self.version, "code": code}
            ) from None

    def items(self, code: str) -> frozenset[str]:
        """Return the codes of the items of a category."""
        return frozenset(self.category(code).items)

    def purposes(self, code: str) -> frozenset[str]:
        """Return every purpose a category may be read for: the declared ones and the office's own duties."""
        return self.category(code).purposes | IMPLICIT_PURPOSES

    def retention(self, code: str) -> RetentionPeriod:
        """Return how long a category is kept; raise ``UnknownCategory`` where the version has no rule for it."""
        term = self.category(code).retention
        if term is None:
            raise UnknownCategory(_("The category “%(code)s” has no retention rule.") % {"code": code})
        return term

    def category_of(self, item: str) -> str | None:
        """Return the category that declares an item, or ``None`` for an undeclared one (P0.1: exactly one)."""
        return next((code for code, term in self.categories.items() if item in term.items), None)

    def preserving(self, record_kind: str) -> PreservationPeriod | None:
        """Return the rule that makes the company keep records of this kind: the longest where several do."""
        rules = [rule for rule in self.preservation.values() if record_kind in rule.record_kinds]
        return max(rules, key=lambda rule: rule.months, default=None)


def in_force(on: date) -> Rulebook:
    """Return the rulebook in force on a calendar day in Korea; raise ``NoPolicyInForce`` before the first one."""
    row = (
        PolicyVersion.objects.public()
        .filter(effective_on__lte=on)
        .order_by("-effective_on")
        .values("id", "seal")
        .first()
    )
    if row is None:
        raise NoPolicyInForce(_("No privacy policy was in force on %(day)s.") % {"day": on.isoformat()})
    return _published(row["id"], row["seal"])


def needs_no_consent(category: str, on: date) -> bool:
    """Whether the policy in force on a day states a basis other than consent for each purpose of a category (C-06).

    Raises ``NoPolicyInForce``.
    """
    term = in_force(on).categories.get(category)
    return term is not None and term.needs_no_consent()


def grantable_scopes(on: date) -> frozenset[tuple[str, str]]:
    """Return each pair of category and purpose that somebody may be granted access for on a day (P8.8).

    The office's own files on requests and complaints are opened to answer them, or for a duty under law.
    """
    book = in_force(on)
    declared = {(code, purpose) for code in book.categories for purpose in book.purposes(code)}
    office = {(code, purpose) for code in OFFICE_FILES for purpose in IMPLICIT_PURPOSES}
    return frozenset(declared | office)


@lru_cache(maxsize=16)
def _published(version_id: UUID, seal: str) -> Rulebook:
    return read(PolicyVersion.objects.get(id=version_id))


def read(version: PolicyVersion) -> Rulebook:
    """Return the rules of any version, drafts included, as they stand in the tables now."""
    categories = {
        category.code: _category(category)
        for category in version.categories.select_related("retention")
        .prefetch_related("items", Prefetch("purposes"), "bases")
        .order_by("position")
    }
    preservation = {
        rule.code: PreservationPeriod(
            rule.code,
            rule.name_ko,
            rule.name_en,
            rule.law_ko,
            rule.law_en,
            rule.article_ko,
            rule.article_en,
            frozenset(rule.record_kinds),
            rule.months,
        )
        for rule in version.preservation_rules.filter(applied=True).order_by("position")
    }
    return Rulebook(
        version.number,
        version.id,
        version.effective_on,
        MappingProxyType(categories),
        MappingProxyType(preservation),
    )


def _category(category: Category) -> DeclaredCategory:
    items = {
        item.code: DeclaredItem(item.code, item.name_ko, item.name_en, item.identifier) for item in category.items.all()
    }
    bases = {row.purpose_id: StatedBasis(row.basis, row.ground_ko, row.ground_en) for row in category.bases.all()}
    declared = DeclaredCategory(
        category.code,
        category.name_ko,
        category.name_en,
        category.optional,
        MappingProxyType(items),
        frozenset(purpose.code for purpose in category.purposes.all()),
        None,
        MappingProxyType(bases),
    )
    rule = getattr(category, "retention", None)
    if rule is None:
        return declared
    kept = RetentionPeriod(rule.clock, rule.years, rule.months, rule.approval_required, rule.wait_hours)
    return replace(declared, retention=replace(kept, needs_consent=not declared.needs_no_consent()))


def parameter(code: str, on: date) -> int:
    """Return the number in force on a day, such as ``rights.answer.days`` (its unit is in its name).

    A day before the first value has that value: what is received late, or known for long, has a term too. Raises
    ``UnknownParameter`` for a code nobody set.
    """
    return parameters([code], on)[code]


def parameters(codes: Collection[str], on: date) -> dict[str, int]:
    """Return several numbers in force on a day by their codes, in one question; otherwise like ``parameter``."""
    values: dict[str, int] = {}
    known = Parameter.objects.filter(code__in=codes).order_by("code", "effective_on")
    for code, effective_on, value in known.values_list("code", "effective_on", "value"):
        if effective_on <= on or code not in values:
            values[code] = value
    for code in codes:
        if code not in values:
            raise UnknownParameter(_("The portal has no parameter “%(code)s”.") % {"code": code})
    return values


def parameter_of_rows(code: str, day: str) -> Coalesce:
    """Return the number in force on the day that a field of the rows asked for names, as part of their question."""
    values = Parameter.objects.filter(code=code)
    in_force_then = values.filter(effective_on__lte=OuterRef(day)).order_by("-effective_on").values("value")[:1]
    return Coalesce(Subquery(in_force_then), Subquery(values.order_by("effective_on").values("value")[:1]))


def parameter_history(code: str) -> list[tuple[date, int]]:
    """Return every value of a number with the day from which it holds, the oldest first."""
    return list(Parameter.objects.filter(code=code).order_by("effective_on").values_list("effective_on", "value"))
