"""Drafts: a copy of what is in force, changed row by row until it is submitted (P0.2)."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.lib.errors.refusals import Refusal
from privacy.lib.identifiers.ids import new_id, new_reference
from privacy.lib.record_labels import about_label
from privacy.policies import items as declarations
from privacy.policies.events import Event
from privacy.policies.models import (
    Category,
    Item,
    LegalBasis,
    PolicyVersion,
    PreservationRule,
    Purpose,
    RetentionRule,
    Section,
)

Row = Category | Item | LegalBasis | RetentionRule | PreservationRule | Section

EDIT = "policies.edit_draft"


class NotADraft(Refusal):
    code = "not-a-draft"


class RowOfOtherVersion(Refusal):
    code = "foreign-row"


class OutOfBounds(Refusal):
    """A period that no rule may have, or a legal basis without its ground; the message says what to do."""

    code = "out-of-bounds"


class NoBaseVersion(Refusal):
    code = "no-base"


def create_draft(
    *,
    based_on: PolicyVersion | None = None,
    reason_ko: str = "",
    reason_en: str = "",
    adverse: bool = False,
    new_items: bool = False,
    actor: Actor,
    at: datetime,
) -> PolicyVersion:
    """Start a new version as a copy of a public one, by default of the newest, announced or in force.

    With ``new_items`` it also names what the portal has learnt to take since then (``items.py``).
    Raises ``NotPermitted`` and ``NoBaseVersion``.
    """
    require_permission(actor, EDIT)
    with transaction.atomic():
        base = based_on or PolicyVersion.objects.newest()
        if base is None or not base.is_public:
            raise NoBaseVersion(_("A draft starts from a published version, and there isn't one yet."))
        version = PolicyVersion.objects.create(
            number=new_reference("P"),
            based_on=base,
            reason_ko=reason_ko,
            reason_en=reason_en,
            adverse=adverse,
            drafted_at=at,
            drafted_by=actor.ref,
        )
        _copy(base, version, new_items=new_items)
        ledger.record(Event.DRAFTED, actor=actor, at=at, about=version, facts={"based_on": base.number})
    return version


def describe_draft(
    version: PolicyVersion,
    *,
    effective_on: date | None,
    reason_ko: str,
    reason_en: str,
    adverse: bool,
    actor: Actor,
    at: datetime,
) -> PolicyVersion:
    """Say why a draft exists, whom it burdens and when it should take effect (V-05, V-07).

    Raises ``NotPermitted`` and ``NotADraft``.
    """
    require_permission(actor, EDIT, about=version)
    with transaction.atomic():
        held = _lock_draft(version)
        wanted = {"effective_on": effective_on, "reason_ko": reason_ko, "reason_en": reason_en, "adverse": adverse}
        fields = [field for field, value in wanted.items() if getattr(held, field) != value]
        for field in fields:
            setattr(held, field, wanted[field])
        held.save(update_fields=fields)
        ledger.record(Event.EDITED, actor=actor, at=at, about=held, facts={"changed": fields})
    return held


def revise_draft(
    version: PolicyVersion,
    *,
    rows: Sequence[Row] = (),
    removed: Sequence[Row] = (),
    purposes: Mapping[str, Sequence[str]] | None = None,
    actor: Actor,
    at: datetime,
) -> PolicyVersion:
    """Change a draft: save ``rows``, take ``removed`` out, set the ``purposes`` of categories by their codes.

    Raises ``NotPermitted``, ``NotADraft``, ``RowOfOtherVersion`` for a row of another version, and ``OutOfBounds``.
    """
    require_permission(actor, EDIT, about=version)
    with transaction.atomic():
        held = _lock_draft(version)
        for row in (*rows, *removed):
            if _version_id(row) != held.pk:
                raise RowOfOtherVersion(_("This row belongs to another version of the policy."))
        changed = sorted(_name(row) for row in rows)
        gone = sorted(_name(row) for row in removed)
        for row in removed:
            row.delete()
        for row in rows:
            _check_bounds(row)
            row.save()
        for code, declared in (purposes or {}).items():
            category = held.categories.get(code=code)
            category.purposes.set(Purpose.objects.filter(code__in=declared))
            changed.append(f"purposes:{code}")
        ledger.record(Event.EDITED, actor=actor, at=at, about=held, facts={"changed": changed, "removed": gone})
    return held


def discard_version(version: PolicyVersion, *, actor: Actor, at: datetime) -> PolicyVersion:
    """Give up a version that was never published; it stays as a record. Raises ``NotPermitted`` and ``NotADraft``."""
    require_permission(actor, EDIT, about=version)
    with transaction.atomic():
        held = PolicyVersion.objects.select_for_update().get(pk=version.pk)
        if not held.is_open:
            raise NotADraft(_("Version %(version)s can no longer be discarded.") % {"version": held.number})
        held.state = PolicyVersion.State.DISCARDED
        held.save(update_fields=["state"])
        ledger.record(Event.DISCARDED, actor=actor, at=at, about=held)
    return held


def _check_bounds(row: Row) -> None:
    if not isinstance(row, RetentionRule | PreservationRule | LegalBasis):
        return
    try:
        row.validate_constraints()
    except ValidationError as error:
        raise OutOfBounds(" ".join(error.messages)) from None


def _lock_draft(version: PolicyVersion) -> PolicyVersion:
    held = PolicyVersion.objects.select_for_update().get(pk=version.pk)
    if held.state != PolicyVersion.State.DRAFT:
        raise NotADraft(
            _("Version %(version)s is not a draft and can't be changed: %(state)s.")
            % {"version": held.number, "state": held.get_state_display()}
        )
    return held


def _version_id(row: Row) -> object:
    return row.category.version_id if isinstance(row, Item | LegalBasis | RetentionRule) else row.version_id


def _name(row: Row) -> str:
    kind = about_label(row).partition(".")[2]
    if isinstance(row, LegalBasis):
        return f"{kind}:{row.category.code}/{row.purpose_id}"
    return f"{kind}:{row.category.code if isinstance(row, RetentionRule) else row.code}"


def _copy(base: PolicyVersion, version: PolicyVersion, *, new_items: bool) -> None:
    sections, rules = list(base.sections.all()), list(base.preservation_rules.all())
    for section in sections:
        section.pk, section.version = new_id(), version
    for rule in rules:
        rule.pk, rule.version = new_id(), version
    Section.objects.bulk_create(sections)
    PreservationRule.objects.bulk_create(rules)
    for category in base.categories.prefetch_related("items", "purposes", "bases").select_related("retention"):
        items, purposes = list(category.items.all()), list(category.purposes.all())
        retention: RetentionRule | None = getattr(category, "retention", None)
        copied = Category(
            version=version,
            code=category.code,
            name_ko=category.name_ko,
            name_en=category.name_en,
            optional=category.optional,
            position=category.position,
        )
        copied.save()
        copied.purposes.set(purposes)
        for item in items:
            item.pk, item.category = new_id(), copied
        Item.objects.bulk_create([*items, *(_declared_since(items, copied) if new_items else ())])
        for basis in category.bases.all():
            basis.pk, basis.category = new_id(), copied
            basis.save(force_insert=True)
        if retention is not None:
            retention.pk, retention.category = new_id(), copied
            retention.save(force_insert=True)


def _declared_since(held: Sequence[Item], category: Category) -> list[Item]:
    """Return the items that the portal has learnt to take since the base was written; the office may remove them."""
    new = declarations.later_items(category.code) - {item.code for item in held}
    place = max((item.position for item in held), default=0)
    return [
        Item(
            category=category,
            code=item.code,
            name_ko=item.name_ko,
            name_en=item.name_en,
            identifier=item.identifier,
            position=place + number,
        )
        for number, item in enumerate(declarations.items_of(category.code), start=1)
        if item.code in new
    ]
