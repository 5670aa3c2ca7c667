"""Verbs about connected systems. Everybody calls them under the app's name::

from privacy.systems import actions as systems
systems.order_destruction(...)
"""

from privacy.systems.actions.answering import (
    begin_anew,
    connection_of,
    drop_freeze,
    next_call,
    record_answer,
    record_failure,
    record_sent,
)
from privacy.systems.actions.by_hand import ask_again, give_up, open_evidence, report_done, second
from privacy.systems.actions.entry_changes import approve_entry_change, ask_end, ask_scope, refuse_entry_change
from privacy.systems.actions.envelopes import remove_left_over, remove_orphans, seal_identifiers
from privacy.systems.actions.orders import (
    order_correction,
    order_destruction,
    order_freeze,
    order_hold,
    order_locating,
    order_month_destruction,
    order_release,
)
from privacy.systems.actions.register import (
    approve_connection,
    ask_connection,
    change_system,
    refuse_connection,
    register_system,
    renew_secret,
    show_secret,
)

__all__ = [
    "approve_connection",
    "approve_entry_change",
    "ask_again",
    "ask_connection",
    "ask_end",
    "ask_scope",
    "begin_anew",
    "change_system",
    "connection_of",
    "drop_freeze",
    "give_up",
    "next_call",
    "open_evidence",
    "order_correction",
    "order_destruction",
    "order_freeze",
    "order_hold",
    "order_locating",
    "order_month_destruction",
    "order_release",
    "record_answer",
    "record_failure",
    "record_sent",
    "refuse_connection",
    "refuse_entry_change",
    "register_system",
    "remove_left_over",
    "remove_orphans",
    "renew_secret",
    "report_done",
    "seal_identifiers",
    "second",
    "show_secret",
]
