"""What withdrawals destroy, and when: officers stop it here during the wait."""

from functools import partial

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from consents import actions as consents
from consents import destruction_status
from consents.actions.withdrawal import STOP
from consents.destruction_status import Status
from consents.models import PlannedDestruction
from privacy.accounts.actors import actor_of
from privacy.lib.console.confirm_action import confirm_action
from privacy.lib.console.keyset_pagination import KeysetAdmin
from privacy.lib.console.read_only_admin import CHANGE_FORM_ONLY, button, run_action
from privacy.lib.dates import clock
from privacy.lib.display.badges import state_badge
from privacy.subjects.models import Subject

BADGES = {"stopped": "held", "under-way": "running", "partly": "held", "agreed-again": "agreed"}
State = PlannedDestruction.State
# What becomes of the data where that is none of the plan's own states.
LABELS = {Status.HELD: _("on hold"), Status.PARTLY: _("destroyed in part, the rest on hold")}


@admin.register(PlannedDestruction)
class PlannedDestructionAdmin(KeysetAdmin):
    explanation = _(
        "A withdrawal stops the processing at once; the data is destroyed after a waiting "
        "period. Until then an officer or the data subject can stop the destruction. The "
        "withdrawal remains in effect."
    )
    empty_hint = _("Destructions appear here when someone withdraws a consent to collection.")
    keyset = ("due_at", "id")
    list_display = ("decision", "agreement", "state_shown", "due_at", "stopped_by")
    list_filter = ("state",)
    list_select_related = ("decision__agreement", "decision__version")
    fields = (
        "decision", "person", "agreement", "state_now", "due_at", "stopped_at", "stopped_by_kind", "stopped_by",
        "ended_at",
    )  # fmt: skip
    readonly_fields = fields
    actions = ("stop", "go_on")

    @admin.display(description=_("agreement"))
    def agreement(self, plan: PlannedDestruction) -> str:
        return plan.decision.version.title

    @admin.display(description=_("data subject"))
    def person(self, plan: PlannedDestruction) -> str:
        return Subject.objects.values_list("reference", flat=True).filter(pk=plan.subject_id).first() or "–"

    @admin.display(description=_("state"))
    def state_shown(self, plan: PlannedDestruction) -> SafeString:
        return state_badge(BADGES.get(plan.state, plan.state), plan.get_state_display())

    @admin.display(description=_("state"))
    def state_now(self, plan: PlannedDestruction) -> SafeString:
        """What becomes of the data now: a hold, a case or the end of its retention may say otherwise than the plan."""
        now = destruction_status.status(plan, at=clock.now())
        return state_badge(BADGES.get(now, now), LABELS.get(now) or State(now).label)

    @button(description=_("Stop the destruction"), permission=STOP, locations=CHANGE_FORM_ONLY)
    def stop(self, request: HttpRequest, queryset: QuerySet[PlannedDestruction]) -> HttpResponse | None:
        for plan in queryset:
            verb = partial(consents.stop_destruction, plan, actor=actor_of(request), at=clock.now())
            run_action(self, request, verb, _("The destruction has been stopped. The withdrawal remains in effect."))
        return None

    @button(description=_("Continue the destruction"), permission=STOP, locations=CHANGE_FORM_ONLY, step_up=True)
    def go_on(self, request: HttpRequest, queryset: QuerySet[PlannedDestruction]) -> HttpResponse | None:
        answers = confirm_action(
            self,
            request,
            queryset,
            title=_("Continue the destruction"),
            verb=_("Continue"),
            consequences=[_("The waiting period starts again. When it ends, the data is permanently destroyed.")],
            dangerous=True,
        )
        if isinstance(answers, HttpResponse):
            return answers
        for plan in queryset:
            verb = partial(consents.continue_destruction, plan, actor=actor_of(request), at=clock.now())
            run_action(self, request, verb, _("The destruction continues after the waiting period."))
        return None
