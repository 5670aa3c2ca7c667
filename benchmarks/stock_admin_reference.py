"""The reference that ``console.py`` measures against: Django's admin as it comes. A WSGI application.

A plain ``ModelAdmin`` of the devices with its two counts and its search, and statistics as one usually writes them: by
counting the reports when somebody looks.
"""

# ruff: noqa: E402 - the settings stand before Django is set up
import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from django.conf import settings

# The stock pages and middleware, not ours.
settings.TEMPLATES[0]["DIRS"] = []
settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if name.startswith(("django.", "allauth."))]
settings.ROOT_URLCONF = __name__

import django

django.setup()

from datetime import timedelta
from typing import Any

from django.contrib.admin import AdminSite, ModelAdmin
from django.core.wsgi import get_wsgi_application
from django.db.models import Count
from django.db.models.functions import TruncDate
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path

from devices.models import Device, Report
from privacy.lib.dates import clock


class StockDevices(ModelAdmin[Device]):
    list_display = ("reference", "gateway_id", "registered_at", "updated_at", "service_ended_on")
    search_fields = ("reference",)


def statistics(request: HttpRequest) -> HttpResponse:
    """Count the reports of a period by day and kind."""
    since = clock.now() - timedelta(days=int(request.GET.get("days", "30")))
    counted: Any = Report.objects.filter(occurred_at__gte=since).annotate(day=TruncDate("occurred_at"))
    rows = counted.order_by().values("day", "kind").annotate(number=Count("id"))
    return JsonResponse({f"{row['day']} {row['kind']}": row["number"] for row in rows})


site = AdminSite(name="admin")
site.register(Device, StockDevices)
urlpatterns = [path("office/statistics/", statistics), path("office/", site.urls)]
application = get_wsgi_application()
