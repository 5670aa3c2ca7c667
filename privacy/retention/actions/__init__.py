"""The verbs of retention. Everybody calls them under the app's name::

from privacy.retention import actions as retention
retention.destroy_subject_data(mina, ["app-log"], cause="withdrawal", case="K7-…", actor=odile, at=at)
"""

from privacy.retention.actions.approving import abort, approve, explain_delay
from privacy.retention.actions.evidence import Evidence, destroy_evidence, evidence_due, open_evidence
from privacy.retention.actions.executing import carry_out, carry_out_ready
from privacy.retention.actions.finishing import certify_finality, rewrite_tables
from privacy.retention.actions.forecasting import (
    Change,
    PreservationChange,
    compare,
    compare_preservation,
    count_ahead,
    first_of_next,
)
from privacy.retention.actions.holds import lift_hold, place_hold
from privacy.retention.actions.opening import approve_access, ask_access, close_access, open_archive, refuse_access
from privacy.retention.actions.ordering import Outcome, destroy_subject_data, order_destruction
from privacy.retention.actions.papers import confirm_result, record_paper
from privacy.retention.actions.planning import plan
from privacy.retention.actions.reconciling import reconcile
from privacy.retention.actions.replaying import replay
from privacy.retention.actions.sweeping import Swept, sweep
from privacy.retention.actions.watching import confirm_clock, note_clock

__all__ = [
    "Change",
    "Evidence",
    "Outcome",
    "PreservationChange",
    "Swept",
    "abort",
    "approve",
    "approve_access",
    "ask_access",
    "carry_out",
    "carry_out_ready",
    "certify_finality",
    "close_access",
    "compare",
    "compare_preservation",
    "confirm_clock",
    "confirm_result",
    "count_ahead",
    "destroy_evidence",
    "destroy_subject_data",
    "evidence_due",
    "explain_delay",
    "first_of_next",
    "lift_hold",
    "note_clock",
    "open_archive",
    "open_evidence",
    "order_destruction",
    "place_hold",
    "plan",
    "reconcile",
    "record_paper",
    "refuse_access",
    "replay",
    "rewrite_tables",
    "sweep",
]
