"""People and their access in the console."""

from privacy.accounts.admin.access_grants import AccessGrantAdmin, AccessRequestAdmin
from privacy.accounts.admin.access_reviews import AccessReviewAdmin, ReviewedGrantAdmin
from privacy.accounts.admin.account_acts import AccountActAdmin
from privacy.accounts.admin.emergency_approvals import EmergencyApprovalAdmin, RepresentativeLinkAdmin
from privacy.accounts.admin.users import UserAdmin

__all__ = [
    "AccessGrantAdmin",
    "AccessRequestAdmin",
    "AccessReviewAdmin",
    "AccountActAdmin",
    "EmergencyApprovalAdmin",
    "RepresentativeLinkAdmin",
    "ReviewedGrantAdmin",
    "UserAdmin",
]
