"""Disclosures in the console: third parties, provisions, notices."""

from privacy.disclosures.admin.notices import NoticeAdmin
from privacy.disclosures.admin.proofs import CorrectionProofAdmin, RecipientAnswerAdmin
from privacy.disclosures.admin.provision_reports import ProvisionReportAdmin
from privacy.disclosures.admin.provisions import DisclosureAdmin
from privacy.disclosures.admin.third_parties import ThirdPartyAdmin

__all__ = [
    "CorrectionProofAdmin",
    "DisclosureAdmin",
    "NoticeAdmin",
    "ProvisionReportAdmin",
    "RecipientAnswerAdmin",
    "ThirdPartyAdmin",
]
