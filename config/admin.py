"""The officer's console: Django's admin as a site of our own, grouped by work, with a dashboard."""

from typing import Any

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

from config import dashboard, navigation, register_exports
from privacy.lib.dates import clock
from privacy.lib.http import step_up_authentication

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
        apps = super().get_app_list(request, app_label)
        if app_label:
            return apps
        return navigation.grouped_app_list(apps, reverse("admin:index", current_app=self.name))

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """Add the pages of registers as files; without Django's way to any record by the number of its type."""
        theirs = [each for each in super().get_urls() if getattr(each, "name", "") != "view_on_site"]
        return [
            path("registers/", self.admin_view(self.registers), name="registers"),
            path("registers/<slug:code>/", self.admin_view(self.one_register), name="register"),
            *theirs,
        ]

    def registers(self, request: HttpRequest) -> HttpResponse:
        """List the registers that this person may take out as files."""
        return register_exports.register_list(self, request)

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
