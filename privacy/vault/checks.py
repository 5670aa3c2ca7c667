"""What must be true of sealed fields and keys before the portal starts."""

import os
import pwd
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, models

from privacy.vault import blind_indexes, key_providers
from privacy.vault.actions import KeyServiceUnavailable, WrongKey, check_keys
from privacy.vault.encryption_options import encrypted_fields, options_of
from privacy.vault.fields import EncryptedField
from privacy.vault.keyservice.custodian import process_names

# What identifies a device is also called so: by these names nothing may lie in clear, in any app (P0.1, P8.4).
OTHER_NAMES = frozenset({"serial", "adb", "phone_number"})


def our_models() -> list[type[models.Model]]:
    """Return the models of the portal's own apps."""
    ours = ("privacy.", "consents", "devices")
    return [model for model in apps.get_models() if model._meta.app_config.name.startswith(ours)]


@register("portal")
def encrypted_fields_are_declared(**kwargs: Any) -> Iterable[CheckMessage]:
    """vault.E001 … vault.E006: every ciphertext has its keys, fixed name, item and index; no identifier is in clear."""
    for model in our_models():
        yield from errors_of(model)


def errors_of(model: type[models.Model]) -> Iterator[CheckMessage]:
    """Yield what is wrong with the sealed fields of one model."""
    fields = encrypted_fields(model)
    if fields:
        try:
            options_of(model)
        except ImproperlyConfigured as error:
            yield Error(str(error), hint="See EncryptedModel.", obj=model, id="vault.E001")
    columns = {field.attname for field in model._meta.concrete_fields}
    fixed = Counter(field.sealed_as for field in fields)
    for field in fields:
        if not field.sealed_as or fixed[field.sealed_as] > 1:
            yield Error(
                f"{field.name} has no fixed name of its own in the associated data of its boxes.",
                hint="Give it sealed_as.",
                obj=field,
                id="vault.E006",
            )
        if field.item_from and field.item_from not in columns:
            yield Error(f"item_from names {field.item_from}, no column.", obj=field, id="vault.E002")
        if field.index and field.index not in blind_indexes.NORMALISERS and field.index not in blind_indexes.ALIASES:
            yield Error(f"There is no blind index named {field.index}.", obj=field, id="vault.E004")
    identifiers = OTHER_NAMES | blind_indexes.registered_items()
    for plain in model._meta.concrete_fields:
        if plain.name in identifiers and not isinstance(plain, EncryptedField):
            yield Error(
                f"{plain.name} is an identifier and lies in clear.",
                hint="Make it a sealed field (P8.4).",
                obj=plain,
                id="vault.E003",
            )


@register(Tags.database)
def keys_match_this_vault(databases: Sequence[str] | None = None, **kwargs: Any) -> Iterable[CheckMessage]:
    """vault.E005: the key files are there and are the ones this vault was sealed with; else the portal stops."""
    if not databases or "default" not in databases:
        return
    if "vault_keycheck" not in connection.introspection.table_names():
        return
    try:
        check_keys()
    except WrongKey as refusal:
        yield Error(str(refusal), hint="Restore the key file. A new key opens nothing.", id="vault.E005")
    except KeyServiceUnavailable:
        return  # the processes that need it say so by /readyz; migrations run before it starts


@register("portal", deploy=True)
def keys_are_held_apart(**kwargs: Any) -> Iterable[CheckMessage]:
    """vault.E007, vault.E008: another process holds the keys, and this one can't read them."""
    if settings.KEY_SERVICE != "socket":
        yield Error(
            "This process holds the keys itself: a hole in a page would be a hole in everything.",
            hint="Run manage.py keyservice as a user of its own, and unset KEY_SERVICE.",
            id="vault.E007",
        )
    readable = [name for name, path in key_providers.key_files().items() if os.access(path, os.R_OK)]
    if readable and not _holds_keys():
        yield Error(
            f"This process can read {', '.join(readable)}.",
            hint="The key files belong to the key service's user alone, mode 0600 (docs/operations.md).",
            id="vault.E008",
        )


@register("portal", deploy=True)
def each_process_has_a_user_of_its_own(**kwargs: Any) -> Iterable[CheckMessage]:
    """vault.E009: the key service tells processes by their users: each has one, and none has the key service's own."""
    given = settings.KEY_SERVICE_USERS
    if not (given or _holds_keys()):
        return
    users = {process: given.get(process, "") for process in process_names()}
    said = [
        f"{', '.join(sorted(names))} as {user or 'no user'}"
        for user, names in _by_user(users)
        if not user or len(names) > 1
    ]
    said += [f"{name}, which is none of {', '.join(users)}" for name in sorted(given.keys() - users.keys())]
    own = pwd.getpwuid(os.getuid()).pw_name if _holds_keys() else ""
    said += [
        f"{process} as {own}, the key service's own user" for process, user in users.items() if own and user == own
    ]
    if said:
        yield Error(
            f"KEY_SERVICE_USERS names {'; '.join(said)}.",
            hint="Give pages, intake and worker a user of their own each (docs/operations.md).",
            id="vault.E009",
        )


def _holds_keys() -> bool:
    return os.environ.get("PORTAL_ROLE") == "portal_keys"


def _by_user(users: Mapping[str, str]) -> list[tuple[str, list[str]]]:
    named: dict[str, list[str]] = {}
    for process, user in users.items():
        named.setdefault(user, []).append(process)
    return sorted(named.items())
