"""The officer's calendar: everything with a date from every register, and one's own feed."""

from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as now_
from django.utils.translation import gettext_lazy as _

from privacy.accounts.actors import actor_of
from privacy.lib.console.read_only_admin import ReadOnlyAdmin, run_action
from privacy.lib.dates import clock
from privacy.lib.dates.form_fields import EARLIEST
from privacy.lib.display.badges import due_badge
from privacy.lib.registries import deadlines
from privacy.safeguards import actions as safeguards
from privacy.safeguards.models import Calendar

# How far ahead the page looks; what is overdue always stands on it.
PERIODS = {"7": _("7 days"), "30": _("30 days"), "90": _("90 days"), "366": _("a year")}
DEFAULT = "30"


@admin.register(Calendar)
class CalendarAdmin(ReadOnlyAdmin):
    explanation = _("Everything with a date, from every register that you can see. Overdue items come first.")

    def get_urls(self) -> list[URLPattern]:
        return [
            path("address/", self.page(self.address), name="safeguards_calendar_address"),
            path("address/revoke/", self.page(self.revoke), name="safeguards_calendar_revoke"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show the calendar itself; the addresses behind it are nobody's business."""
        user, today = actor_of(request), clock.today()
        span = request.GET.get("span", DEFAULT)
        span = span if span in PERIODS else DEFAULT
        sources = deadlines.sources(user.may)
        chosen = set(request.GET.getlist("of")) & {source.name for source in sources}
        found = deadlines.deadlines_between(
            EARLIEST, today + timedelta(days=int(span)), on=today, may=user.may, names=chosen or None
        )
        context = {
            **self.admin_site.each_context(request),
            **(extra_context or {}),
            "title": self.opts.verbose_name_plural,
            "opts": self.opts,
            "explanation": self.explanation,
            "overdue": [_row(line, today) for line in found if line.dated.on < today],
            "coming": [_row(line, today) for line in found if line.dated.on >= today],
            "spans": [(code, label, code == span) for code, label in PERIODS.items()],
            "kinds": [(source.name, str(source.title).rstrip(":"), source.name in chosen) for source in sources],
            "own": Calendar.objects.filter(user=user, revoked_at=None).first(),
        }
        return TemplateResponse(request, "admin/safeguards/calendar/calendar.html", context)

    def address(self, request: HttpRequest) -> HttpResponse:
        """Make a new address for one's own feed and show it this once."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        language = (get_language() or "ko")[:2]
        made = safeguards.create_calendar_feed(language=language, actor=actor_of(request), at=clock.now())
        context = {
            **self.admin_site.each_context(request),
            "title": _("Address of your calendar"),
            "opts": self.opts,
            "address": settings.PORTAL_URL + reverse("safeguards:calendar", args=[made.token]),
        }
        return TemplateResponse(request, "admin/safeguards/calendar/address.html", context)

    def revoke(self, request: HttpRequest) -> HttpResponse:
        """Close one's own feed."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        run_action(
            self,
            request,
            lambda: safeguards.revoke_calendar_feed(actor=actor_of(request), at=clock.now()),
            now_("The address no longer works."),
            level=messages.SUCCESS,
        )
        return HttpResponseRedirect(reverse("admin:safeguards_calendar_changelist"))


def _row(line: deadlines.SourcedDeadline, today: date) -> dict[str, Any]:
    return {"line": line, "kind": str(line.source.title).rstrip(":"), "due": due_badge(line.dated.on, today)}
