"""What this app holds of people: what they wrote in a case, sealed under the case, until the record's term is over."""

from django.utils.translation import gettext_lazy as _

from privacy.retention import agreements as agreeing
from privacy.retention import obstacles
from privacy.rights import actions as rights
from privacy.rights import agreements, dues
from privacy.rights.models import Particulars, Request
from privacy.subjects import holdings
from privacy.vault.models import SealedFile

holdings.declare(
    Particulars,
    category="rights-request",
    subject="subject_id",
    clock="closed_on",
    using="personal",
    items={"contact": "contact", "claimed": "claimed", "wanted": "wanted", "explanation": "explanation"},
    export=dues.export_particulars,
    destroy=rights.destroy_particulars,
    due=dues.particulars_due,
    duty=_("PIPA 35-38; records of requests and results (law R-31)"),
)
holdings.declare(
    SealedFile,
    category="rights-request",
    subject="subject_id",
    clock="closed_on",
    using="personal",
    items={},
    destroy=rights.destroy_files,
    duty=_("PIPA 35-38; records of requests and results (law R-31)"),
    scope={"category": "rights-request"},
)
holdings.declare_pseudonymous(Request, subject="subject_id", why="the register of requests and results (law R-31)")
obstacles.declare("rights", dues.with_open_request)
obstacles.declare_files("rights", dues.cases_of)
agreeing.declare(
    "rights.words", says=_("open case without what its requester wrote"), compare=agreements.open_cases_have_words
)
agreeing.declare("rights.packages", says=_("package without its file"), compare=agreements.packages_have_files)
