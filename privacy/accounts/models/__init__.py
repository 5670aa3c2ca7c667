"""Who works here, and what each may open."""

from privacy.accounts.models.access import AccessGrant, AccessRequest
from privacy.accounts.models.people import User, UserManager, new_user_reference
from privacy.accounts.models.reviews import AccessReview, ReviewedGrant
from privacy.accounts.models.signin import Attempts, Browser, SignIn

__all__ = [
    "AccessGrant",
    "AccessRequest",
    "AccessReview",
    "Attempts",
    "Browser",
    "ReviewedGrant",
    "SignIn",
    "User",
    "UserManager",
    "new_user_reference",
]
