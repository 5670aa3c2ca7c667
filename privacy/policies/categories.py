"""The codes of the categories of personal data: those of the policy, and the office's own files.

A code is data: it stands in keys, seals, the audit trail and published policies, and never changes. Whoever needs one
takes it from here (``categories.APP_LOG``); ``tests/house/test_category_codes.py`` finds a code that is typed again.
"""

from typing import Final

from django.utils.translation import gettext_lazy as _

# Declared in the policy (P3.1, P3.2, P3.3).
DEVICE_REGISTRATION: Final = "device-registration"
SERVICE_ANALYTICS: Final = "service-analytics"
APP_LOG: Final = "app-log"

# What the office holds of its own work with people, beside the policy's categories.
CONTACT: Final = "contact"
RIGHTS_REQUEST: Final = "rights-request"
COMPLAINT: Final = "complaint"
DISCLOSURE_REQUEST: Final = "disclosure-request"
SAFEGUARD_EVIDENCE: Final = "safeguard-evidence"
DESTRUCTION_EVIDENCE: Final = "destruction-evidence"
WORKFORCE: Final = "workforce"
# By what other systems find people whose data is destroyed here. Sealed under the system: an order to destroy
# somebody's data has no list of it.
CONNECTED_SYSTEM: Final = "connected-system"

# What another law preserves (P6.4). Keys of the archive belong to ``archive-<rule>``.
ARCHIVE: Final = "archive"
ARCHIVE_PREFIX: Final = "archive-"
# Of these no list of a person is made: each record has an end of its own.
WITHOUT_LISTS: Final = frozenset({ARCHIVE, CONNECTED_SYSTEM})

OFFICE_FILES = {
    CONTACT: _("contacts of data subjects"),
    RIGHTS_REQUEST: _("what requesters wrote"),
    COMPLAINT: _("what complainants wrote"),
    DISCLOSURE_REQUEST: _("documents that ask for a disclosure"),
    WORKFORCE: _("employees' certificates of training"),
    SAFEGUARD_EVIDENCE: _("evidence of safeguards"),
    DESTRUCTION_EVIDENCE: _("evidence of destructions"),
    CONNECTED_SYSTEM: _("identifiers for connected systems"),
}
# Of these, what people may have corrected item by item, as they may the policy's own items.
OFFICE_ITEMS = {CONTACT: frozenset({"email", "phone", "address"})}
