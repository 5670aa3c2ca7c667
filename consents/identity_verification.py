"""How a person without an account shows that these are her consents: by a receipt, or in a way another app declares.

Apps above this one say in their ``identity_verification.py`` what else proves it (the device in her hand); nobody
imports upwards.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID


@dataclass(frozen=True)
class PendingVerification:
    """A proof that was begun: what the person compares with what she sees elsewhere, and the key to ask with."""

    key: str
    shown: str
    expires_at: datetime


@dataclass(frozen=True)
class VerificationMethod:
    """One way to prove it. ``begin`` looks the same for what we know and what we don't; ``holder`` tells whose
    consents a confirmed proof opens, or None while it isn't confirmed."""

    code: str
    label: Any
    help_text: Any
    begin: Callable[[str, str, datetime], PendingVerification]
    holder: Callable[[str, datetime], UUID | None]


_methods: dict[str, VerificationMethod] = {}


def declare(proof: VerificationMethod) -> None:
    """Offer a way to prove it on the consent pages."""
    _methods[proof.code] = proof


def methods() -> Mapping[str, VerificationMethod]:
    """Return the declared ways by code."""
    return MappingProxyType(_methods)
