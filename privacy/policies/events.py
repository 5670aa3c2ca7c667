"""The words of this app in the ledger."""

from enum import StrEnum


class Event(StrEnum):
    """What can happen to the policy and to what stands beside it (P0.2, P0.3, P2.1)."""

    DRAFTED = "policies.version.drafted"
    EDITED = "policies.version.edited"
    SUBMITTED = "policies.version.submitted"
    RETURNED = "policies.version.returned"
    APPROVED = "policies.version.approved"
    PUBLISHED = "policies.version.published"
    ADOPTED = "policies.version.adopted"
    SUPERSEDED = "policies.version.superseded"
    DISCARDED = "policies.version.discarded"
    TEXT_ATTACHED = "policies.text.attached"
    NO_CONSIGNMENT_DECIDED = "policies.consignment.denied"
    NO_CONSIGNMENT_WITHDRAWN = "policies.consignment.reopened"
    DRIFT_FOUND = "policies.drift.found"
    OFFICER_DESIGNATED = "policies.officer.designated"
    OFFICER_CORRECTED = "policies.officer.corrected"
    AGENCY_VERIFIED = "policies.agency.verified"
    HOLIDAY_ADDED = "policies.holiday.added"
    HOLIDAY_WITHDRAWN = "policies.holiday.withdrawn"
    CHANGE_ASKED = "policies.parameter-change.asked"
    CHANGE_APPROVED = "policies.parameter-change.approved"
    CHANGE_REFUSED = "policies.parameter-change.refused"
    PARAMETER_SET = "policies.parameter.set"
    NOTICE_POSTED = "policies.notice.posted"
