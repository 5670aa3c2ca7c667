"""What the constraints of rights requests say to a person, and the field that each is about."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

RIGHTS_FIELDS_BY_MESSAGE: dict[Promise, dict[str, str]] = {
    _("A representative must prove authority to act."): {"rights_representative_proves_authority": "authority"},
    _(
        "A power of attorney must be dated and signed and say what it covers. For any other proof, leave these fields "
        "empty."
    ): {"rights_mandate_covers_something_and_is_dated_and_signed": "mandate_covers"},
    _("There is no fee if the company caused the request."): {"rights_no_fee_when_the_cause_is_ours": "fee_won"},
    _("A refusal must state its ground. Other decisions must not."): {
        "rights_refused_if_and_only_if_grounded": "ground"
    },
    _("An access that leaves out other people's information can only be partly granted."): {
        "rights_redacted_is_no_whole_grant": "redactions"
    },
    _("This ground does not apply to this right."): {"rights_ground_is_one_of_its_kind": "ground"},
    _("If the ground is a law, enter the law and its article."): {"rights_ground_of_law_cites_the_law": "law"},
    _("Ask first whether the person wants to end the contract."): {
        "rights_ground_of_contract_asked_about_termination": "termination_asked"
    },
}
