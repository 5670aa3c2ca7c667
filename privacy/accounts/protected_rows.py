"""For which tables the audit trail vouches, row by row (privacy/ledger/protected_tables.py)."""

from allauth.account.models import EmailAddress, EmailConfirmation
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session

from privacy.accounts.models import (
    AccessGrant,
    AccessRequest,
    AccessReview,
    AccountAct,
    ApprovalSignature,
    Browser,
    EmergencyApproval,
    Invitation,
    RepresentativeLink,
    ReviewedGrant,
    SavedView,
    SentForm,
    SignIn,
    SignInThrottle,
    User,
)
from privacy.ledger import protected_tables

# Who may do what, who let them, and by which proofs an account is entered. The hash of a password hides the rest of an
# account's row from whoever would guess it; an invented address or name has nothing of the kind.
protected_tables.declare(
    AccessGrant, AccessRequest, AccessReview, ReviewedGrant, EmergencyApproval, Invitation, RepresentativeLink
)
protected_tables.declare(User, without=["last_login"])
protected_tables.declare(AccountAct, without=["email", "name"])
protected_tables.declare(EmailAddress, without=["email"])
protected_tables.declare(Authenticator, without=["last_used_at"])
protected_tables.declare(SocialAccount, without=["last_login", "extra_data"])
protected_tables.declare(SocialApp)

protected_tables.exempt(Browser, SignIn, because="what an owner is shown; each sign-in and sign-out is an entry")
protected_tables.exempt(ApprovalSignature, because="each row proves itself: it is verified by the key that signed it")
protected_tables.exempt(SavedView, because="filters of a list under a name: nobody's right or duty comes from it")
protected_tables.exempt(SentForm, because="which record a form made, for a week; the record is vouched for")
protected_tables.exempt(SignInThrottle, because="counts of a day, forgotten after it")
protected_tables.exempt(Session, SocialToken, EmailConfirmation, because="ends by itself and proves nothing afterwards")
protected_tables.exempt(LogEntry, because="the console's own note; the verb's entry is the record")
protected_tables.exempt(
    Group, Group.permissions.through, Permission, ContentType,
    because="made at a release from the code; nobody's rights come from a row of it",
)  # fmt: skip
