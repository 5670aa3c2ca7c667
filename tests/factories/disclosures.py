"""Third parties and disclosures for tests."""

from datetime import datetime
from typing import Any

from devices.models import Device
from privacy.accounts.actions.granting import write_grant
from privacy.accounts.models import User
from privacy.disclosures import actions as disclosures
from privacy.disclosures.actions import Authority, HandOver, Wanted
from privacy.disclosures.models import Disclosure, ThirdParty
from tests.factories.accounts import FOREVER, NOON, make_odile, make_omar

__all__ = [
    "attach_scan",
    "grant_scans",
    "make_authority",
    "make_disclosure",
    "make_provided",
    "make_third_party",
    "wanted",
]


def make_third_party(code: str = "acme", **changes: Any) -> ThirdParty:
    """A handset maker reached by e-mail, or the one there is."""
    found = ThirdParty.objects.filter(code=code).first()
    values: dict[str, Any] = {
        "title": f"{code.capitalize()} Devices",
        "kind": "maker",
        "channel": "email",
        "mailbox": f"privacy@{code}.example",
        "language": "en",
        **changes,
    }
    return found or disclosures.register_party(code=code, actor=make_odile(), at=NOON, **values)


def grant_scans(user: User, *, by: User) -> None:
    """Let a person read the documents by which authorities ask."""
    write_grant(
        user=user,
        category="disclosure-request",
        purpose="legal-duty",
        reason="test",
        valid_from=NOON.date(),
        valid_until=FOREVER,
        actor=by,
        at=NOON,
    )


def attach_scan(disclosure: Disclosure, *, at: datetime = NOON) -> Disclosure:
    """The scan of the agency's document."""
    return disclosures.attach_scan(disclosure, name="warrant.pdf", content=b"%PDF-1.7 %%EOF", actor=make_odile(), at=at)


def make_authority(**changes: Any) -> Authority:
    """What an agency's request says."""
    values: dict[str, Any] = {
        "official": "서울경찰청 사이버수사과 김수사",
        "reason": "분실 단말기 절도 사건 수사",
        "relation": "피해자의 단말기",
        "extent": "단말기 모델명",
        "record_class": "user-information",
        **changes,
    }
    return Authority(**values)


def wanted(device: Device, *items: str) -> list[Wanted]:
    """Items of a device's registration."""
    return [Wanted(device.subject_id, "device-registration", item) for item in items or ("imei", "model")]


def make_disclosure(device: Device, *items: str, at: datetime = NOON, **changes: Any) -> Disclosure:
    """A disclosure that Odile asked for, on the basis of a law."""
    values: dict[str, Any] = {
        "third_party": make_third_party(),
        "basis": "law",
        "statute": "전기통신사업법 제83조제3항",
        "document_no": "2026-1187",
        "purpose": "repair of lost handsets",
        "items": wanted(device, *items),
        "actor": make_odile(),
        **changes,
    }
    if values["third_party"].is_investigator:
        values.setdefault("authority", make_authority())
    return disclosures.request(at=at, **values)


def make_provided(device: Device, *items: str, at: datetime = NOON, **changes: Any) -> HandOver:
    """A disclosure that Omar approved and Odile provided."""
    made = make_disclosure(device, *items, at=at, **changes)
    if made.basis == "law":
        attach_scan(made, at=at)
    disclosures.approve(made, actor=make_omar(), at=at)
    return disclosures.provide(made, actor=make_odile(), at=at)
