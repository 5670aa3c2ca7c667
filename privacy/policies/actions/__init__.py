"""What the office can do with the policy and what stands beside it. Everybody calls this under the app's name::

from privacy.policies import actions as policies
policies.publish(version, effective_on=day, actor=odile, at=at)
"""

from privacy.policies.actions.calendar import (
    HolidayKnown,
    ParameterKnown,
    add_holiday,
    set_parameter,
    withdraw_holiday,
)
from privacy.policies.actions.contacts import (
    DesignationOrder,
    correct_officer,
    designate_officer,
    verify_agency,
)
from privacy.policies.actions.drafting import (
    ForeignRow,
    NoBase,
    NotADraft,
    describe,
    discard,
    draft,
    revise,
)
from privacy.policies.actions.notices import NoticeTooShort, post_notice
from privacy.policies.actions.publishing import (
    Incomplete,
    NoteMissing,
    NotReviewed,
    NotUnderReview,
    OwnWork,
    adopt,
    approve,
    publish,
    report_drift,
    return_to_draft,
    submit,
    take_effect,
)

__all__ = [
    "DesignationOrder",
    "ForeignRow",
    "HolidayKnown",
    "Incomplete",
    "NoBase",
    "NotADraft",
    "NotReviewed",
    "NotUnderReview",
    "NoteMissing",
    "NoticeTooShort",
    "OwnWork",
    "ParameterKnown",
    "add_holiday",
    "adopt",
    "approve",
    "correct_officer",
    "describe",
    "designate_officer",
    "discard",
    "draft",
    "post_notice",
    "publish",
    "report_drift",
    "return_to_draft",
    "revise",
    "set_parameter",
    "submit",
    "take_effect",
    "verify_agency",
    "withdraw_holiday",
]
