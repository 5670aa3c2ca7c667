"""What each webhook was sent, and what it did not take: sent again or discarded by a person."""

from collections.abc import Collection
from functools import partial

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from privacy.accounts.actors import actor_of
from privacy.accounts.admin.console_buttons import Page, pressed
from privacy.lib.console.confirm_action import confirm_action
from privacy.lib.console.read_only_admin import CHANGE_FORM_ONLY, ReadOnlyAdmin, button, run_action
from privacy.lib.dates import clock
from privacy.lib.display.badges import badge, datetime_text
from privacy.office_api import actions as office_api
from privacy.office_api.actions.outgoing_events import ENDED, KEEP
from privacy.office_api.admin.webhooks import DiscardForm
from privacy.office_api.event_kinds import Kind
from privacy.office_api.models import EventDelivery
from privacy.systems.states import trouble_text

State = EventDelivery.State
SHAPES = {State.WAITING: "wait", State.TAKEN: "good", State.DEAD: "alarm", State.DISCARDED: "no"}


@admin.register(EventDelivery)
class EventDeliveryAdmin(ReadOnlyAdmin):
    explanation = _(
        "What each webhook was sent. An event that its address did not accept for three days waits here for you: send "
        "it again, or discard it with a reason."
    )
    empty_hint = _("Nothing was sent yet.")
    list_display = ("kind_shown", "state_shown", "about", "webhook_shown", "trouble_shown", "tries", "queued_at")
    list_select_related = ("subscription", "event")
    list_filter = ("state", "subscription")
    fields = (
        "webhook_shown", ("kind_shown", "about"), ("happened", "event_id_shown"), "state_shown",
        ("queued_at", "round"), ("tries", "trouble_shown"), ("failed_at", "ended_at"), ("settler", "reason_shown"),
    )  # fmt: skip
    readonly_fields = (
        "webhook_shown", "kind_shown", "happened", "event_id_shown", "state_shown", "trouble_shown", "settler",
        "reason_shown",
    )  # fmt: skip
    actions = ("send_again", "discard")

    def buttons_for(self, record: EventDelivery) -> Collection[str]:
        return ("send_again", "discard") if record.state == State.DEAD else ()

    @admin.display(description=pgettext_lazy("event delivery", "event"), ordering="event__kind")
    def kind_shown(self, row: EventDelivery) -> str:
        return str(Kind(row.event.kind).label)

    @admin.display(description=_("webhook"), ordering="subscription")
    def webhook_shown(self, row: EventDelivery) -> str:
        return str(row.subscription)

    @admin.display(description=_("event id"))
    def event_id_shown(self, row: EventDelivery) -> str:
        return str(row.event.event_id)

    @admin.display(description=_("time of the event"))
    def happened(self, row: EventDelivery) -> str:
        return datetime_text(row.event.at)

    @admin.display(description=_("state"), ordering="state")
    def state_shown(self, row: EventDelivery) -> SafeString:
        return badge(row.get_state_display(), SHAPES[State(row.state)])

    @admin.display(description=_("last trouble"))
    def trouble_shown(self, row: EventDelivery) -> str:
        return str(trouble_text(row.trouble)) if row.trouble else "–"

    @admin.display(description=_("settled by"))
    def settler(self, row: EventDelivery) -> str:
        return self.account_name(row.settled_by) if row.settled_by else "–"

    @admin.display(description=_("reason"))
    def reason_shown(self, row: EventDelivery) -> str:
        return str(_("the webhook was ended")) if row.reason == ENDED else row.reason or "–"

    @button(description=_("Send again"), permission=KEEP, step_up=True)
    def send_again(self, request: HttpRequest, queryset: QuerySet[EventDelivery]) -> Page:
        answers = confirm_action(
            self, request, queryset, title=_("Send again"), verb=_("Send again"),
            consequences=[_("Later events about the same subject wait until it is accepted.")],
        )  # fmt: skip
        if isinstance(answers, HttpResponse):
            return answers
        for row in queryset.order_by("number"):
            verb = partial(office_api.send_again, row, actor=actor_of(request), at=clock.now())
            run_action(self, request, verb, _("It is being sent again now."), record=row)
        return None

    @button(description=_("Discard"), permission=KEEP, locations=CHANGE_FORM_ONLY, step_up=True)
    def discard(self, request: HttpRequest, queryset: QuerySet[EventDelivery]) -> Page:
        return pressed(
            self, request, queryset, office_api.discard, form_class=DiscardForm, title=_("Discard the event"),
            consequences=[_("We never tell this program about it.")], success=_("Discarded."), dangerous=True,
        )  # fmt: skip
