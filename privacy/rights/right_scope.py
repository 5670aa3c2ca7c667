"""Which parts of a right can be left out, and what they are called: those that carrying it out can leave out."""

from collections.abc import Collection
from datetime import date

from django.utils.translation import gettext as _

from consents.models import Agreement, AgreementVersion
from privacy.lib.display import display_names
from privacy.policies import rulebook
from privacy.policies.categories import CONTACT
from privacy.retention.archive.preservation import preservation_scopes
from privacy.rights.models import Right
from privacy.subjects import holdings

# What an access leaves out value by value, because it concerns other people (``access_package.redactions``).
OTHERS = "others"
# Whether an access tells what was provided to authorities is decided in each case (law P-13).
AUTHORITIES = "provision-authorities"


def excludable_parts(right: Right, *, on: date) -> list[str]:
    """Return the codes of the parts: categories, the provisions of an access, the agreements of a withdrawal.

    A right that is about one thing has no parts; it is granted or refused.
    """
    if right.kind == Right.Kind.ACCESS:
        told = [Right.Scope.PROVISION.value, AUTHORITIES] if Right.Scope.PROVISION in scope_of(right) else []
        return [*exported_categories(right), *told]
    if right.kind == Right.Kind.CONSENT_WITHDRAWAL and not right.agreement:
        return list(Agreement.objects.order_by("position").values_list("code", flat=True))
    if right.kind in {Right.Kind.DELETION, Right.Kind.SUSPENSION} and not right.category:
        categories = sorted(rulebook.in_force(on).categories)
        return [*categories, CONTACT] if right.kind == Right.Kind.DELETION else categories
    return []


def can_withdraw_without(excluded: Collection[str]) -> bool:
    """Whether these agreements can be left out of a withdrawal of all: with the required one everything goes."""
    collecting = Agreement.objects.filter(kind=Agreement.Kind.COLLECTION)
    kept = collecting.filter(code__in=excluded).exists()
    return not kept or not collecting.filter(required=True).exclude(code__in=excluded).exists()


def scope_of(right: Right) -> set[str]:
    """Return the parts of an access that were asked for; nothing chosen is everything."""
    return set(right.scope) or set(Right.Scope.values)


def exported_categories(right: Right) -> list[str]:
    """Return the categories whose records can be shown, where records were asked for."""
    if Right.Scope.ITEMS not in scope_of(right):
        return []
    return sorted(code for code in holdings.categories() if any(one.export for one in holdings.for_category(code)))


def deleted_categories(right: Right, *, on: date) -> list[str]:
    """Return the categories that a deletion reaches, without the parts left out."""
    everything = {*rulebook.in_force(on).categories, CONTACT}
    return sorted(({right.category} if right.category else everything) - set(right.excluded))


def is_partly_kept(right: Right, *, on: date) -> bool:
    """Whether another law may preserve records of what a deletion reaches: these are archived instead."""
    return any(True for code in deleted_categories(right, on=on) for _scope in preservation_scopes(code, on))


def part_name(right: Right, part: str, *, on: date) -> str:
    """Return what a part is called, in the active language."""
    if right.kind == Right.Kind.CONSENT_WITHDRAWAL:
        return agreement_name(part)
    if part == OTHERS:
        return _("information about other people")
    if (named := provision_name(part)) is not None:
        return named
    return display_names.display_name("category", part, on=on)


def provision_name(part: str) -> str | None:
    """Return what a part of an access that tells of provisions is called; nothing for another part."""
    if part == AUTHORITIES:
        return _("provision to investigative agencies")
    return str(Right.Scope.PROVISION.label) if part == Right.Scope.PROVISION else None


def agreement_name(code: str) -> str:
    """Return the title of an agreement as its newest published text has it; the code where there is none."""
    texts = AgreementVersion.objects.exclude(state=AgreementVersion.State.DRAFT).filter(agreement__code=code)
    newest = texts.order_by("-number").first()
    return newest.title if newest is not None else code
