"""The safeguards' verbs. Everybody calls them under the app's name::

from privacy.safeguards import actions as safeguards
safeguards.record_evidence(measure, result="passed", detail="…", actor=odile, at=at)
"""

from privacy.safeguards import automated_checks  # noqa: F401 - registers the probes
from privacy.safeguards.actions.annual_reports import make_report, present_report, print_report
from privacy.safeguards.actions.applicability import decide_applicability, record_figures, record_filing
from privacy.safeguards.actions.areas import (
    end_entry,
    move_medium,
    permit_entry,
    record_entry,
    register_area,
    return_medium,
    revoke_permit,
)
from privacy.safeguards.actions.assessments import (
    answer_assessment,
    approve_assessment,
    discard_assessment,
    draft_assessment,
    exempt_change,
    record_risk,
    return_assessment,
    submit_assessment,
)
from privacy.safeguards.actions.calendars import create_calendar_feed, revoke_calendar_feed
from privacy.safeguards.actions.copies import confirm_copies_gone, record_copies
from privacy.safeguards.actions.exposures import confirm_exposure_gone, end_exposure, record_exposure
from privacy.safeguards.actions.inspections import (
    confirm_finding,
    correct_finding,
    digest_of_report,
    escalate_findings,
    hold_inspection,
    plan_inspection,
    record_finding,
    remind_responsible,
    reopen_finding,
    report_inspection,
)
from privacy.safeguards.actions.management_plans import (
    approve_plan,
    draft_plan,
    edit_plan,
    print_plan,
    return_plan,
    submit_plan,
    supersede_plans,
)
from privacy.safeguards.actions.management_reports import (
    open_signed_paper,
    prove_reading,
    record_appointment,
    record_report,
)
from privacy.safeguards.actions.measures import (
    change_measure,
    destroy_evidence_files,
    open_file,
    record_check_results,
    record_evidence,
    register_automated_measures,
    register_measure,
    remind_owner,
    retire_measure,
)
from privacy.safeguards.actions.organisation import appoint_member, end_membership, hold_meeting, plan_meeting
from privacy.safeguards.models.assessments import assessment_digest
from privacy.safeguards.refusals import DuplicateCode, Incomplete, NoPermit, SamePerson, UnknownAccount, WrongState

__all__ = [
    "DuplicateCode",
    "Incomplete",
    "NoPermit",
    "SamePerson",
    "UnknownAccount",
    "WrongState",
    "answer_assessment",
    "appoint_member",
    "approve_assessment",
    "approve_plan",
    "assessment_digest",
    "change_measure",
    "confirm_copies_gone",
    "confirm_exposure_gone",
    "confirm_finding",
    "correct_finding",
    "create_calendar_feed",
    "decide_applicability",
    "destroy_evidence_files",
    "digest_of_report",
    "discard_assessment",
    "draft_assessment",
    "draft_plan",
    "edit_plan",
    "end_entry",
    "end_exposure",
    "end_membership",
    "escalate_findings",
    "exempt_change",
    "hold_inspection",
    "hold_meeting",
    "make_report",
    "move_medium",
    "open_file",
    "open_signed_paper",
    "permit_entry",
    "plan_inspection",
    "plan_meeting",
    "present_report",
    "print_plan",
    "print_report",
    "prove_reading",
    "record_appointment",
    "record_check_results",
    "record_copies",
    "record_entry",
    "record_evidence",
    "record_exposure",
    "record_figures",
    "record_filing",
    "record_finding",
    "record_report",
    "record_risk",
    "register_area",
    "register_automated_measures",
    "register_measure",
    "remind_owner",
    "remind_responsible",
    "reopen_finding",
    "report_inspection",
    "retire_measure",
    "return_assessment",
    "return_medium",
    "return_plan",
    "revoke_calendar_feed",
    "revoke_permit",
    "submit_assessment",
    "submit_plan",
    "supersede_plans",
]
