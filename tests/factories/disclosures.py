"""Third parties and disclosures for tests."""

from datetime import datetime
from typing import Any

from devices.models import Device
from privacy.accounts.models import User
from privacy.disclosures import actions as disclosures
from privacy.disclosures.actions import AuthorityRequest, ProvidedFile, RequestedItem
from privacy.disclosures.actions.proofs import begin_proofs
from privacy.disclosures.models import Disclosure, Notice, ThirdParty
from privacy.ledger.actors import SystemActor
from privacy.lib.dates import clock
from privacy.lib.identifiers.ids import new_id
from tests.factories.accounts import NOON, SINCE, grant_pairs, make_odile, make_omar
from tests.factories.consents import make_provision_agreement
from tests.factories.policies import make_named
from tests.factories.vault import judge_files
from tests.sample_uploads import PDF

__all__ = [
    "attach_scan",
    "grant_scans",
    "make_authority",
    "make_disclosure",
    "make_notice",
    "make_provided",
    "make_third_party",
    "name_recipient",
    "read_scan",
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


def name_recipient(
    code: str = "acme", *, items: list[str] | None = None, purposes: list[str] | None = None, **changes: Any
) -> ThirdParty:
    """A third party with an agreement, and a policy in force that names it."""
    party = make_third_party(code, **changes)
    make_provision_agreement(code, items=items, purposes=purposes)
    make_named()
    return party


def grant_scans(user: User, *, by: User) -> None:
    """Let a person read the documents by which authorities ask."""
    grant_pairs(user, [("disclosure-request", "legal-duty")], by=by, on=SINCE)


def attach_scan(disclosure: Disclosure, *, read: bool = True, at: datetime = NOON) -> Disclosure:
    """The scan of the agency's document, which Omar has read."""
    row = disclosures.attach_scan(disclosure, name="warrant.pdf", content=PDF, actor=make_odile(), at=at)
    if read:
        read_scan(row, at=at)
    return row


def read_scan(disclosure: Disclosure, *, at: datetime = NOON) -> None:
    """Omar, who may, opens the document."""
    omar = make_omar()
    if not omar.may_open("disclosure-request", "legal-duty", clock.kst_date(at)):
        grant_scans(omar, by=make_odile())
    judge_files(at=at)
    disclosures.open_scan(disclosure, actor=omar, at=at)


def make_notice(code: str = "acme", *, at: datetime = NOON, **changes: Any) -> Notice:
    """A notice of a corrected IMEI that has gone out; what a recipient has to prove begins with it."""
    party = make_third_party(code, **changes)
    made = Notice.objects.create(
        kind="corrected", case_id=new_id(), case_reference="R-2026-0001", third_party=party, subject_id=new_id(),
        category="device-registration", items=["imei"], item_set="device-registration:imei:", channel=party.channel,
        message_id=f"<{new_id()}@test>", token_digest=new_id().hex, queued_at=at,
    )  # fmt: skip
    begin_proofs([made], at=at)
    return disclosures.mark_sent(made, actor=SystemActor("test"), at=at)


def make_authority(**changes: Any) -> AuthorityRequest:
    """What an agency's request says."""
    values: dict[str, Any] = {
        "official": "서울경찰청 사이버수사과 김수사",
        "reason": "분실 단말기 절도 사건 수사",
        "relation": "피해자의 단말기",
        "extent": "단말기 모델명",
        "record_class": "user-information",
        **changes,
    }
    return AuthorityRequest(**values)


def wanted(device: Device, *items: str) -> list[RequestedItem]:
    """Items of a device's registration."""
    return [RequestedItem(device.subject_id, "device-registration", item) for item in items or ("imei", "model")]


def make_disclosure(device: Device, *items: str, at: datetime = NOON, **changes: Any) -> Disclosure:
    """A disclosure that Odile asked for, on the basis of a law."""
    values: dict[str, Any] = {
        "third_party": make_third_party(),
        "basis": "law",
        "statute": "전기통신사업법 제83조제3항",
        "document_no": "2026-1187",
        "purpose": "repair of lost handsets",
        "restrictions": "use for this purpose alone",
        "items": wanted(device, *items),
        "actor": make_odile(),
        **changes,
    }
    if values["third_party"].is_investigator:
        values.setdefault("authority", make_authority())
    return disclosures.request(at=at, **values)


def make_provided(device: Device, *items: str, at: datetime = NOON, **changes: Any) -> ProvidedFile:
    """A disclosure that Omar approved and Odile provided."""
    made = make_disclosure(device, *items, at=at, **changes)
    if made.basis == "law":
        made = attach_scan(made, at=at)
    disclosures.approve(made, actor=make_omar(), at=at)
    return disclosures.provide(made, actor=make_odile(), at=at)
