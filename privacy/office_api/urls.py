"""``/api/office/v1/``: the door for the company's own programs. Open to the login middleware: a token is asked for."""

from django.urls import URLPattern, re_path

from devices.urls import SAFE_METHODS, machine_view, not_found
from privacy.office_api.api import api


def _exempt_from_login(pattern: URLPattern) -> URLPattern:
    pattern.callback = machine_view(pattern.callback, SAFE_METHODS if pattern.name == "openapi-json" else None)
    return pattern


app_name = "office-api"
urlpatterns = [
    *(
        _exempt_from_login(pattern)
        for pattern in api.urls[0]
        if isinstance(pattern, URLPattern) and pattern.name != "api-root"
    ),
    re_path(r"^[\s\S]*$", machine_view(not_found)),
]
