"""What of the policy has a date: versions that take effect, notices that end."""

from collections.abc import Iterator
from datetime import date

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from privacy.lib import agenda
from privacy.lib.agenda import Dated
from privacy.policies.models import Notice, PolicyVersion


def coming_versions(first: date, last: date) -> Iterator[Dated]:
    """Yield published versions on the day they take effect (P0.3)."""
    published = PolicyVersion.objects.filter(state=PolicyVersion.State.PUBLISHED)
    for row in published.filter(effective_on__range=(first, last)):
        assert row.effective_on is not None
        path = reverse("admin:policies_policyversion_change", args=[row.pk])
        yield Dated(row.effective_on, str(row.pk), row.number, path)


def ending_notices(first: date, last: date) -> Iterator[Dated]:
    """Yield public notices on the last day they stand."""
    for row in Notice.objects.filter(posted_until__range=(first, last)):
        assert row.posted_until is not None
        path = reverse("admin:policies_notice_change", args=[row.pk])
        yield Dated(row.posted_until, str(row.pk), str(row.get_kind_display()), path)


agenda.add_source(
    "policies.version",
    coming_versions,
    title=_("Policy version takes effect:"),
    permission="policies.view_policyversion",
    owed=False,
)
agenda.add_source(
    "policies.notice", ending_notices, title=_("Public notice ends:"), permission="policies.view_notice", owed=False
)
