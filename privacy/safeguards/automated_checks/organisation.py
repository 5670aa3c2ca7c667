"""Whether the in-house organisation exists and works: a head, members who are here, meetings (P8.1)."""

from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from privacy.accounts.models import User
from privacy.lib.dates import clock, periods
from privacy.lib.display import badges
from privacy.policies import rulebook
from privacy.safeguards.automated_checks.registry import CheckResult, automated_check, failed, passed
from privacy.safeguards.models import Measure, Meeting, Member


@automated_check(
    "organisation",
    gettext_lazy("In-house organisation for the protection of personal information"),
    kind=Measure.Kind.OTHER,
    clause="P8.1",
)
def organisation(at: datetime) -> CheckResult:
    """Look at who is in it today, and whether it met within the months in which the plan is checked (S-30)."""
    today = clock.kst_date(at)
    members = list(Member.objects.on(today))
    if not any(one.role == Member.Role.HEAD for one in members):
        return failed(_("The organisation has no head."))
    people = {one.person for one in members}
    here = set(User.objects.filter(reference__in=people, is_active=True).values_list("reference", flat=True))
    if gone := sorted(people - here):
        return failed(_("Members who no longer work here: %(people)s.") % {"people": ", ".join(gone)})
    last = Meeting.objects.filter(held_on__lte=today).order_by("-held_on").values_list("held_on", flat=True).first()
    if last is None:
        return failed(_("%(count)d members; the organisation has not met yet.") % {"count": len(people)})
    told = {"count": len(people), "day": badges.date_text(last)}
    if periods.period_end(last, months=rulebook.parameter("plan.inspection.months", today)) < today:
        return failed(_("%(count)d members; the last meeting was on %(day)s. The next one is due.") % told)
    return passed(_("%(count)d members; the last meeting was on %(day)s.") % told)
