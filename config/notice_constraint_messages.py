"""What the constraints of what people are told say to a person, beside ``config/constraint_messages.py``."""

from typing import Any

from config.constraint_messages import ANOTHER_STILL_OPEN, END_BEFORE_START, INCOMPLETE

NOTICE_CONSTRAINT_MESSAGES: dict[str, tuple[Any, str]] = {
    "devices_permission_ends_after_it_began": (END_BEFORE_START, "ended_on"),
    "devices_permission_once_at_a_time": (ANOTHER_STILL_OPEN, "code"),
    "devices_permission_says_why": (INCOMPLETE, "reason_ko"),
    "devices_permission_that_is_optional_says_what_goes_without_it": (INCOMPLETE, "without_ko"),
    "processors_business_handed_over_says_how_to_object": (INCOMPLETE, "objection_ko"),
    "processors_business_taken_over_says_when_people_were_told": (INCOMPLETE, "told_on"),
    "processors_business_announced_has_its_notices": (INCOMPLETE, "announced_by"),
    "processors_business_is_handed_over_after_people_were_told": (INCOMPLETE, "done_on"),
    "processors_business_given_up_says_why": (INCOMPLETE, "cancel_reason"),
}
