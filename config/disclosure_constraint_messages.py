"""What the constraints on disclosures say to a person (``constraint_messages``)."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

DISCLOSURE_FIELDS_BY_MESSAGE: dict[Promise, dict[str, str]] = {
    _("Enter the address for the chosen notice channel."): {"disclosures_third_party_can_be_reached": "channel"},
    _("A disclosure required by law must name the statute and the document number."): {
        "disclosures_by_law_names_statute_and_document": "statute"
    },
    _(
        "A disclosure required by law needs its document before approval or, if urgent, the day "
        "by which the document will follow."
    ): {"disclosures_by_law_approved_with_its_document": "scan_id"},
    _("A disclosure based on consent must name the agreement."): {
        "disclosures_by_consent_names_its_agreement": "agreement"
    },
}
