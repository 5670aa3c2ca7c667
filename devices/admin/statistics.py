"""The statistics page: charts with their tables, and the same figures as a file."""

import csv
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _

from devices import figures
from devices.models import DailyFigure
from devices.tallies import SMALL
from privacy.lib import charts, clock
from privacy.lib.admin import ReadOnlyAdmin

PERIODS = (7, 30, 90)


@admin.register(DailyFigure)
class DailyFigureAdmin(ReadOnlyAdmin):
    """One page instead of a list: nobody reads figures row by row."""

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if not self.has_view_permission(request):
            return super().changelist_view(request, extra_context)
        days = next((period for period in PERIODS if request.GET.get("days") == str(period)), 30)
        found = figures.series(clock.today(), days=days)
        if request.GET.get("format") == "csv":
            return _file(found)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Statistics"),
            "opts": self.opts,
            "days": days,
            "periods": PERIODS,
            "threshold": SMALL,
            "series": [
                (one, charts.bars(one.points, label=one.name), zip(one.days, one.numbers, strict=True)) for one in found
            ],
        }
        return TemplateResponse(request, "devices/office/statistics.html", context)


def _file(found: Any) -> HttpResponse:
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="statistics.csv"'
    response.write("\ufeff")
    writer = csv.writer(response)
    writer.writerow(["day", "kind", "count"])
    for one in found:
        for day, number in zip(one.days, one.numbers, strict=True):
            writer.writerow([day.isoformat(), one.cell, "" if number is None else number])
    return response
