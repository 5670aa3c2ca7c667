"""What must be true of sealed fields and keys before the portal starts."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.apps import apps
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, models

from privacy.vault import blind
from privacy.vault.actions import WrongKey, check_keys
from privacy.vault.declarations import declaration, sealed_fields
from privacy.vault.fields import SealedField

# Identifiers of a device: by these names nothing may lie in clear, in any app (P0.1, P8.4).
IDENTIFIERS = frozenset({"imei", "serial", "serial_number", "adb", "adb_number", "licence_key", "phone_number"})


def our_models() -> list[type[models.Model]]:
    """Return the models of the portal's own apps."""
    ours = ("privacy.", "consents", "devices")
    return [model for model in apps.get_models() if model._meta.app_config.name.startswith(ours)]


@register("portal")
def sealed_fields_are_declared(**kwargs: Any) -> Iterable[CheckMessage]:
    """vault.E001 … vault.E004: every box has its keys, its item, its index; no identifier lies in clear."""
    for model in our_models():
        yield from faults_of(model)


def faults_of(model: type[models.Model]) -> Iterator[CheckMessage]:
    """Yield what is wrong with the sealed fields of one model."""
    fields = sealed_fields(model)
    if fields:
        try:
            declaration(model)
        except ImproperlyConfigured as error:
            yield Error(str(error), hint="See SealedModel.", obj=model, id="vault.E001")
    columns = {field.attname for field in model._meta.concrete_fields}
    for field in fields:
        if field.item_from and field.item_from not in columns:
            yield Error(f"item_from names {field.item_from}, no column.", obj=field, id="vault.E002")
        if field.index and field.index not in blind.NORMALISERS and field.index not in blind.ALIASES:
            yield Error(f"There is no blind index named {field.index}.", obj=field, id="vault.E004")
    for plain in model._meta.concrete_fields:
        if plain.name in IDENTIFIERS and not isinstance(plain, SealedField):
            yield Error(
                f"{plain.name} is an identifier and lies in clear.",
                hint="Make it a sealed field (P8.4).",
                obj=plain,
                id="vault.E003",
            )


@register(Tags.database)
def keys_are_this_vaults(databases: Sequence[str] | None = None, **kwargs: Any) -> Iterable[CheckMessage]:
    """vault.E005: the key files are there and are the ones this vault was sealed with; else the portal stops."""
    if not databases or "default" not in databases:
        return
    if "vault_keycheck" not in connection.introspection.table_names():
        return
    try:
        check_keys()
    except WrongKey as refusal:
        yield Error(str(refusal), hint="Restore the key file. A new key opens nothing.", id="vault.E005")
