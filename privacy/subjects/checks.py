"""What must be true at start-up: the published policy, the data model and the retention engine can't drift apart.

subjects.E001  a model has a sealed field or points to a person and is not declared
subjects.E002  a declared item is missing from the rulebook in force
subjects.E003  a declaration can export what it can't destroy
subjects.E004  a category has no clock keeper, or more than one
subjects.E005  a declared field doesn't exist, or an item is declared in a field that isn't sealed
subjects.E006  a category of the rulebook in force is not held by anybody's declaration
"""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig, apps
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.exceptions import FieldDoesNotExist
from django.db import connections
from django.db.models import Model

from privacy.lib import clock
from privacy.policies import rulebook
from privacy.subjects import holdings
from privacy.subjects.models import Subject
from privacy.vault.fields import SealedField


def points_to_a_person(model: type[Model]) -> bool:
    """Whether a model has a subject_id or a key to Subject."""
    return any(
        field.name == "subject_id" or field.related_model is Subject
        for field in model._meta.get_fields()
        if field.concrete
    )


def has_sealed_field(model: type[Model]) -> bool:
    """Whether a model has a field that only the vault can read."""
    return any(isinstance(field, SealedField) for field in model._meta.get_fields())


@register()
def every_holding_is_declared(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """subjects.E001."""
    declared = holdings.declared_models()
    return [
        Error(
            f"{model._meta.label} holds or points to personal data and no holdings.py declares it.",
            hint="holdings.declare(...) what it holds, or holdings.declare_pseudonymous(...) if it is only an id.",
            obj=model,
            id="subjects.E001",
        )
        for model in apps.get_models()
        if not model._meta.proxy
        and (has_sealed_field(model) or points_to_a_person(model))
        and model._meta.label_lower not in declared
    ]


@register()
def what_is_exported_can_be_destroyed(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """subjects.E003 and subjects.E004; a record that carries its own end needs no clock keeper."""
    errors: list[CheckMessage] = [
        Error(f"{holding.label} ({holding.category}) can be exported and not destroyed.", id="subjects.E003")
        for holding in holdings.all()
        if holding.export is not None and holding.destroy is None
    ]
    for category in holdings.categories():
        if any(holding.ends_by_itself for holding in holdings.for_category(category)):
            continue
        keepers = [holding for holding in holdings.for_category(category) if holding.due is not None]
        by_month = [holding for holding in holdings.for_category(category) if holding.due_months is not None]
        if len(keepers) > 1 or not (keepers or by_month):
            errors.append(
                Error(
                    f"{category} needs exactly one holding that keeps its clock; {len(keepers)} do.", id="subjects.E004"
                )
            )
    return errors


@register()
def declared_fields_exist(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """subjects.E005."""
    errors: list[CheckMessage] = []
    for holding in holdings.all():
        fields = (holding.subject, holding.kind, holding.item_from, holding.recorded, holding.month)
        named = {*fields, *holding.items.values()} - {""}
        for name in sorted(named):
            try:
                field = holding.model._meta.get_field(name)
            except FieldDoesNotExist:
                errors.append(Error(f"{holding.label} has no field {name}.", id="subjects.E005"))
                continue
            if name in holding.items.values() and not isinstance(field, SealedField):
                errors.append(Error(f"{holding.label}.{name} holds an item and is not sealed.", id="subjects.E005"))
    return errors


@register(Tags.database)
def declarations_agree_with_the_rulebook(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """subjects.E002 and subjects.E006. Says nothing before the first migration."""
    if not databases or "default" not in databases:
        return []
    if "policies_policyversion" not in connections["default"].introspection.table_names():
        return []
    rules = rulebook.in_force(clock.today())
    errors: list[CheckMessage] = []
    declared: dict[str, set[str]] = {}
    for holding in holdings.all():
        if not holding.duty:
            declared.setdefault(holding.category, set()).update(holding.items)
    for category, items in sorted(declared.items()):
        missing = items - (rules.items(category) if category in rules.categories else frozenset())
        if missing:
            errors.append(
                Error(f"{category}: {', '.join(sorted(missing))} not in the rulebook in force.", id="subjects.E002")
            )
    for category in sorted(set(rules.categories) - set(declared)):
        errors.append(Error(f"{category} is in the rulebook and nobody declares it.", id="subjects.E006"))
    return errors
