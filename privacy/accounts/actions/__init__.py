"""Verbs about accounts and access. Import them under the app's name: ``accounts.grant(…)``."""

from privacy.accounts.actions.access_grants import (
    AlreadyRevoked,
    EndsLater,
    GrantEnded,
    GrantTooLong,
    InvalidPeriod,
    OwnAccess,
    UserInactive,
    change_end,
    grant,
    revoke,
)
from privacy.accounts.actions.access_requests import (
    AlreadyRequested,
    RequestClosed,
    UnknownScope,
    approve_access,
    refuse_access,
    request_access,
    withdraw_access,
)
from privacy.accounts.actions.access_reviews import (
    ConclusionMissing,
    OwnGrant,
    ReviewClosed,
    ReviewIncomplete,
    confirm_grants,
    open_review,
    record_overdue_reviews,
    revoke_grants,
    sign_review,
)
from privacy.accounts.actions.account_acts import approve_act, ask_account, ask_reset, refuse_act
from privacy.accounts.actions.forgetting import delete_old_grants
from privacy.accounts.actions.grant_expiry import extend_last_granter
from privacy.accounts.actions.invitations import (
    InvitationInvalid,
    accept_invitation,
    find_invitation,
    invite,
    issue_invitation_token,
    record_first_factor,
)
from privacy.accounts.actions.leaving import OwnAccount, deactivate_user
from privacy.accounts.actions.sessions import end_all_sessions
from privacy.accounts.actions.users import AccountExists, create_user, record_failed_sign_in

__all__ = [
    "AccountExists",
    "AlreadyRequested",
    "AlreadyRevoked",
    "ConclusionMissing",
    "EndsLater",
    "GrantEnded",
    "GrantTooLong",
    "InvalidPeriod",
    "InvitationInvalid",
    "OwnAccess",
    "OwnAccount",
    "OwnGrant",
    "RequestClosed",
    "ReviewClosed",
    "ReviewIncomplete",
    "UnknownScope",
    "UserInactive",
    "accept_invitation",
    "approve_access",
    "approve_act",
    "ask_account",
    "ask_reset",
    "change_end",
    "confirm_grants",
    "create_user",
    "deactivate_user",
    "delete_old_grants",
    "end_all_sessions",
    "extend_last_granter",
    "find_invitation",
    "grant",
    "invite",
    "issue_invitation_token",
    "open_review",
    "record_failed_sign_in",
    "record_first_factor",
    "record_overdue_reviews",
    "refuse_access",
    "refuse_act",
    "request_access",
    "revoke",
    "revoke_grants",
    "sign_review",
    "withdraw_access",
]
