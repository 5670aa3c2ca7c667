"""The words of connected systems in the ledger. A word is never renamed."""

from enum import StrEnum


class Event(StrEnum):
    """What happened to a connected system, to where it answers, or to a task of it."""

    REGISTERED = "systems.system.registered"
    CHANGED = "systems.system.changed"
    ENDED = "systems.system.ended"
    CHANGE_ASKED = "systems.change.asked"
    CHANGE_APPROVED = "systems.change.approved"
    CHANGE_REFUSED = "systems.change.refused"
    CONNECTION_ASKED = "systems.connection.asked"
    CONNECTION_APPROVED = "systems.connection.approved"
    CONNECTION_REFUSED = "systems.connection.refused"
    SECRET_SHOWN = "systems.secret.shown"  # noqa: S105 - a word, not a secret
    ORDERED = "systems.task.ordered"
    IDENTIFIERS_SEALED = "systems.identifiers.sealed"
    IDENTIFIERS_REMOVED = "systems.identifiers.removed"
    ANSWERED = "systems.task.answered"
    CONFIRMED = "systems.task.confirmed"
    NOT_HELD = "systems.task.not-held"
    KEPT = "systems.task.kept"
    CONTRADICTED = "systems.task.contradicted"
    FAILED = "systems.task.failed"
    DROPPED = "systems.task.dropped"
    ASKED_AGAIN = "systems.task.asked-again"
    DONE_BY_HAND = "systems.task.done-by-hand"
    GIVEN_UP = "systems.task.given-up"
    EVIDENCE_SHOWN = "systems.evidence.shown"
