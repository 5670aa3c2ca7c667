"""Which reports on provisions to agencies are owed, by when, and their figures; only reads (law P-09, P-10).

A report is owed for a half-year in which a telecom operator gave such material: information on a user (TBA art. 83(6))
or communication confirmation data (CSA art. 13(7)). Both are due within days of the end of the half-year (TBA Decree
art. 53, CSA Decree art. 39).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Exists, OuterRef, Q
from django.utils.translation import gettext as _

from privacy.disclosures.models import Disclosure, ProvisionReport
from privacy.lib.dates import periods
from privacy.policies import rulebook

SEE = "disclosures.see_investigations"


def report_due(ended_on: date) -> date:
    """Return the last day to report on a half-year that ends on a day; a day of rest moves it on (T-04)."""
    return periods.answer_due(ended_on, days=rulebook.parameter("disclosure.report.days", ended_on))


@dataclass(frozen=True, slots=True, order=True)
class HalfYear:
    """A half of a calendar year."""

    first: date

    @classmethod
    def of(cls, day: date) -> "HalfYear":
        return cls(date(day.year, 1 if day.month <= 6 else 7, 1))

    @property
    def last(self) -> date:
        return date(self.first.year, 6, 30) if self.first.month == 1 else date(self.first.year, 12, 31)

    @property
    def due_on(self) -> date:
        """The last day of its report."""
        return report_due(self.last)

    def __str__(self) -> str:
        words = {"year": self.first.year}
        if self.first.month == 1:
            return _("first half of %(year)s") % words
        return _("second half of %(year)s") % words


@dataclass(frozen=True, slots=True, order=True)
class OwedReport:
    """A report that nobody has recorded: of which half-year, on which kind of material."""

    half: HalfYear
    record_class: str

    @property
    def key(self) -> str:
        return f"{self.record_class}:{self.half.first.isoformat()}"

    def __str__(self) -> str:
        return f"{Disclosure.Record(self.record_class).label}, {self.half}"


def owed_reports() -> Iterator[OwedReport]:
    """Yield the reports of each half-year in which something was given and which nobody has recorded."""
    told = ProvisionReport.objects.filter(
        record_class=OuterRef("record_class"),
        half_from__lte=OuterRef("provided_on"),
        half_until__gte=OuterRef("provided_on"),
    )
    provided = Disclosure.objects.provided().to_agencies()
    given = provided.filter(~Exists(told), record_class__in=ProvisionReport.REPORTED)
    days = given.order_by().values_list("record_class", "provided_on").distinct()
    yield from sorted({OwedReport(HalfYear.of(day), kind) for kind, day in days if day is not None})


def owed_report(key: str, *, on: date) -> OwedReport | None:
    """Return an owed report by its key, of a half-year that is over on a day."""
    return next((one for one in owed_reports() if one.key == key and one.half.last < on), None)


def figures_by_agency(record_class: str, first: date, last: date) -> list[dict[str, str | int]]:
    """Return what each agency was given between two days: documents, those that were urgent, permits, people."""
    given = Disclosure.objects.provided_between(first, last).to_agencies().filter(record_class=record_class)
    counted = given.order_by("third_party__title").values("third_party__reference", "third_party__title")
    rows = counted.annotate(
        documents=Count("pk", distinct=True),
        urgent=Count("pk", distinct=True, filter=Q(urgent=True)),
        permits=Count("pk", distinct=True, filter=~Q(permit_no="")),
        people=Count("disclosed__subject_id", distinct=True, filter=Q(disclosed__value_digest__isnull=False)),
    )
    return [
        {
            "agency": row["third_party__reference"],
            "title": row["third_party__title"],
            **{name: row[name] for name in ("documents", "urgent", "permits", "people")},
        }
        for row in rows
    ]


def people_given(record_class: str, first: date, last: date) -> int:
    """Return how many people the material of a period is about, each counted once."""
    given = Disclosure.objects.provided_between(first, last).to_agencies().filter(record_class=record_class)
    known = given.filter(disclosed__value_digest__isnull=False)
    return known.aggregate(people=Count("disclosed__subject_id", distinct=True))["people"] or 0
