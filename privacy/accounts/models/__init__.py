"""Who works here, and what each may open."""

from privacy.accounts.models.access_grants import AccessGrant, AccessRequest
from privacy.accounts.models.access_reviews import AccessReview, ReviewedGrant
from privacy.accounts.models.account_acts import AccountAct, Invitation
from privacy.accounts.models.approval_signatures import ApprovalSignature
from privacy.accounts.models.emergency_approvals import EmergencyApproval, RepresentativeLink
from privacy.accounts.models.saved_views import SavedView
from privacy.accounts.models.sent_forms import SentForm
from privacy.accounts.models.sessions import Browser, SignIn, SignInThrottle
from privacy.accounts.models.users import User, UserManager, new_user_reference

__all__ = [
    "AccessGrant",
    "AccessRequest",
    "AccessReview",
    "AccountAct",
    "ApprovalSignature",
    "Browser",
    "EmergencyApproval",
    "Invitation",
    "RepresentativeLink",
    "ReviewedGrant",
    "SavedView",
    "SentForm",
    "SignIn",
    "SignInThrottle",
    "User",
    "UserManager",
    "new_user_reference",
]
