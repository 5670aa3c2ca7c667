"""Verbs of the provisioning of accounts. Import them under the app's name: ``scim.remove(…)``."""

from privacy.scim.actions.accounts import apply, provision, record_call, remove
from privacy.scim.actions.credentials import (
    LIFETIME,
    LONGEST,
    Directory,
    IssuedToken,
    approve_credential,
    ask_credential,
    authenticate,
    revoke_credential,
)

__all__ = [
    "LIFETIME",
    "LONGEST",
    "Directory",
    "IssuedToken",
    "apply",
    "approve_credential",
    "ask_credential",
    "authenticate",
    "provision",
    "record_call",
    "remove",
    "revoke_credential",
]
