"""What of the policy has a date: versions that take effect, notices that end."""

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from privacy.lib.registries import deadlines
from privacy.policies.models import Notice, PolicyVersion


def published_versions() -> QuerySet[PolicyVersion]:
    """The published versions, each with the day it takes effect (P0.3)."""
    return PolicyVersion.objects.filter(state=PolicyVersion.State.PUBLISHED)


def _kind(code: str) -> object:
    return Notice.Kind(code).label


deadlines.add_query(
    "policies.version",
    published_versions,
    on="effective_on",
    reference="number",
    page="admin:policies_policyversion_change",
    title=_("Policy version takes effect:"),
    permission="policies.view_policyversion",
    owed=False,
)
deadlines.add_query(
    "policies.notice",
    Notice.objects.all,
    on="posted_until",
    reference="kind",
    format_reference=_kind,
    page="admin:policies_notice_change",
    title=_("Public notice ends:"),
    permission="policies.view_notice",
    owed=False,
)
