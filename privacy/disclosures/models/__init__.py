"""What is remembered of third parties, of what they were given, and of the reports about it."""

from privacy.disclosures.models.disclosures import (
    ENCRYPTED_FILE,
    DisclosedItem,
    Disclosure,
    Notice,
    ScanReading,
    ThirdParty,
    new_disclosure_reference,
    new_notice_reference,
    new_third_party_reference,
)
from privacy.disclosures.models.proofs import CorrectionProof, ProofQuerySet, RecipientAnswer
from privacy.disclosures.models.provision_reports import ProvisionReport

__all__ = [
    "ENCRYPTED_FILE",
    "CorrectionProof",
    "DisclosedItem",
    "Disclosure",
    "Notice",
    "ProofQuerySet",
    "ProvisionReport",
    "RecipientAnswer",
    "ScanReading",
    "ThirdParty",
    # The first migration names these.
    "new_disclosure_reference",
    "new_notice_reference",
    "new_third_party_reference",
]
