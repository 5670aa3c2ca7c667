"""The fixed name of a model: what is hashed, sealed or signed names it by this, never by the name of its class.

A class may be renamed; associated data, entries on the audit trail, seals, archived records and permission codes that
were made before must still be found by theirs. ``tests/house/fixed_names.json`` pins every one.
"""

from django.core.exceptions import ImproperlyConfigured
from django.db import models

OUR_APPS = ("privacy.", "consents.", "devices.")


def record_label(model: type[models.Model] | models.Model) -> str:
    """Return the label that ``model`` declares, such as ``rights.Request``; a library's model has its own.

    Raises ``ImproperlyConfigured`` for a model of ours that declares none.
    """
    # Not ``type()``: the account of a request is wrapped, and only its ``__class__`` is that of the account.
    kind = model if isinstance(model, type) else model.__class__
    declared = kind.__dict__.get("record_label")
    if isinstance(declared, str):
        return declared
    if kind.__module__.startswith(OUR_APPS):
        raise ImproperlyConfigured(f"{kind.__name__} declares no record_label: its fixed name, app.Model.")
    return str(kind._meta.label)


def about_label(model: type[models.Model] | models.Model) -> str:
    """Return the label in lower case, as ``about`` on the audit trail names records: ``rights.request``."""
    return record_label(model).lower()
