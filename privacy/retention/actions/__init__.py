"""The verbs of retention. Everybody calls them under the app's name::

from privacy.retention import actions as retention
retention.destroy_subject_data(mina, ["app-log"], cause="withdrawal", case="K7-…", actor=odile, at=at)
"""

from privacy.retention.actions.approval import abort, approval_of, approve, explain_delay
from privacy.retention.actions.archive_access import (
    approve_access,
    ask_access,
    close_access,
    open_archive,
    refuse_access,
)
from privacy.retention.actions.clock_anomalies import check_clock, confirm_clock
from privacy.retention.actions.destruction.execution import execute, execute_ready
from privacy.retention.actions.destruction_lists import plan
from privacy.retention.actions.destruction_orders import (
    SERVING,
    OrderOutcome,
    archived_by_order,
    destroy_subject_data,
    is_going_on,
    is_ordered,
    order_destruction,
)
from privacy.retention.actions.destruction_waits import announce, close_data, end_of_wait, reopen_data
from privacy.retention.actions.finality import certify_finality, rewrite_tables
from privacy.retention.actions.forecast import update_forecast
from privacy.retention.actions.holds import ask_lifting, lift_hold, place_hold, release_ended_holds
from privacy.retention.actions.nightly_sweep import SweepResult, sweep
from privacy.retention.actions.paper_destruction import (
    Evidence,
    Part,
    destroy_evidence,
    evidence_due,
    open_evidence,
    record_paper,
)
from privacy.retention.actions.predictions import predict, predict_published
from privacy.retention.actions.reconciliation import reconcile
from privacy.retention.actions.register import confirm_result
from privacy.retention.actions.restore_replay import replay

__all__ = [
    "SERVING",
    "Evidence",
    "OrderOutcome",
    "Part",
    "SweepResult",
    "abort",
    "announce",
    "approval_of",
    "approve",
    "approve_access",
    "archived_by_order",
    "ask_access",
    "ask_lifting",
    "certify_finality",
    "check_clock",
    "close_access",
    "close_data",
    "confirm_clock",
    "confirm_result",
    "destroy_evidence",
    "destroy_subject_data",
    "end_of_wait",
    "evidence_due",
    "execute",
    "execute_ready",
    "explain_delay",
    "is_going_on",
    "is_ordered",
    "lift_hold",
    "open_archive",
    "open_evidence",
    "order_destruction",
    "place_hold",
    "plan",
    "predict",
    "predict_published",
    "reconcile",
    "record_paper",
    "refuse_access",
    "release_ended_holds",
    "reopen_data",
    "replay",
    "rewrite_tables",
    "sweep",
    "update_forecast",
]
