"""Headers that Django doesn't set, and methods that pages don't take."""

import threading
from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import resolve
from django.utils import translation

from privacy.ledger import request_context
from privacy.ledger.middleware import is_in_networks, record_denial
from privacy.lib.http.machine_language import requested_language
from privacy.lib.http.machine_paths import CALLED_BY_PROGRAMS, MACHINE_PATHS

INTAKE_PATH = "/api/v1/reports"

# Forms below this size are small ones whose page could take a file.
SMALL_FORM = 64 * 2**10
BUSY_SECONDS = "20"
PERMISSIONS_POLICY = "camera=(), geolocation=(), microphone=(), payment=(), usb=(), interest-cohort=()"


class SecurityHeadersMiddleware:
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


class AllowedMethodsMiddleware:
    """Pages are read and forms are sent; every other method is for the APIs alone (ASVS 4.1.4, 13.4.4).

    An address with a NUL names nothing: no text of the database may hold one. Forms refuse it themselves, and so does
    the API.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path.startswith(MACHINE_PATHS):
            return self.get_response(request)
        if request.method not in ("GET", "HEAD", "POST"):
            return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
        if "\0" in request.path or "%00" in request.META.get("QUERY_STRING", ""):
            raise BadRequest("a NUL in the address")
        return self.get_response(request)


class OfficeNetworksMiddleware:
    """Open the console to the networks of ``OFFICE_NETWORKS`` alone; a try from elsewhere is on record (law S-16).

    Whoever is not signed in is asked to first, as everywhere: the console's addresses tell nothing.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_view: object) -> HttpResponse | None:
        acting = request_context.current()
        if not settings.OFFICE_NETWORKS or acting.door != "office":
            return None
        if is_in_networks(acting.address, settings.OFFICE_NETWORKS):
            return None
        return record_denial(request) or render(request, "403.html", {"elsewhere": True}, status=403)


class IntakeMiddleware:
    """Reports take the short way: what stands below is for people, their sessions, languages and pages.

    Everything above holds for them as for all others: headers, methods, the acting context, the gate after a restore.
    In the intake process nothing stands below, and all its answers are made here.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        is_report = request.path_info == INTAKE_PATH
        if not is_report and settings.PORTAL_PROCESS != "intake":
            return self.get_response(request)
        # What this thread answered before may have been in another language.
        translation.activate(requested_language(request))
        response: HttpResponse = resolve(INTAKE_PATH).func(request) if is_report else self.get_response(request)
        response.headers["Content-Language"] = translation.get_language()
        response.headers["Content-Length"] = str(len(response.content))
        return response


class MachineLanguageMiddleware:
    """Programs are answered in the language of their Accept-Language: their addresses have none, unlike pages."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info.startswith(CALLED_BY_PROGRAMS) and "HTTP_ACCEPT_LANGUAGE" in request.META:
            translation.activate(requested_language(request))
        return self.get_response(request)


class UploadsMiddleware:
    """Forms with files are read a few at a time, and no larger than a file may be: each is held in memory (SEC-42).

    It stands above everything that reads the body, and below what knows the language of the answer.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.places = threading.BoundedSemaphore(settings.UPLOADS_AT_ONCE)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        length = str(request.META.get("CONTENT_LENGTH") or "0")
        # What is no number is the view's to refuse: it reads no more than it is told of.
        size = int(length[:20]) if length.isascii() and length.isdecimal() else 0
        if request.content_type != "multipart/form-data" or size < SMALL_FORM:
            return self.get_response(request)
        if size > settings.FILE_UPLOAD_MAX_MEMORY_SIZE:
            return HttpResponse(render_to_string("413.html", request=request), status=413)
        if not self.places.acquire(blocking=False):
            page = render_to_string("503_busy.html", request=request)
            return HttpResponse(page, status=503, headers={"Retry-After": BUSY_SECONDS})
        try:
            return self.get_response(request)
        finally:
            self.places.release()
