"""Webhooks in the console: requested and approved by two people, with their secret, and what each was sent."""

from collections.abc import Collection
from datetime import timedelta
from functools import partial
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from privacy.accounts.actors import actor_of
from privacy.accounts.admin.console_buttons import Page, pressed
from privacy.lib.console.confirm_action import confirm_action
from privacy.lib.console.read_only_admin import CHANGE_FORM_ONLY, ReadOnlyAdmin, button, run_action
from privacy.lib.console.second_person_step import SecondPersonStep
from privacy.lib.dates import clock
from privacy.lib.dates.form_fields import BoundedDateField
from privacy.lib.display.badges import badge
from privacy.lib.http import step_up_authentication
from privacy.office_api import actions as office_api
from privacy.office_api.actions.outgoing_events import KEEP, KEPT
from privacy.office_api.event_kinds import Kind
from privacy.office_api.models import EventDelivery, Subscription

DAY = timedelta(days=1)


class WebhookForm(forms.Form):
    """Which program is told of what, and where."""

    title = forms.CharField(
        label=pgettext_lazy("webhook", "Used by"), max_length=100, help_text=_("The program, such as “helpdesk”.")
    )
    address = forms.CharField(
        label=_("Address"), max_length=300,
        help_text=_("https://host/path. Neither it nor the events can be changed later."),
    )  # fmt: skip
    kinds = forms.MultipleChoiceField(
        label=pgettext_lazy("webhook", "Events"), choices=Kind.choices, widget=forms.CheckboxSelectMultiple,
        help_text=_("Choose as little as the program needs."),
    )  # fmt: skip
    reason = forms.CharField(
        label=_("Reason"), max_length=300, help_text=_("Who gave you the address, and how. No names of people.")
    )


class PeriodForm(forms.Form):
    """Which days are sent once more; both count."""

    first = BoundedDateField(label=_("First day"))
    last = BoundedDateField(label=_("Last day"))

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if not self.errors:
            first, last = given.pop("first"), given.pop("last")
            if last < first:
                self.add_error("last", _("The period ends before it begins."))
            given["begins"], given["ends"] = clock.midnight(first), clock.midnight(last + DAY)
        return given


class DiscardForm(forms.Form):
    """Why an event is not sent any more."""

    reason = forms.CharField(label=_("Reason"), max_length=300)


@admin.register(Subscription)
class SubscriptionAdmin(ReadOnlyAdmin):
    explanation = _(
        "Programs of the company that are told of events: numbers, states and times, no contents. An address is used "
        "once a second person approves it. An address that accepts nothing for three days is suspended."
    )
    empty_hint = _("No program is told of anything yet.")
    list_display = ("title", "state_shown", "reference", "host_shown", "asked_at")
    list_filter = (("failing_since", admin.EmptyFieldListFilter), ("ended_at", admin.EmptyFieldListFilter))
    fields = (
        ("title", "reference"), "address", "kinds_shown", "reason", "state_shown", ("waiting_shown", "dead_shown"),
        ("secret_generation", "old_secret_until"), ("failing_since", "suspended_at"), ("asker", "asked_at"),
        ("approver", "approved_at"), ("refuser", "refused_at"), ("ender", "ended_at"),
    )  # fmt: skip
    readonly_fields = (
        "kinds_shown", "state_shown", "waiting_shown", "dead_shown", "asker", "approver", "refuser", "ender",
    )  # fmt: skip
    actions = ("approve", "refuse", "resume", "show_secret", "renew_secret", "end_old_secret", "replay", "end")
    second_person = SecondPersonStep(
        KEEP, lambda record: record.waits,
        rows={"approved_at__isnull": True, "refused_at__isnull": True, "ended_at__isnull": True},
    )  # fmt: skip
    change_list_template = "admin/safeguards/change_list.html"

    def get_urls(self) -> list[URLPattern]:
        view = self.page(self.request_webhook, needs=KEEP)
        return [path("new/", view, name="office_api_subscription_new"), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Offer the page for a new webhook to those who may."""
        new = (reverse("admin:office_api_subscription_new"), _("Request a webhook"))
        tools = [new] if actor_of(request).may(KEEP) else []
        return super().changelist_view(request, {**(extra_context or {}), "tools": tools})

    def request_webhook(self, request: HttpRequest) -> HttpResponse:
        """Request that a program be told of events."""
        step_up_authentication.require(request)
        answers = confirm_action(
            self, request, Subscription.objects.none(), title=_("Request a webhook"),
            verb=pgettext_lazy("webhook", "Request"), form_class=WebhookForm,
            consequences=[
                _("Another person approves it. Until then nothing is sent."),
                _("Events hold no contents: the program opens the case through the API, which is on record."),
            ],
        )  # fmt: skip
        if isinstance(answers, TemplateResponse):
            return answers
        verb = partial(office_api.ask_webhook, actor=actor_of(request), at=clock.now(), **answers)
        run_action(self, request, verb, _("Another person must approve it now."))
        return HttpResponseRedirect(reverse("admin:office_api_subscription_changelist"))

    def buttons_for(self, record: Subscription) -> Collection[str]:
        if record.waits:
            return ("approve", "refuse")
        if not record.stands:
            return ()
        offered = ["resume"] if record.suspended_at else ["replay"]
        if record.old_secret_until and record.old_secret_until > clock.now():
            offered.append("end_old_secret")
        return [*offered, "show_secret", "renew_secret", "end"]

    @admin.display(description=_("host"))
    def host_shown(self, row: Subscription) -> str:
        return row.address.partition("://")[2].partition("/")[0]

    @admin.display(description=pgettext_lazy("webhook", "events"))
    def kinds_shown(self, row: Subscription) -> str:
        return ", ".join(str(Kind(kind).label) for kind in Kind.values if kind in row.kinds)

    @admin.display(description=_("state"))
    def state_shown(self, row: Subscription) -> SafeString:
        if row.waits:
            return badge(_("waits for a second person"), "wait")
        if row.refused_at:
            return badge(_("refused"), "no")
        if row.ended_at:
            return badge(pgettext_lazy("webhook", "ended"), "done")
        if row.suspended_at:
            return badge(pgettext_lazy("webhook", "suspended"), "alarm")
        return badge(_("fails"), "late") if row.failing_since else badge(pgettext_lazy("webhook", "active"), "good")

    @admin.display(description=_("events waiting"))
    def waiting_shown(self, row: Subscription) -> int:
        return row.deliveries.filter(state=EventDelivery.State.WAITING).count()

    @admin.display(description=_("events not delivered"))
    def dead_shown(self, row: Subscription) -> int:
        return row.deliveries.filter(state=EventDelivery.State.DEAD).count()

    @admin.display(description=_("requested by"))
    def asker(self, row: Subscription) -> str:
        return self.account_name(row.asked_by)

    @admin.display(description=_("approved by"))
    def approver(self, row: Subscription) -> str:
        return self.account_name(row.approved_by) if row.approved_by else "–"

    @admin.display(description=_("refused by"))
    def refuser(self, row: Subscription) -> str:
        return self.account_name(row.refused_by) if row.refused_by else "–"

    @admin.display(description=_("ended by"))
    def ender(self, row: Subscription) -> str:
        return self.account_name(row.ended_by) if row.ended_by else "–"

    @button(description=_("Approve"), permission=KEEP, locations=CHANGE_FORM_ONLY, step_up=True)
    def approve(self, request: HttpRequest, queryset: QuerySet[Subscription]) -> Page:
        webhook = queryset.get()
        return pressed(
            self, request, queryset, office_api.approve_webhook, title=_("Approve the webhook"),
            consequences=[
                _("From now on %(address)s is told of: %(events)s.")
                % {"address": webhook.address, "events": self.kinds_shown(webhook)},
                _("The register names you as the second person."),
            ],
            success=_("Approved. Show the secret to whoever sets the program up."),
        )  # fmt: skip

    @button(description=_("Refuse"), permission=KEEP, locations=CHANGE_FORM_ONLY, step_up=True)
    def refuse(self, request: HttpRequest, queryset: QuerySet[Subscription]) -> Page:
        return pressed(
            self, request, queryset, office_api.refuse_webhook, title=_("Refuse the webhook"),
            consequences=[_("Nothing is sent to this address.")], success=_("Refused."),
        )  # fmt: skip

    @button(description=_("Resume"), permission=KEEP, locations=CHANGE_FORM_ONLY, step_up=True)
    def resume(self, request: HttpRequest, queryset: QuerySet[Subscription]) -> Page:
        return pressed(
            self, request, queryset, office_api.resume_webhook, title=_("Resume the webhook"),
            consequences=[
                _("The waiting events are sent now, in order."),
                _("Events that were given up are sent again one by one, in the list of deliveries."),
            ],
            success=_("Resumed."),
        )  # fmt: skip

    @button(description=_("Show the secret"), permission=KEEP, locations=CHANGE_FORM_ONLY, step_up=True)
    def show_secret(self, request: HttpRequest, queryset: QuerySet[Subscription]) -> Page:
        webhook = queryset.get()
        shown: list[str] = []
        verb = lambda: shown.append(  # noqa: E731
            office_api.show_webhook_secret(webhook, actor=actor_of(request), at=clock.now())
        )
        if not run_action(self, request, verb, _("The secret was shown, and this was recorded.")):
            return None
        context = {
            **self.admin_site.each_context(request),
            "title": _("Secret of the webhook"),
            "opts": self.opts,
            "record": webhook,
            "how": _("The program verifies our signatures with this secret. Hand it over in person."),
            "secret": shown[0],
        }
        return TemplateResponse(request, "admin/disclosures/once.html", context)

    @button(description=_("Renew the secret"), permission=KEEP, locations=CHANGE_FORM_ONLY, step_up=True)
    def renew_secret(self, request: HttpRequest, queryset: QuerySet[Subscription]) -> Page:
        return pressed(
            self, request, queryset, office_api.renew_webhook_secret, title=_("Renew the secret"),
            consequences=[_("Both secrets sign for 7 days. Enter the new one in the program within that time.")],
            success=_("Renewed. Show the new secret to whoever runs the program."),
        )  # fmt: skip

    @button(description=_("End the old secret"), permission=KEEP, locations=CHANGE_FORM_ONLY, step_up=True)
    def end_old_secret(self, request: HttpRequest, queryset: QuerySet[Subscription]) -> Page:
        return pressed(
            self, request, queryset, office_api.end_old_secret, title=_("End the old secret"),
            consequences=[_("The program refuses our calls until it has the new secret.")],
            success=_("Only the new secret signs now."), dangerous=True,
        )  # fmt: skip

    @button(description=_("Send a period again"), permission=KEEP, locations=CHANGE_FORM_ONLY, step_up=True)
    def replay(self, request: HttpRequest, queryset: QuerySet[Subscription]) -> Page:
        today = clock.today()
        return pressed(
            self, request, queryset, office_api.replay, form_class=PeriodForm, title=_("Send a period again"),
            initial={"first": today, "last": today},
            consequences=[
                _("Every event of these days is sent once more with its own id, by which the program recognises it."),
                _("Events are kept for %(days)d days.") % {"days": KEPT.days},
            ],
            success=_("The events of this period are being sent now."),
        )  # fmt: skip

    @button(description=pgettext_lazy("webhook", "End"), permission=KEEP, locations=CHANGE_FORM_ONLY, step_up=True)
    def end(self, request: HttpRequest, queryset: QuerySet[Subscription]) -> Page:
        return pressed(
            self, request, queryset, office_api.end_webhook, title=_("End the webhook"),
            consequences=[_(
                "Nothing more is sent to this address, not even what is already waiting."
            )], success=_("Ended."),
            dangerous=True,
        )  # fmt: skip
