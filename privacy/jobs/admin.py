from functools import partial
from typing import cast

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from privacy.jobs import actions as jobs
from privacy.jobs.models import GeneralOutbox, Heartbeat, OutboxBase, PersonalOutbox
from privacy.ledger.actors import Actor
from privacy.lib.console.read_only_admin import ReadOnlyAdmin, button, run_action
from privacy.lib.dates import clock


@admin.register(GeneralOutbox, PersonalOutbox)
class OutboxAdmin(ReadOnlyAdmin):
    list_display = ("kind", "created_at", "not_before", "starts", "failures", "last_error", "done_at", "parked_at")
    list_filter = ("kind", ("parked_at", admin.EmptyFieldListFilter), ("done_at", admin.EmptyFieldListFilter))
    actions = ("retry",)
    exclude = ("shard", "lease_until", "destination", "failing_since")

    @button(description=_("Try again"), permission="jobs.retry_delivery")
    def retry(self, request: HttpRequest, queryset: QuerySet[OutboxBase]) -> None:
        for delivery in queryset:
            verb = partial(jobs.retry, delivery=delivery, actor=cast(Actor, request.user), at=clock.now())
            run_action(self, request, verb, _("The worker will try it again."))


@admin.register(Heartbeat)
class HeartbeatAdmin(ReadOnlyAdmin):
    list_display = ("program", "at")
    fields = ("program", "at")
    readonly_fields = ("program",)

    @admin.display(description=_("program"), ordering="name")
    def program(self, beat: Heartbeat) -> str:
        return beat.name
