"""What the office can do about complaints and incidents. Everybody calls this under the app's name::

from privacy.incidents import actions as incidents
incidents.record_incident(kind=…, title=…, aware_at=…, actor=odile, at=at)
"""

from privacy.incidents.actions.affecting import Added, add_from_holdings, add_from_reads, add_named
from privacy.incidents.actions.closing import close_incident, propose_closing, return_closing
from privacy.incidents.actions.complaints import (
    DELIVERY,
    AlreadyAnswered,
    Receipt,
    Words,
    answer_complaint,
    destroy_texts,
    enter_complaint,
    file_complaint,
    mark_answer_sent,
    move_targets,
    open_words,
    read_complaint,
    show_answer,
)
from privacy.incidents.actions.recording import (
    confirm_breach,
    describe_incident,
    link_complaint,
    record_incident,
    rule_out,
    take_measure,
)
from privacy.incidents.actions.telling import (
    delay_notice,
    need_not_report,
    notify_subjects,
    post_on_website,
    record_report,
)
from privacy.incidents.refusals import NothingWritten

__all__ = [
    "DELIVERY",
    "Added",
    "AlreadyAnswered",
    "NothingWritten",
    "Receipt",
    "Words",
    "add_from_holdings",
    "add_from_reads",
    "add_named",
    "answer_complaint",
    "close_incident",
    "confirm_breach",
    "delay_notice",
    "describe_incident",
    "destroy_texts",
    "enter_complaint",
    "file_complaint",
    "link_complaint",
    "mark_answer_sent",
    "move_targets",
    "need_not_report",
    "notify_subjects",
    "open_words",
    "post_on_website",
    "propose_closing",
    "read_complaint",
    "record_incident",
    "record_report",
    "return_closing",
    "rule_out",
    "show_answer",
    "take_measure",
]
