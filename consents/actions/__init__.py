"""What the office can do with agreements and decisions: the only modules of this app that write."""

from consents.actions.counts import count_decisions
from consents.actions.decisions import (
    DecidedInTheFuture,
    NothingToWithdraw,
    RegistrationEnded,
    TextNotOffered,
    UnconfirmedRepresentative,
    UnknownWay,
    decide,
    remove_representatives,
)
from consents.actions.endings import end_collection
from consents.actions.notices import ask_to_confirm, mark_sent, mark_unreachable
from consents.actions.texts import (
    DraftExists,
    IncompleteText,
    NotADraft,
    discard_text,
    draft_text,
    offer_provision,
    publish_text,
    revise_text,
)

__all__ = [
    "DecidedInTheFuture",
    "DraftExists",
    "IncompleteText",
    "NotADraft",
    "NothingToWithdraw",
    "RegistrationEnded",
    "TextNotOffered",
    "UnconfirmedRepresentative",
    "UnknownWay",
    "ask_to_confirm",
    "count_decisions",
    "decide",
    "discard_text",
    "draft_text",
    "end_collection",
    "mark_sent",
    "mark_unreachable",
    "offer_provision",
    "publish_text",
    "remove_representatives",
    "revise_text",
]
