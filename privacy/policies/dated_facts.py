"""What of the policy depends on dated rules: amendments, numbers, penalties, the version in force and its texts."""

from collections.abc import Iterator
from datetime import date

from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from privacy.lib.display import badges
from privacy.lib.registries import dated_facts, deadlines
from privacy.lib.registries.dated_facts import Fact, Kind
from privacy.lib.registries.deadlines import DeadlineSource
from privacy.policies import amendments, drift, penalties, presentation, wording
from privacy.policies.models import Parameter, PolicyVersion

VIEW_NUMBERS, VIEW_VERSIONS = "policies.view_parameter", "policies.view_policyversion"
# No matter of the office is dated outside these years.
EVER = date(2000, 1, 1), date(2199, 12, 31)


def law(on: date) -> Iterator[Fact]:
    """Yield each amendment and each penalty in force."""
    for row in amendments.in_force(on):
        path = reverse("admin:safeguards_applicabilitydecision_changelist")
        yield Fact(Kind.LAW, row.code, row.article, f"{row.change} {row.portal}", path, VIEW_NUMBERS)
    for penalty in penalties.penalties(on):
        said, path = f"{penalty.breach}: {penalty.penalty}", reverse("admin:penalties")
        yield Fact(Kind.LAW, f"penalty {penalty.articles[1]}", penalty.article, said, path, VIEW_NUMBERS)


def numbers(on: date) -> Iterator[Fact]:
    """Yield each number that holds, with its basis."""
    held = Parameter.objects.filter(effective_on__lte=on).order_by("code", "-effective_on").distinct("code")
    for row in held:
        path = reverse("admin:policies_parameter_change", args=[row.pk])
        is_count = row.unit == Parameter.Unit.COUNT
        value = f"{row.value:,}" if is_count else wording.value({"value": row.value, "unit": row.unit})
        said = f"{value} ({row.basis})"
        yield Fact(Kind.NUMBER, row.code, row.code, said, path, VIEW_NUMBERS)


def texts(on: date) -> Iterator[Fact]:
    """Yield the version in force, each line of its text as it is shown on the day, and where it no longer holds."""
    version = PolicyVersion.objects.in_force(on)
    if version is None:
        return
    path = reverse("admin:policies_policyversion_change", args=[version.pk])
    yield Fact(Kind.TEXT, "version", _("Policy version in force"), version.number, path, VIEW_VERSIONS)
    for section in presentation.render_sections(version.document or {}, get_language() or "ko", on=on):
        for place, line in enumerate(section.lines()):
            yield Fact(Kind.TEXT, f"{section.code} {place}", section.heading, line, path, VIEW_VERSIONS)
    for found in drift.find_drifts(on):
        about = _("The published policy needs a revision") if found.is_due else _("The published policy was altered")
        yield Fact(Kind.TEXT, f"drift {found.code}", about, found.message, path, VIEW_VERSIONS)


def clocks(_on: date) -> Iterator[Fact]:
    """Yield the day of each open matter whose day is computed by dated rules whenever it is asked for.

    The others have stored theirs, by the rules of the day on which they began.
    """
    for source in deadlines.sources():
        if depends_on_rules(source):
            for dated in source.find(*EVER):
                about = f"{source.title} {dated.reference}".rstrip()
                when = badges.datetime_text(dated.at) if dated.at else badges.date_text(dated.on)
                yield Fact(Kind.CLOCK, f"{source.name} {dated.key}", about, when, dated.path, source.permission)


def depends_on_rules(source: DeadlineSource) -> bool:
    """Whether the days that a source tells are computed by dated rules when it is asked."""
    return source.rows is None or Parameter._meta.db_table in str(source.rows.open().query)


dated_facts.add_source("policies.1-law", law)
dated_facts.add_source("policies.2-numbers", numbers)
dated_facts.add_source("policies.3-texts", texts)
dated_facts.add_source("policies.4-clocks", clocks)
