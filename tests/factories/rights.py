"""Rights cases for tests: received, verified, granted by the verbs, never by hand."""

from datetime import date, datetime, timedelta
from typing import Any

from privacy.accounts.models import User
from privacy.ledger.actors import SystemActor
from privacy.lib.dates import clock
from privacy.policies.models import Parameter
from privacy.retention.actions.destruction_waits import WAIT
from privacy.rights import actions as rights
from privacy.rights.actions import Receipt, RequestedRight
from privacy.rights.actions.identity_documents import FILES_SUFFIX
from privacy.rights.actors import Requester
from privacy.rights.models import Package, Request, Right
from privacy.vault.models import EncryptedFile, EncryptedFileQuerySet
from tests.factories.accounts import NOON, grant_pairs, make_hana, make_odile, make_omar
from tests.factories.devices import imei
from tests.sample_uploads import PDF

__all__ = [
    "RIGHT_IMEI",
    "ask",
    "ask_correction",
    "end_waits_at_once",
    "grant_office_categories",
    "make_granted",
    "make_handler",
    "make_mandate",
    "make_officer",
    "make_verified",
    "package_files",
    "pickup_code",
    "show_another_document",
    "show_documents",
    "verify_by_documents",
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


def ask(
    *asked: RequestedRight, target: str = "", target_kind: str = "imei", at: datetime = NOON, **changes: Any
) -> Receipt:
    """A request from the public form; by default access, about a device that nobody knows."""
    values: dict[str, Any] = {
        "channel": "web",
        "asked": list(asked) or [RequestedRight("access")],
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
    asked = RequestedRight("correction", category="device-registration", item=item, wanted=wanted)
    return ask(asked, target=target or imei(1), at=at, **changes)


def make_verified(receipt: Receipt, *, at: datetime = NOON, **changes: Any) -> Request:
    """The same case with its identity verified by documents, which Hana opened."""
    return verify_by_documents(receipt.request, actor=make_handler(), at=at, **changes)


def verify_by_documents(case: Request, *, actor: User, at: datetime = NOON, **changes: Any) -> Request:
    """Verify an identity by a document that the requester sent and that the verifier has opened."""
    show_documents(case, to=actor, at=at)
    if changes.get("authority") == "power-of-attorney":
        changes.setdefault("mandate", make_mandate())
    if changes.get("authority") == "family-record":
        changes.setdefault("principal_born_on", clock.kst_date(at) - timedelta(days=10 * 365))
    return rights.verify(case, method="documents", actor=actor, at=at, **changes)


def make_mandate(*covers: str, **changes: Any) -> rights.Mandate:
    """A power of attorney of the day of the tests, by default for everything."""
    people = {"name": "Ana", "birth_date": "1980-01-02", "principal": "Mina", "principal_birth_date": "1990-03-04"}
    values: dict[str, Any] = {"given_on": date(2020, 12, 2), "signed": True, "people": people, **changes}
    return rights.Mandate(tuple(covers or Request.Mandate.values), **values)


def show_documents(case: Request, *, to: User, at: datetime = NOON) -> None:
    """Let the requester send a document, where none came yet, and let this colleague open it."""
    if not rights.documents(case).exists():
        rights.submit_document(case, name="id.pdf", content=PDF, actor=Requester(case.reference), at=at)
    # The worker's child that reads files takes a second; its verdict is what counts here.
    rights.documents(case).unjudged().update(state=EncryptedFile.State.CLEAN, scanned_at=at)
    rights.open_documents(case, actor=to, at=at)


def show_another_document(case: Request, *, to: User, at: datetime) -> None:
    """Let the requester send one more document, as what proves a mandate anew, and let this colleague open all."""
    rights.submit_document(case, name="another.pdf", content=PDF, actor=Requester(case.reference), at=at)
    show_documents(case, to=to, at=at)


def package_files() -> EncryptedFileQuerySet:
    """The sealed files of packages, without the documents that prove an identity."""
    return EncryptedFile.objects.filter(category="rights-request").exclude(case__endswith=FILES_SUFFIX)


def pickup_code(package: Package, *, at: datetime = NOON) -> str:
    """The code of a package, as the worker draws it for the mail to the person."""
    drawn = rights.new_code(at=at)
    rights.keep_sent_code(package, drawn, {}, actor=SystemActor("rights"), at=at)
    return drawn.code


def end_waits_at_once() -> None:
    """Let a destruction on request wait for nothing, as in the demo's example rulebook."""
    meaning = {"value": 0, "unit": "hours", "basis": "test: what follows the wait"}
    Parameter.objects.get_or_create(code=WAIT, effective_on=date(2020, 12, 2), defaults=meaning)


def make_granted(receipt: Receipt, *, at: datetime = NOON) -> Right:
    """The first right of a case, verified and granted."""
    case = make_verified(receipt, at=at)
    return rights.grant(case.rights.get(position=1), actor=make_officer(), at=at)
