"""Verbs about accounts and access. Import them under the app's name: ``accounts.grant(…)``."""

from privacy.accounts.actions.forgetting import forget_old_grants
from privacy.accounts.actions.granting import AlreadyRevoked, Inactive, OwnAccess, TooLong, change, grant, revoke
from privacy.accounts.actions.lasting import keep_a_granter
from privacy.accounts.actions.leaving import OwnAccount, leave
from privacy.accounts.actions.people import (
    AccountExists,
    create_user,
    open_account,
    record_failed_sign_in,
)
from privacy.accounts.actions.requesting import (
    AskedAlready,
    BadPeriod,
    NothingToGrant,
    NotOpen,
    approve_access,
    ask_access,
    refuse_access,
    withdraw_access,
)
from privacy.accounts.actions.reviewing import (
    OwnGrant,
    ReviewClosed,
    StillPending,
    Wordless,
    confirm_grants,
    open_review,
    revoke_grants,
    sign_review,
    tell_overdue_reviews,
)
from privacy.accounts.actions.sessions import end_sessions

__all__ = [
    "AccountExists",
    "AlreadyRevoked",
    "AskedAlready",
    "BadPeriod",
    "Inactive",
    "NotOpen",
    "NothingToGrant",
    "OwnAccess",
    "OwnAccount",
    "OwnGrant",
    "ReviewClosed",
    "StillPending",
    "TooLong",
    "Wordless",
    "approve_access",
    "ask_access",
    "change",
    "confirm_grants",
    "create_user",
    "end_sessions",
    "forget_old_grants",
    "grant",
    "keep_a_granter",
    "leave",
    "open_account",
    "open_review",
    "record_failed_sign_in",
    "refuse_access",
    "revoke",
    "revoke_grants",
    "sign_review",
    "tell_overdue_reviews",
    "withdraw_access",
]
