"""Rights cases for tests: received, verified, granted by the verbs, never by hand."""

from datetime import datetime
from typing import Any

from privacy.accounts.models import User
from privacy.rights import actions as rights
from privacy.rights.actions import Asked, Receipt
from privacy.rights.models import Request, Right
from tests.factories.accounts import NOON, grant_pairs, make_hana, make_odile, make_omar
from tests.factories.devices import imei

__all__ = [
    "RIGHT_IMEI",
    "ask",
    "ask_correction",
    "grant_office_categories",
    "make_granted",
    "make_handler",
    "make_officer",
    "make_verified",
]

RIGHT_IMEI = imei(777)


def grant_office_categories(user: User, *, by: User) -> None:
    """Let a person open what requesters and complainants write, and contacts, for answering them."""
    grant_pairs(user, [(name, "rights") for name in ("rights-request", "complaint", "contact")], by=by, on=NOON.date())


def make_officer() -> User:
    """Odile, who may open everything she needs for a case."""
    odile = make_odile()
    grant_office_categories(odile, by=make_omar())
    return odile


def make_handler() -> User:
    """Hana, likewise."""
    hana = make_hana()
    grant_office_categories(hana, by=make_omar())
    return hana


def ask(*asked: Asked, target: str = "", target_kind: str = "imei", at: datetime = NOON, **changes: Any) -> Receipt:
    """A request from the public form; by default access, about a device that nobody knows."""
    values: dict[str, Any] = {
        "channel": "web",
        "asked": list(asked) or [Asked("access")],
        "target_kind": target_kind,
        "target": target or imei(999),
        "contact": {"name": "Mina", "email": "mina@example.org"},
        "answer_by": "email",
        "address": "203.0.113.7",
        **changes,
    }
    return rights.receive(at=at, **values)


def ask_correction(
    *, target: str = "", item: str = "imei", wanted: str = RIGHT_IMEI, at: datetime = NOON, **changes: Any
) -> Receipt:
    """A correction of one item of the registration, by default of the IMEI of device 1."""
    asked = Asked("correction", category="device-registration", item=item, wanted=wanted)
    return ask(asked, target=target or imei(1), at=at, **changes)


def make_verified(receipt: Receipt, *, at: datetime = NOON, **changes: Any) -> Request:
    """The same case with its identity verified by documents."""
    return rights.verify(receipt.request, method="documents", actor=make_handler(), at=at, **changes)


def make_granted(receipt: Receipt, *, at: datetime = NOON) -> Right:
    """The first right of a case, verified and granted."""
    case = make_verified(receipt, at=at)
    return rights.grant(case.rights.get(position=1), actor=make_officer(), at=at)
