"""What the audit trail tells about a year: how it was reviewed, and whether it verified."""

from collections import Counter
from datetime import date

from django.utils.translation import gettext as _

from privacy.ledger.models import Checkpoint, Finding, Review, Scrub
from privacy.ledger.verify import ALTERED, MALFORMED, POLICY, SOUND
from privacy.lib.registries import annual_report
from privacy.lib.registries.annual_report import Figure, Section, Series


def audit_trail_section(first: date, last: date) -> Section:
    """Return reviews with their findings (law S-04), and the nightly verifications with their result (law S-06)."""
    reviews = Review.objects.filter(period_until__range=(first, last))
    findings = Counter(Finding.objects.filter(review__in=reviews).values_list("rule", flat=True))
    results = Counter(Scrub.objects.filter(finished_at__date__range=(first, last)).values_list("code", flat=True))
    checkpoints = Checkpoint.objects.filter(signed_at__date__range=(first, last))
    return Section(
        title=_("Audit trail"),
        figures=(
            Figure("trail.reviews", _("reviews of access records"), reviews.count()),
            Figure(
                "trail.reviews-confirmed",
                _("reviews with both signatures"),
                reviews.filter(state=Review.State.CONFIRMED).count(),
            ),
            Figure("trail.findings", _("findings of the rules in these reviews"), findings.total()),
            Figure("trail.verifications", _("nightly verifications"), results.total()),
            Figure("trail.sound", _("verifications that covered everything and found it sound"), results[SOUND]),
            Figure("trail.uncovered", _("verifications that did not cover everything"), results[POLICY]),
            Figure(
                "trail.unsound",
                _("verifications that found an alteration or something unreadable"),
                results[ALTERED] + results[MALFORMED],
            ),
            Figure("trail.checkpoints", _("signed checkpoints"), checkpoints.count()),
        ),
        series=(
            Series(
                "trail.by-rule",
                _("Findings by rule"),
                tuple((str(rule.label), findings[rule.value]) for rule in Finding.Rule),
            ),
        ),
    )


annual_report.add_section("trail", audit_trail_section, place=90)
