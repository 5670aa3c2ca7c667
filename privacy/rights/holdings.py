"""What this app holds of people: what they wrote in a case, sealed under the case, until the record's term is over."""

from django.utils.translation import gettext_lazy as _

from privacy.policies.categories import RIGHTS_REQUEST
from privacy.retention import consistency_checks as consistency
from privacy.retention.destruction import blockers, signed_approvals
from privacy.rights import actions as rights
from privacy.rights import (
    consistency_checks,
    data_sources,
    destruction_blockers,
    exports,
    openings_comparison,
    retention_expiry,
)
from privacy.rights.models import CasePerson, Particulars, Request
from privacy.subjects import holdings
from privacy.subjects.holdings import KeptUnder
from privacy.vault.models import EncryptedFile

holdings.declare(
    Particulars,
    category=RIGHTS_REQUEST,
    subject="subject_id",
    clock="closed_on",
    using="personal",
    items={"contact": "contact", "claimed": "claimed", "wanted": "wanted", "explanation": "explanation"},
    export=exports.export_particulars,
    sources=data_sources.of_particulars,
    destroy=rights.destroy_particulars,
    due=retention_expiry.particulars_due,
    kept_years="rights.records.years",
    duty=_("records of requests and results (PIPA, art. 35–38)"),
)
holdings.declare(
    EncryptedFile,
    category=RIGHTS_REQUEST,
    subject="subject_id",
    clock="closed_on",
    using="personal",
    items={},
    kept_under=KeptUnder.PERSON,
    destroy=rights.destroy_files,
    kept_years="rights.records.years",
    duty=_("records of requests and results (PIPA, art. 35–38)"),
    scope={"category": RIGHTS_REQUEST},
)
holdings.declare_pseudonymous(Request, subject="subject_id", why="the register of requests and results (law R-31)")
holdings.declare_pseudonymous(CasePerson, subject="subject_id", why="which records a case was about (law R-31)")
blockers.declare_open_requests(
    "rights", destruction_blockers.with_open_request, destruction_blockers.with_request_ended
)
blockers.declare_files("rights", destruction_blockers.cases_of)
signed_approvals.declare_release(rights.release_of)
consistency.declare(
    "rights.words",
    description=_("open case without its requester's text"),
    compare=consistency_checks.open_cases_have_words,
)
consistency.declare(
    "rights.packages", description=_("package without its file"), compare=consistency_checks.packages_have_files
)
consistency.declare(
    "rights.openings",
    description=_("opening of personal data that the person isn't told of"),
    compare=openings_comparison.openings_are_told,
)
