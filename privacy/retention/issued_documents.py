"""Which documents this app hands out: certificates, checked by the digest of what they say, and forms."""

from django.utils.translation import gettext_lazy as _

from privacy.lib.registries import issued_documents
from privacy.retention.certificates import authenticity

issued_documents.declare(
    "destruction-certificate",
    name=_("certificate of destruction"),
    find=authenticity.find_certificate,
    find_record=authenticity.find_certificate_of_paper,
    has_proof=True,
)
issued_documents.declare(
    "finality-certificate",
    name=_("certificate of finality"),
    find_record=authenticity.find_certificate_of_paper,
    has_proof=True,
)
issued_documents.declare(
    "certificate-addendum",
    name=_("addendum to a certificate of destruction"),
    find_record=authenticity.find_certificate_of_paper,
    has_proof=True,
)
issued_documents.declare("partial-destruction", name=_("record of a partial destruction"), has_proof=True)
