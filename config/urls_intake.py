"""What the intake process answers: health and ``/api/v1/``, the door of device gateways; nothing else."""

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, include, path

from config import health, views
from devices.urls import not_found

# for the supervisor and the load balancer
HEALTH: list[URLPattern | URLResolver] = [
    path("livez", health.livez, name="livez"),
    path("readyz", health.readyz, name="readyz"),
]
# /api/v1/: device gateways
MACHINES: list[URLPattern | URLResolver] = [path("api/v1/", include("devices.urls"))]

urlpatterns = [*HEALTH, *MACHINES]
handler500 = views.server_error_page


def handler404(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a machine: the page for people links to pages that are not here."""
    return not_found(request)
