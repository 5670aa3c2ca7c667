"""Headers that Django doesn't set, and methods that pages don't take."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.urls import resolve
from django.utils import translation

INTAKE = "/api/v1/reports"

PERMISSIONS_POLICY = "camera=(), geolocation=(), microphone=(), payment=(), usb=(), interest-cohort=()"


class HeadersMiddleware:
    """Permissions-Policy and resource isolation on every answer; nothing private is kept by a cache (ASVS 14.3.2)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.headers.setdefault("Cache-Control", "no-store")
        # Also what is answered before Django's own middleware for it: files, refused methods, a closed gate.
        response.headers.setdefault("X-Frame-Options", settings.X_FRAME_OPTIONS)
        return response


class MethodsMiddleware:
    """Pages are read and forms are sent; every other method is for the API alone (ASVS 4.1.4, 13.4.4)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method not in ("GET", "HEAD", "POST") and not request.path.startswith("/api/"):
            return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
        return self.get_response(request)


class IntakeMiddleware:
    """Reports take the short way: what stands below is for people, their sessions, languages and pages.

    Everything above holds for them as for all others: headers, methods, the acting context, the gate after a restore.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info != INTAKE:
            return self.get_response(request)
        # Addresses without a language are Korean; what this thread answered before may not have been.
        translation.activate(settings.LANGUAGE_CODE)
        response: HttpResponse = resolve(INTAKE).func(request)
        response.headers["Content-Language"] = translation.get_language()
        response.headers["Content-Length"] = str(len(response.content))
        return response
