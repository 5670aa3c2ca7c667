"""Receipts of decisions, shaped like the consent records of ISO/IEC TS 27560, and how to check one.

A receipt is computed from the decision and the text it was about, neither of which ever changes: so it can be made
again at any time, byte for byte, and its digest stands on the ledger since the moment of the decision.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from consents.models import NOTICES, Agreement, AgreementVersion, Decision
from privacy.ledger import actions as ledger
from privacy.ledger.entries.payloads import facts_in
from privacy.lib.crypto import canonical_json
from privacy.subjects.models import Subject

SCHEMA = "ISO/IEC TS 27560:2023"
CONTROLLER = "Extrus Inc."
EVENT_TYPES = {
    Decision.Choice.AGREE: ("explicit", "consent given"),
    Decision.Choice.DISAGREE: ("explicit", "consent refused"),
    Decision.Choice.WITHDRAW: ("explicit", "consent withdrawn"),
}
# Nobody decided: the portal did what the law demands of a child's consent that no representative gave or confirmed.
AUTOMATIC_EVENT = ("automatic", "consent ended by the controller, as the law demands")


@dataclass(frozen=True)
class ReceiptCheck:
    """Whether a receipt is ours, unaltered, and on the ledger; and what stands now."""

    genuine: bool
    decision: Decision | None
    entered: bool


def receipt(decision: Decision, *, subject_reference: str) -> dict[str, Any]:
    """Return the receipt of a decision. It names the person by her pseudonymous reference only.

    Receipts of automatic withdrawals said once that they were explicit. One that was issued so stays what it was.
    """
    said = _made(decision, subject_reference, EVENT_TYPES[Decision.Choice(decision.choice)])
    if decision.method != Decision.Method.AUTOMATIC or decision.receipt_digest == digest(said):
        return said
    return _made(decision, subject_reference, AUTOMATIC_EVENT)


def _made(decision: Decision, subject_reference: str, event: tuple[str, str]) -> dict[str, Any]:
    version = decision.version
    agreement = decision.agreement
    event_type, event_state = event
    return {
        "schema_version": SCHEMA,
        "record_id": decision.reference,
        "pii_principal_id": subject_reference,
        "pii_controllers": [CONTROLLER],
        "consent_type": "expressed consent",
        "lawful_basis": "consent",
        "jurisdiction": "KR",
        "privacy_notice": {
            "agreement": agreement.code,
            "version": version.number,
            "digest": f"sha256:{decision.text_digest}",
            "language": decision.language,
            "title": version.spoken("title", decision.language),
            **_told(version, decision.language),
        },
        "pii_processing": [_processing(agreement, version, decision.language)],
        "party_identification": _parties(decision),
        "events": [
            {
                "event_time": decision.decided_at.isoformat(),
                "event_type": event_type,
                "event_state": event_state,
                "decision": decision.choice,
                "method": decision.method,
                "recorded_at": decision.recorded_at.isoformat(),
                "recorded_by": decision.actor_ref,
            }
        ],
    }


def digest(document: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a receipt in canonical JSON: what stands on the ledger."""
    return canonical_json.digest(dict(document))


def for_decision(decision: Decision) -> dict[str, Any]:
    """Return the receipt of a decision, looking up the person's reference."""
    return receipt(decision, subject_reference=_reference(decision))


def check(document: Mapping[str, Any]) -> ReceiptCheck:
    """Check a receipt that somebody brings: made again from the decision, and compared with the ledger."""
    return check_digest(str(document.get("record_id", "")), digest(document))


def check_digest(reference: str, receipt_digest: str) -> ReceiptCheck:
    """Check a receipt by its number and its digest alone."""
    decision = Decision.objects.select_related("agreement", "version").filter(reference=reference).first()
    if decision is None:
        return ReceiptCheck(genuine=False, decision=None, entered=False)
    genuine = digest(for_decision(decision)) == receipt_digest
    entries = ledger.entries_about(_reference(decision)).about(f"consents.decision:{decision.pk}")
    entered = any(facts_in(entry.payload).get("receipt_digest") == receipt_digest for entry in entries)
    return ReceiptCheck(genuine=genuine, decision=decision, entered=entered)


def _reference(decision: Decision) -> str:
    return Subject.objects.values_list("reference", flat=True).get(pk=decision.subject_id)


def _told(version: AgreementVersion, language: str) -> dict[str, str]:
    """Return what the person was told: the notices, and of a provision first who receives the data (law P-02)."""
    recipient = version.spoken("recipient", language).strip()
    told = {notice: version.spoken(notice, language) for notice in NOTICES}
    return {"recipient": recipient, **told} if recipient else told


def _processing(agreement: Agreement, version: AgreementVersion, language: str) -> dict[str, Any]:
    return {
        "purpose": version.spoken("purpose", language),
        "purpose_codes": sorted(version.purpose_codes),
        "pii_information": [
            {"pii_type": item, "pii_optional": not agreement.required, "sensitive_pii_category": False}
            for item in sorted(version.item_codes)
        ],
        "retention_period": version.spoken("retention", language),
        "recipient_third_parties": [agreement.recipient] if agreement.recipient else [],
        "withdrawal_method": "the portal's page /consents/, the agent on the device, or the protection officer",
    }


def _parties(decision: Decision) -> list[dict[str, str]]:
    if not decision.by_representative:
        return [{"role": "data subject"}]
    return [{"role": "legal representative", "confirmed_by": decision.confirmation}]
