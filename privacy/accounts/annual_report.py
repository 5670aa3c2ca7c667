"""What the register of access tells about a year (P8.8, law S-08 … S-10, S-34)."""

from collections import Counter
from datetime import date

from django.utils.translation import gettext as _

from privacy.accounts.models import AccessGrant, AccessRequest, AccessReview, User
from privacy.accounts.roles import ROLE_NAMES
from privacy.lib.dates import clock, periods
from privacy.lib.registries import annual_report
from privacy.lib.registries.annual_report import Figure, Section, Series


def access_section(first: date, last: date) -> Section:
    """Return what was asked for, granted and revoked, who left, and whether each quarter was reviewed."""
    begins, ends = clock.midnight(first), periods.end_of_day(last)
    asked = Counter(
        AccessRequest.objects.filter(requested_at__gte=begins, requested_at__lt=ends).values_list("state", flat=True)
    )
    granted = list(
        AccessGrant.objects.filter(granted_at__gte=begins, granted_at__lt=ends).values_list("granted_at", "role")
    )
    roles = Counter(role for _at, role in granted)
    reviews = AccessReview.objects.filter(period_from__range=(first, last))
    signed = reviews.filter(state=AccessReview.State.SIGNED).count()
    return Section(
        title=_("Access to personal information"),
        figures=(
            Figure("access.granted", _("grants made"), len(granted)),
            Figure(
                "access.reviewed-share",
                _("share of reviews signed"),
                annual_report.percentage(signed, reviews.count()),
                "%",
            ),
            Figure(
                "access.revoked",
                _("grants revoked"),
                AccessGrant.objects.filter(replaced_by=None, revoked_at__gte=begins, revoked_at__lt=ends).count(),
            ),
            Figure("access.asked", _("requests for access"), asked.total()),
            Figure("access.refused", _("requests refused"), asked[AccessRequest.State.REFUSED]),
            Figure(
                "access.left", _("accounts closed"), User.objects.filter(left_at__gte=begins, left_at__lt=ends).count()
            ),
        ),
        series=(
            Series(
                "access.granted.by-month",
                _("Grants by month"),
                annual_report.count_by_month([clock.kst_date(at) for at, _role in granted], first, last),
            ),
            Series(
                "access.by-scope",
                _("Grants by scope"),
                (
                    *((str(name), roles[role]) for role, name in ROLE_NAMES.items()),
                    (_("one category for one purpose"), roles[""]),
                ),
            ),
        ),
    )


annual_report.add_section("access", access_section, place=70)
