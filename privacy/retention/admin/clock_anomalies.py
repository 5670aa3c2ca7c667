"""Clock anomalies in the console: nothing is destroyed until an officer confirms that it is right (FLT-06)."""

from collections.abc import Collection
from functools import partial

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from privacy.accounts.actors import actor_of
from privacy.lib.console.read_only_admin import ReadOnlyAdmin, button, run_action
from privacy.lib.dates import clock
from privacy.retention import actions as retention
from privacy.retention.models import ClockDoubt
from privacy.retention.schedule.clock_reading import read_clock


@admin.register(ClockDoubt)
class ClockDoubtAdmin(ReadOnlyAdmin):
    explanation = _(
        "The clock jumped forward by more than six hours, or went back. Nothing is destroyed until someone confirms "
        "the time."
    )
    empty_hint = _("No clock anomaly has been detected.")
    list_display = ("expected_at", "read_at", "seen_at", "settled_by", "settled_at")
    actions = ("confirm",)

    def buttons_for(self, record: ClockDoubt) -> Collection[str]:
        return () if record.settled_at else ("confirm",)

    @button(description=_("The clock is right"), permission="retention.confirm_clock")
    def confirm(self, request: HttpRequest, queryset: QuerySet[ClockDoubt]) -> None:
        at = clock.now()
        for doubt in queryset:
            run_action(
                self,
                request,
                partial(retention.confirm_clock, doubt, reading=read_clock(at), actor=actor_of(request), at=at),
                _("Confirmed: destruction continues."),
            )
