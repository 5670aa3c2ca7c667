"""What must be true at start-up: the published policy, the data model and the retention engine can't drift apart.

subjects.E001  a model has a sealed field or points to a person and is not declared
subjects.E002  a declared item is missing from the rulebook in force
subjects.E003  a declaration can export what it can't destroy
subjects.E004  a category has no clock keeper, or more than one
subjects.E005  a declared field doesn't exist, or an item is declared in a field that isn't sealed
subjects.E006  a category of the rulebook in force is not held by anybody's declaration
subjects.E007  the same verb destroys for two declarations: of one of them nothing would go
subjects.E008  files of the office's don't say whether they are kept under a person or a record
subjects.E009  a declaration can export what it doesn't name the sources of
subjects.W002  the rulebook in force declares an item that nobody holds: it would be refused without a word
subjects.W001  a declared item waits for a version of the policy that declares it, and is refused until then
"""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig, apps
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.core.exceptions import FieldDoesNotExist
from django.db import connections
from django.db.models import Model

from privacy.lib.dates import clock
from privacy.lib.record_labels import about_label, record_label
from privacy.policies import rulebook
from privacy.policies.items import later_items
from privacy.subjects import holdings
from privacy.subjects.models import Subject
from privacy.vault.fields import EncryptedField


def refers_to_subject(model: type[Model]) -> bool:
    """Whether a model has a subject_id or a key to Subject."""
    return any(
        field.name == "subject_id" or field.related_model is Subject
        for field in model._meta.get_fields()
        if field.concrete
    )


def has_encrypted_field(model: type[Model]) -> bool:
    """Whether a model has a field that only the vault can read."""
    return any(isinstance(field, EncryptedField) for field in model._meta.get_fields())


@register()
def every_holding_is_declared(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """subjects.E001."""
    declared = holdings.declared_models()
    return [
        Error(
            f"{record_label(model)} holds or points to personal data and no holdings.py declares it.",
            hint="holdings.declare(...) what it holds, or holdings.declare_pseudonymous(...) if it is only an id.",
            obj=model,
            id="subjects.E001",
        )
        for model in apps.get_models()
        if not model._meta.proxy
        and (has_encrypted_field(model) or refers_to_subject(model))
        and about_label(model) not in declared
    ]


@register()
def what_is_exported_can_be_destroyed(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """subjects.E003, subjects.E004 and subjects.E009; a record that carries its own end needs no clock keeper."""
    exported = [holding for holding in holdings.all_holdings() if holding.export is not None]
    errors: list[CheckMessage] = [
        Error(f"{holding.label} ({holding.category}) can be exported and not destroyed.", id="subjects.E003")
        for holding in exported
        if holding.destroy is None
    ]
    errors += [
        Error(f"{holding.label} ({holding.category}) can be exported and names no sources.", id="subjects.E009")
        for holding in exported
        if holding.sources is None
    ]
    for category in holdings.categories():
        if any(holding.has_own_end for holding in holdings.for_category(category)):
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
    for holding in holdings.all_holdings():
        fields = (holding.subject, holding.kind, holding.item_from, holding.recorded, holding.month)
        named = {*fields, *holding.items.values()} - {""}
        for name in sorted(named):
            try:
                field = holding.model._meta.get_field(name)
            except FieldDoesNotExist:
                errors.append(Error(f"{holding.label} has no field {name}.", id="subjects.E005"))
                continue
            if name in holding.items.values() and not isinstance(field, EncryptedField):
                errors.append(Error(f"{holding.label}.{name} holds an item and is not sealed.", id="subjects.E005"))
    return errors


@register()
def every_declaration_destroys_its_own(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """subjects.E007."""
    errors: list[CheckMessage] = []
    first: dict[Any, holdings.Holding] = {}
    for holding in holdings.all_holdings():
        if holding.destroy is None:
            continue
        other = first.setdefault(holding.destroy, holding)
        if other is not holding:
            message = (
                f"{other.label} ({other.category}) and {holding.label} ({holding.category}) have the same destroy."
            )
            hint = "Write a verb that removes the rows of this category, beside the other."
            errors.append(Error(message, hint=hint, id="subjects.E007"))
    return errors


@register()
def files_say_whose_they_are(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """subjects.E008: a breach of files that are kept under people concerns these people."""
    return [
        Error(
            f"{holding.label} ({holding.category}) doesn't say whether it is kept under people or records.",
            hint="kept_under=KeptUnder.PERSON or KeptUnder.RECORD in holdings.declare(...).",
            id="subjects.E008",
        )
        for holding in holdings.all_holdings()
        if holding.duty and not holding.items and holding.kept_under is None
    ]


@register(Tags.database)
def declarations_agree_with_the_rulebook(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """subjects.E002, subjects.E006, subjects.W001 and subjects.W002. Says nothing before the first migration."""
    if not databases or "default" not in databases:
        return []
    if "policies_policyversion" not in connections["default"].introspection.table_names():
        return []
    rules = rulebook.in_force(clock.today())
    errors: list[CheckMessage] = []
    declared: dict[str, set[str]] = {}
    for holding in holdings.all_holdings():
        if not holding.duty:
            declared.setdefault(holding.category, set()).update(holding.items)
    for category, items in sorted(declared.items()):
        in_force = rules.items(category) if category in rules.categories else frozenset()
        waiting = (items - in_force) & later_items(category)
        if missing := items - in_force - waiting:
            errors.append(
                Error(f"{category}: {', '.join(sorted(missing))} not in the rulebook in force.", id="subjects.E002")
            )
        if waiting:
            message = f"{category}: {', '.join(sorted(waiting))} is refused until the policy in force declares it."
            errors.append(Warning(message, hint="Draft, review and publish the policy.", id="subjects.W001"))
        if refused := in_force - items:
            message = f"{category}: the policy declares {', '.join(sorted(refused))}, and nobody holds it."
            errors.append(Warning(message, hint="CONTRIBUTING.md: Add an item of personal data.", id="subjects.W002"))
    for category in sorted(set(rules.categories) - set(declared)):
        errors.append(Error(f"{category} is in the rulebook and nobody declares it.", id="subjects.E006"))
    return errors
