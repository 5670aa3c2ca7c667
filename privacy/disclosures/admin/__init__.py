"""Disclosures in the console: third parties, provisions, notices."""

from privacy.disclosures.admin.notices import NoticeAdmin
from privacy.disclosures.admin.parties import ThirdPartyAdmin
from privacy.disclosures.admin.provisions import DisclosureAdmin

__all__ = ["DisclosureAdmin", "NoticeAdmin", "ThirdPartyAdmin"]
