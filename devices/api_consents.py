"""The consent calls of the API: what a gateway sends and gets about agreements, in the shapes of ``schemas.py``."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from consents import actions as consents
from consents import consent_status, receipts
from consents.models import NOTICES, Agreement, AgreementVersion, CurrentConsent, Decision
from devices import actions as devices
from devices import schemas
from devices.actors import GatewayActor
from devices.models import Gateway
from privacy.lib.dates import clock
from privacy.lib.errors.refusals import Refusal
from privacy.subjects.models import Subject


class UnknownAgreement(Refusal):
    """There is no such agreement."""

    code = "unknown-agreement"


def decide(
    device: UUID, agreement: str, body: schemas.Decision, *, caller: GatewayActor, at: datetime
) -> dict[str, Any]:
    """Record a decision and return its receipt."""
    devices.owned_device(device, caller)
    subject = Subject.objects.get(pk=device)
    _state_age(subject, body, caller=caller, at=at)
    made = consents.decide(
        subject=subject,
        version=_version(agreement, body),
        decision=body.decision,
        decided_at=body.decided_at,
        method=body.method,
        language=body.language,
        representative=None if body.representative is None else body.representative.model_dump(exclude_none=True),
        actor=caller,
        at=at,
    )
    receipt = receipts.receipt(made, subject_reference=subject.reference)
    return {"receipt": receipt, "digest": receipts.digest(receipt)}


def _state_age(subject: Subject, body: schemas.Decision, *, caller: GatewayActor, at: datetime) -> None:
    """Record the age by the date of birth that was sent. Raises AgeNotStated where the gateway's users are asked."""
    if body.birth_date is not None:
        consents.state_age(subject, born_on=body.birth_date, actor=caller, at=at)
    elif (
        body.decision == "agree"
        and body.representative is None
        and consents.statement_of(subject) is None
        and Gateway.objects.filter(pk=caller.gateway_id, users=Gateway.Users.ANYBODY).exists()
    ):
        raise consents.AgeNotStated(
            _("Ask for the user's date of birth and send it: people under 14 may use devices of this gateway."),
            pointer="/birth_date",
        )


def state_of(receipt: dict[str, Any], *, mark: str, caller: GatewayActor, at: datetime) -> dict[str, Any]:
    """Return whether a decision stands now, and its consent code.

    The code is there where it was not shown before, or to the call with the same mark.
    """
    decision = Decision.objects.get(reference=receipt["record_id"])
    code = consents.issue_code(decision, submission=f"{caller.gateway_id} {mark}", actor=caller, at=at)
    return {"stands": CurrentConsent.objects.filter(decision=decision).exists(), "code": code}


def current_consents(device: UUID, *, caller: GatewayActor, at: datetime) -> dict[str, Any]:
    """Return the current decisions of a device's user and the agreements to ask about, with their texts."""
    devices.owned_device(device, caller)
    subject = Subject.objects.get(pk=device)
    held = {row.agreement_id: row for row in CurrentConsent.objects.of(device).select_related("agreement", "decision")}
    asking = AgreementVersion.objects.latest_requiring_reconsent()
    needed = []
    for version in AgreementVersion.objects.offered(at).select_related("agreement").order_by("agreement__position"):
        row = held.get(version.agreement_id)
        reason = ""
        if row is None:
            reason = "undecided"
        elif row.choice == "agree" and row.number < asking.get(version.agreement_id, 0):
            reason = "text-changed"
        # Nobody is asked for what they could not agree to any more, or for what needs no consent.
        if (
            reason
            and not consent_status.basis_without_consent(version, clock.kst_date(at))
            and consents.refusal_to_agree(subject, version.agreement) is None
        ):
            needed.append(_text(version, reason))
    decisions = [
        {
            "agreement": row.agreement.code,
            "decision": row.choice,
            "version": row.number,
            "decided_at": row.decided_at,
            "receipt": row.decision.reference,
        }
        for row in sorted(held.values(), key=lambda row: row.agreement.position)
    ]
    age = {None: "unknown", True: "child", False: "of-age"}[consents.is_child(subject, at=at)]
    return {"device": device, "age": age, "decisions": decisions, "needed": needed}


def _version(agreement: str, body: schemas.Decision) -> AgreementVersion:
    if not Agreement.objects.filter(code=agreement).exists():
        raise UnknownAgreement(_("There is no such agreement."))
    number = int(body.version) if str(body.version).isascii() and str(body.version).isdecimal() else 0
    found = None
    if 0 < number < 32_768:
        found = (
            AgreementVersion.objects.exclude(state=AgreementVersion.State.DRAFT)
            .select_related("agreement")
            .filter(agreement__code=agreement, number=number)
            .first()
        )
    if found is None:
        raise consents.TextNotOffered(_("This agreement has no such version."), pointer="/version")
    return found


def _text(version: AgreementVersion, reason: str) -> dict[str, Any]:
    return {
        "agreement": version.agreement.code,
        "required": version.agreement.required,
        "kind": version.agreement.kind,
        "version": version.number,
        "digest": version.digest,
        "reason": reason,
        **{
            language: {
                **{part: version.spoken(part, language) for part in ("title", *NOTICES)},
                "body": _body(version, language),
            }
            for language in ("ko", "en")
        },
    }


def _body(version: AgreementVersion, language: str) -> str:
    """Return the text, and of a provision who receives the data, which the person must read too (law P-02)."""
    return "\n\n".join(filter(None, (version.spoken(part, language).strip() for part in ("body", "recipient"))))
