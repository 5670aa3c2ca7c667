"""What the office can do about complaints and incidents. Everybody calls this under the app's name::

from privacy.incidents import actions as incidents
incidents.record_incident(kind=…, title=…, aware_at=…, actor=odile, at=at)
"""

from privacy.incidents.actions.affected_people import AddedPeople, add_from_holdings, add_from_reads, add_named
from privacy.incidents.actions.closure import (
    close_incident,
    digest_of_proposal,
    propose_closing,
    reopen_incident,
    return_closing,
)
from privacy.incidents.actions.complaints import (
    DELIVERY,
    AlreadyAnswered,
    ComplaintTextGone,
    OpenedComplaint,
    Receipt,
    answer_complaint,
    authenticate_complainant,
    destroy_texts,
    file_complaint,
    mark_answer_returned,
    mark_answer_sent,
    move_targets,
    open_complaint_text,
    read_complaint,
    record_answer_told,
    show_answer,
)
from privacy.incidents.actions.incidents import (
    confirm_breach,
    describe_incident,
    link_complaint,
    record_incident,
    rule_out,
    take_measure,
)
from privacy.incidents.actions.notifications import (
    delay_notice,
    digest_of_notice,
    end_delay,
    issue_report_form,
    need_not_report,
    notify_subjects,
    post_on_website,
    record_report,
)
from privacy.incidents.actions.work_reminders import remind_answerers
from privacy.incidents.refusals import EmptyText

__all__ = [
    "DELIVERY",
    "AddedPeople",
    "AlreadyAnswered",
    "ComplaintTextGone",
    "EmptyText",
    "OpenedComplaint",
    "Receipt",
    "add_from_holdings",
    "add_from_reads",
    "add_named",
    "answer_complaint",
    "authenticate_complainant",
    "close_incident",
    "confirm_breach",
    "delay_notice",
    "describe_incident",
    "destroy_texts",
    "digest_of_notice",
    "digest_of_proposal",
    "end_delay",
    "file_complaint",
    "issue_report_form",
    "link_complaint",
    "mark_answer_returned",
    "mark_answer_sent",
    "move_targets",
    "need_not_report",
    "notify_subjects",
    "open_complaint_text",
    "post_on_website",
    "propose_closing",
    "read_complaint",
    "record_answer_told",
    "record_incident",
    "record_report",
    "remind_answerers",
    "reopen_incident",
    "return_closing",
    "rule_out",
    "show_answer",
    "take_measure",
]
