"""What a breach can concern: everything the register of holdings declares, not the policy's list alone (B-03).

An item of the policy keeps its code. What the office holds by another duty is ``category.item``, or the category alone
where it is a file or a document; what it holds of employees is ``app.model.field``. The same register answers of whom
something is held.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from uuid import UUID

from django.apps import apps
from django.db.models import ForeignKey
from django.utils.translation import gettext as _

from privacy.campaigns import recipients
from privacy.lib.display import display_names
from privacy.policies import rulebook
from privacy.subjects import holdings
from privacy.subjects.holdings import Holding, KeptUnder

BATCH_SIZE = 2_000


def item_choices(on: date, *, also: Sequence[str] = ()) -> list[tuple[str, str]]:
    """Return every item that can be affected, with its name: the policy's, the office's own, those of employees.

    ``also`` are items that were chosen under an earlier policy: they stay to be chosen.
    """
    held = [*_policy_items(on), *_office_items(on), *_staff_items(), *also]
    return [(code, item_name(code, on)) for code in dict.fromkeys(held)]


def holding_choices(on: date) -> list[tuple[str, str]]:
    """Return every kind of data of which people can be found, with its name."""
    policy = _policy(on)
    held = [code for code in holdings.categories() if code in policy or _holds_people(code)]
    staff = [(label, _staff_name(label)) for label in holdings.staff_holdings()]
    return [*((code, display_names.display_name("category", code, on=on)) for code in held), *staff]


def item_name(code: str, on: date) -> str:
    """Return what an item is called, for the people who are told of it."""
    label, _dot, field = code.rpartition(".")
    if label in holdings.staff_holdings():
        model = apps.get_model(label)
        return f"{_staff_name(label)}: {model._meta.get_field(field).verbose_name}"
    category, dot, item = code.partition(".")
    if dot:
        name = display_names.display_name
        return f"{name('category', category, on=on)}: {name('item', item, on=on)}"
    if code in holdings.categories():
        return display_names.display_name("category", code, on=on)
    return display_names.display_name("item", code, on=on)


def people_held(held: str) -> set[UUID]:
    """Return everybody of whom a category, or what is held of employees, has a row."""
    if held in holdings.staff_holdings():
        model = apps.get_model(held)
        key = next((field.attname for field in model._meta.get_fields() if _is_employee(field)), "pk")
        return set(recipients.references(model._default_manager.order_by().values_list(key, flat=True).distinct()))
    return {one for holding in holdings.for_category(held) for one in _people_of(holding)}


def _people_of(holding: Holding) -> Iterator[UUID]:
    """Walk over whose rows a holding has; ids that belong to no person, such as a document's, are passed over."""
    last: UUID | None = None
    while True:
        rows = holding.rows()
        page = rows if last is None else rows.filter(**{f"{holding.subject}__gt": last})
        ids = list(page.order_by(holding.subject).values_list(holding.subject, flat=True).distinct()[:BATCH_SIZE])
        if not ids:
            return
        yield from recipients.references(ids)
        last = ids[-1]


def _is_employee(field: object) -> bool:
    return isinstance(field, ForeignKey) and field.name == "user"


def _policy(on: date) -> dict[str, rulebook.DeclaredCategory]:
    """The categories of the policy in force; from the first migration on there is one."""
    return dict(rulebook.in_force(on).categories)


def _policy_items(on: date) -> Iterator[str]:
    for category in _policy(on).values():
        yield from category.items


def _office_items(on: date) -> Iterator[str]:
    policy = _policy(on)
    for category in holdings.categories():
        if category in policy:
            continue
        parts = sorted({item for holding in holdings.for_category(category) for item in holding.items})
        files = any(not holding.items for holding in holdings.for_category(category))
        yield from (f"{category}.{item}" for item in parts)
        if files:
            yield category


def _staff_items() -> Iterator[str]:
    for label, held in holdings.staff_holdings().items():
        yield from (f"{label}.{field}" for field in held.items)


def _staff_name(label: str) -> str:
    return _("employees, %(what)s") % {"what": apps.get_model(label)._meta.verbose_name_plural}


def _holds_people(category: str) -> bool:
    """Whether the category's rows are kept under people; of what is kept under a record people are listed singly."""
    return any(holding.kept_under is not KeptUnder.RECORD for holding in holdings.for_category(category))
