"""What the constraints of connected systems and programs say to a person, beside ``config/constraint_messages.py``."""

from typing import Any

from config.constraint_messages import (
    ALREADY_RECORDED,
    ANOTHER_STILL_OPEN,
    END_BEFORE_START,
    INCOMPLETE,
    NEEDS_ANOTHER_PERSON,
    REASON_MISSING,
    STATE_CHANGED,
)

SYSTEM_CONSTRAINT_MESSAGES: dict[str, tuple[Any, str]] = {
    "systems_system_ends_after_it_began": (END_BEFORE_START, "ended_on"),
    "systems_one_connection_waits_for_approval": (ANOTHER_STILL_OPEN, "system"),
    "systems_one_entry_change_waits_for_approval": (ANOTHER_STILL_OPEN, "system"),
    "systems_entry_change_is_settled_by_somebody": (STATE_CHANGED, "reason"),
    "systems_asked_once_for_a_cause": (ALREADY_RECORDED, "act"),
    "systems_connection_has_a_key_and_is_settled_by_somebody": (STATE_CHANGED, "public_key"),
    "systems_task_ends_once_and_says_why": (STATE_CHANGED, "state"),
    "systems_confirmed_only_with_proof": (INCOMPLETE, "state"),
    "office_api_webhook_is_another_persons_word": (NEEDS_ANOTHER_PERSON, "approved_by"),
    "office_api_webhook_is_settled_by_somebody": (STATE_CHANGED, "approved_by"),
    "office_api_event_is_delivered_once_a_round": (ALREADY_RECORDED, "event"),
    "office_api_delivery_is_discarded_for_a_reason": (REASON_MISSING, "reason"),
    "scim_credential_is_another_persons_word": (NEEDS_ANOTHER_PERSON, "approved_by"),
    "scim_credential_is_settled_by_somebody": (STATE_CHANGED, "approved_by"),
    "scim_credential_expires": (END_BEFORE_START, "expires_at"),
    "scim_user_name_is_of_one_account": (ALREADY_RECORDED, "user_name"),
    "scim_external_id_is_of_one_account": (ALREADY_RECORDED, "external_id"),
}
