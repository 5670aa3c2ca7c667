"""The safeguards' verbs. Everybody calls them under the app's name::

from privacy.safeguards import actions as safeguards
safeguards.record_evidence(measure, result="passed", detail="…", actor=odile, at=at)
"""

from privacy.safeguards import looks  # noqa: F401 - registers the probes
from privacy.safeguards.actions.areas import (
    end_entry,
    move_medium,
    permit_entry,
    record_entry,
    register_area,
    return_medium,
    revoke_permit,
)
from privacy.safeguards.actions.calendars import make_calendar, revoke_calendar
from privacy.safeguards.actions.inspections import (
    confirm_finding,
    correct_finding,
    escalate_findings,
    hold_inspection,
    plan_inspection,
    record_finding,
    reopen_finding,
    report_inspection,
)
from privacy.safeguards.actions.measures import (
    adopt_measures,
    change_measure,
    destroy_evidence_files,
    observe,
    open_file,
    record_evidence,
    register_measure,
    retire_measure,
)
from privacy.safeguards.actions.plans import approve_plan, draft_plan, edit_plan, return_plan, submit_plan
from privacy.safeguards.actions.reports import make_report, present_report, print_report
from privacy.safeguards.refusals import Incomplete, NoPermit, OwnWork, TakenCode, UnknownPerson, WrongState

__all__ = [
    "Incomplete",
    "NoPermit",
    "OwnWork",
    "TakenCode",
    "UnknownPerson",
    "WrongState",
    "adopt_measures",
    "approve_plan",
    "change_measure",
    "confirm_finding",
    "correct_finding",
    "destroy_evidence_files",
    "draft_plan",
    "edit_plan",
    "end_entry",
    "escalate_findings",
    "hold_inspection",
    "make_calendar",
    "make_report",
    "move_medium",
    "observe",
    "open_file",
    "permit_entry",
    "plan_inspection",
    "present_report",
    "print_report",
    "record_entry",
    "record_evidence",
    "record_finding",
    "register_area",
    "register_measure",
    "reopen_finding",
    "report_inspection",
    "retire_measure",
    "return_medium",
    "return_plan",
    "revoke_calendar",
    "revoke_permit",
    "submit_plan",
]
