"""What the office can do with the policy and what stands beside it. Everybody calls this under the app's name::

from privacy.policies import actions as policies
policies.publish(version, effective_on=day, actor=odile, at=at)
"""

from privacy.policies.actions.drafts import (
    NoBaseVersion,
    NotADraft,
    OutOfBounds,
    RowOfOtherVersion,
    create_draft,
    describe_draft,
    discard_version,
    revise_draft,
)
from privacy.policies.actions.notices import NoticeBackdated, NoticeTooShort, post_notice
from privacy.policies.actions.officers import DesignationOrder, correct_officer, designate_officer, verify_agency
from privacy.policies.actions.parameter_changes import (
    ChangeDecided,
    LessensNothing,
    OwnChange,
    approve_change,
    ask_change,
    refuse_change,
)
from privacy.policies.actions.parameters import (
    HolidayExists,
    HolidayNotFound,
    NeedsTwoPeople,
    ParameterExists,
    ParameterOutOfRange,
    add_holiday,
    set_parameter,
    withdraw_holiday,
)
from privacy.policies.actions.proposed_revision import draft_proposal
from privacy.policies.actions.publication import (
    ChangedSinceRead,
    Incomplete,
    NotReviewed,
    NotUnderReview,
    OwnDraft,
    ReviewNoteMissing,
    approve,
    digest_under_review,
    publish,
    record_shipped_seals,
    report_drift,
    return_to_draft,
    submit,
    take_effect,
)
from privacy.policies.actions.published_texts import (
    ConsignmentContradicted,
    ConsignmentDecided,
    InvalidPublishedText,
    attach_text,
    decide_no_consignment,
    withdraw_no_consignment,
)

__all__ = [
    "ChangeDecided",
    "ChangedSinceRead",
    "ConsignmentContradicted",
    "ConsignmentDecided",
    "DesignationOrder",
    "HolidayExists",
    "HolidayNotFound",
    "Incomplete",
    "InvalidPublishedText",
    "LessensNothing",
    "NeedsTwoPeople",
    "NoBaseVersion",
    "NotADraft",
    "NotReviewed",
    "NotUnderReview",
    "NoticeBackdated",
    "NoticeTooShort",
    "OutOfBounds",
    "OwnChange",
    "OwnDraft",
    "ParameterExists",
    "ParameterOutOfRange",
    "ReviewNoteMissing",
    "RowOfOtherVersion",
    "add_holiday",
    "approve",
    "approve_change",
    "ask_change",
    "attach_text",
    "correct_officer",
    "create_draft",
    "decide_no_consignment",
    "describe_draft",
    "designate_officer",
    "digest_under_review",
    "discard_version",
    "draft_proposal",
    "post_notice",
    "publish",
    "record_shipped_seals",
    "refuse_change",
    "report_drift",
    "return_to_draft",
    "revise_draft",
    "set_parameter",
    "submit",
    "take_effect",
    "verify_agency",
    "withdraw_holiday",
    "withdraw_no_consignment",
]
