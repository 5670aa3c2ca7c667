"""The officer's console: Django's admin as a site of our own, grouped by work, with a dashboard."""

from typing import Any
from uuid import UUID

from django.contrib.admin import AdminSite
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from config import dashboard, first_steps, list_views, long_work, navigation, register_exports, search
from config.dossier import console_page
from privacy.accounts.models import User
from privacy.lib.dates import clock
from privacy.lib.http import step_up_authentication
from privacy.policies import penalties as provisions

OWN_PACKAGES = {"privacy", "consents", "devices"}


class OfficeSite(AdminSite):
    """The console at /office/: what needs somebody today, and every register behind it."""

    site_header = _("Privacy office")
    site_title = _("Privacy office")
    index_title = _("Today")
    site_url = None
    empty_value_display = "–"

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Take our own registers only. Other packages bring theirs along: django-q2's lists unpickle what they show
        (security.md, fact 3), auditlog's shows what the trail shows, and roles are a table in the code, not rows.
        """
        models = [model_or_iterable] if isinstance(model_or_iterable, type) else model_or_iterable
        if admin_class is not None and admin_class.__module__.split(".")[0] not in OWN_PACKAGES:
            return
        ours = [model for model in models if model.__module__.split(".")[0] in OWN_PACKAGES]
        if ours:
            super().register(ours, admin_class, **options)

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Group the registers by work; the page of one app keeps Django's own list."""
        return super().get_app_list(request, app_label) if app_label else navigation.groups_for(self, request)

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """Add the pages of registers as files; without Django's way to any record by the number of its type."""
        theirs = [each for each in super().get_urls() if getattr(each, "name", "") != "view_on_site"]
        return [
            path("all/", self.admin_view(self.all_registers), name="all-registers"),
            path("first-steps/", self.admin_view(self.first_steps), name="first-steps"),
            path("long-work/", self.admin_view(self.long_work), name="long-work"),
            path("penalties/", self.admin_view(self.penalties), name="penalties"),
            path("search/", self.admin_view(self.search), name="search"),
            path("registers/", self.admin_view(self.registers), name="registers"),
            path("dossier/", self.admin_view(self.dossier), name="dossier"),
            path("registers/<slug:code>/", self.admin_view(self.one_register), name="register"),
            path("lists/<slug:app>/<slug:model>/save/", self.admin_view(self.save_view), name="save-view"),
            path("lists/<slug:app>/<slug:model>/file/", self.admin_view(self.list_file), name="list-file"),
            path("lists/<uuid:view_id>/remove/", self.admin_view(self.remove_view), name="remove-view"),
            *theirs,
        ]

    def save_view(self, request: HttpRequest, app: str, model: str) -> HttpResponse:
        """Keep a list as it is narrowed under a name."""
        return list_views.save_page(self, request, app, model, at=clock.now())

    def list_file(self, request: HttpRequest, app: str, model: str) -> HttpResponse:
        """Send a list as it is narrowed, to somebody who has confirmed who they are lately."""
        step_up_authentication.require(request)
        return list_views.file_page(self, request, app, model, at=clock.now())

    @method_decorator(require_POST)
    def remove_view(self, request: HttpRequest, view_id: UUID) -> HttpResponse:
        """Take one's own view away."""
        return list_views.remove(self, request, view_id, at=clock.now())

    def all_registers(self, request: HttpRequest) -> HttpResponse:
        """List every register that this person may open, by job."""
        context = {**self.each_context(request), "title": _("All registers"), "app_list": self.get_app_list(request)}
        return TemplateResponse(request, "admin/all_registers.html", context)

    def first_steps(self, request: HttpRequest) -> HttpResponse:
        """Show who keeps the office's accounts what a new office needs, and what of it is missing."""
        if not request.user.has_perm("accounts.keep_accounts"):
            raise PermissionDenied
        steps = first_steps.steps_now(clock.now())
        done = sum(is_done for _step, is_done in steps)
        context = {**self.each_context(request), "title": _("First steps"), "steps": steps, "done": done}
        return TemplateResponse(request, "admin/first_steps.html", context)

    def long_work(self, request: HttpRequest) -> HttpResponse:
        """Show the work that takes long: what runs, what waits, and what came of it."""
        assert isinstance(request.user, User)
        at = clock.now()
        page = long_work.build_page(request.user, at)
        context = {**self.each_context(request), "title": _("Long work"), "page": page, "at": at}
        return TemplateResponse(request, "admin/long_work.html", context)

    def penalties(self, request: HttpRequest) -> HttpResponse:
        """Tell what a breach of the law may cost, by the provisions of today."""
        on = clock.today()
        context = {
            **self.each_context(request),
            "title": _("What a breach may cost"),
            "penalties": provisions.penalties(on),
            "announced": provisions.announced_penalties(on),
        }
        return TemplateResponse(request, "admin/penalties.html", context)

    def search(self, request: HttpRequest) -> HttpResponse:
        """Find records by their reference, people of the office and recipients by name, registers and help."""
        asked = request.GET.get("q", "").replace("\x00", "").strip()[: search.LONGEST]
        found = search.find(self, request, asked) if asked else []
        if len(found) == 1 and found[0].is_exact:
            return HttpResponseRedirect(found[0].url)
        context = {**self.each_context(request), "title": _("Search"), "asked": asked, "found": search.by_kind(found)}
        return TemplateResponse(request, "admin/search.html", context)

    def registers(self, request: HttpRequest) -> HttpResponse:
        """List the registers that this person may take out as files."""
        return register_exports.register_list(self, request)

    def dossier(self, request: HttpRequest) -> HttpResponse:
        """Send a dossier for an inspector, to somebody who has confirmed who they are lately."""
        step_up_authentication.require(request)
        return console_page.dossier_page(self, request, on=clock.today(), at=clock.now())

    def one_register(self, request: HttpRequest, code: str) -> HttpResponse:
        """Send a register of a period as a file, to somebody who has confirmed who they are lately."""
        step_up_authentication.require(request)
        return register_exports.register_page(self, request, code, on=clock.today(), at=clock.now())

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """Show the dashboard."""
        board = dashboard.build_dashboard(self, request, on=clock.today(), at=clock.now())
        return super().index(request, {**(extra_context or {}), "board": board})

    @method_decorator(never_cache)
    @login_not_required
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Send people to the one sign-in page; whoever is signed in and still comes here may not enter."""
        if self.has_permission(request):
            return HttpResponseRedirect(reverse("admin:index", current_app=self.name))
        if request.user.is_authenticated:
            raise PermissionDenied
        return redirect_to_login(request.GET.get("next") or reverse("admin:index", current_app=self.name))

    def password_change(  # type: ignore[override]
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Everybody changes their password on the page of their sign-in."""
        return HttpResponseRedirect(reverse("account_change_password"))

    def password_change_done(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:  # type: ignore[override]
        """Nothing ends here; see ``password_change``."""
        return HttpResponseRedirect(reverse("mfa_index"))
