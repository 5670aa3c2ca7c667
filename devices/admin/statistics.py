"""The statistics page: charts with their tables, and the same figures as a file."""

import csv
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _

from devices import statistics
from devices.daily_counters import SUPPRESSION_THRESHOLD
from devices.models import DailyReportCount
from privacy.lib.console.read_only_admin import ReadOnlyAdmin
from privacy.lib.dates import clock
from privacy.lib.display import charts

PERIODS = (7, 30, 90)


@admin.register(DailyReportCount)
class DailyReportCountAdmin(ReadOnlyAdmin):
    """One page instead of a list: nobody reads figures row by row."""

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if not self.has_view_permission(request):
            return super().changelist_view(request, extra_context)
        days = next((period for period in PERIODS if request.GET.get("days") == str(period)), 30)
        found = statistics.daily_series(clock.today(), days=days)
        if request.GET.get("format") == "csv":
            return _spreadsheet(found)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Statistics"),
            "opts": self.opts,
            "days": days,
            "periods": PERIODS,
            "threshold": SUPPRESSION_THRESHOLD,
            "series": [
                (one, charts.grouped_bar_chart(one.points, label=one.name), zip(one.days, one.numbers, strict=True))
                for one in found
            ],
        }
        return TemplateResponse(request, "devices/office/statistics.html", context)


def _spreadsheet(found: Any) -> HttpResponse:
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="statistics.csv"'
    response.write("\ufeff")
    writer = csv.writer(response)
    writer.writerow(["day", "kind", "count"])
    for one in found:
        for day, number in zip(one.days, one.numbers, strict=True):
            writer.writerow([day.isoformat(), one.cell, "" if number is None else number])
    return response
