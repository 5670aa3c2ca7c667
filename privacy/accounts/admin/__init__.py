"""People and their access in the console."""

from privacy.accounts.admin.access import AccessGrantAdmin, AccessRequestAdmin
from privacy.accounts.admin.people import UserAdmin
from privacy.accounts.admin.reviews import AccessReviewAdmin, ReviewedGrantAdmin

__all__ = ["AccessGrantAdmin", "AccessRequestAdmin", "AccessReviewAdmin", "ReviewedGrantAdmin", "UserAdmin"]
