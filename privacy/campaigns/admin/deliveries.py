"""Deliveries of notices in the console: what became of each person, and who wants no yearly notice."""

from functools import partial
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as now_
from django.utils.translation import gettext_lazy as _

from privacy.accounts.actors import actor_of
from privacy.campaigns import actions as campaigns
from privacy.campaigns import recipients
from privacy.campaigns.actions.letter_batches import RECORD
from privacy.campaigns.admin.forms import OfflineNoticeForm
from privacy.campaigns.lateness import ended_by_its_day
from privacy.campaigns.models import (
    ADDRESS_DISPUTED,
    LETTER_RETURNED,
    NO_REPORT,
    NOT_DELIVERED,
    NOT_SHOWN,
    PREFERS_LETTER,
    TEXT_ALTERED,
    Delivery,
    UseNoticeRefusal,
)
from privacy.ledger.read_recording import RecordReadsMixin
from privacy.lib.console.admin_add import add_record
from privacy.lib.console.confirm_action import confirm_action
from privacy.lib.console.keyset_pagination import KeysetAdmin
from privacy.lib.console.read_only_admin import CHANGE_FORM_ONLY, ReadOnlyAdmin, button, run_action
from privacy.lib.dates import clock
from privacy.lib.dates.form_fields import BoundedDateField
from privacy.lib.display.badges import state_badge
from privacy.subjects.references import with_references
from privacy.vault.purposes import Purpose

TROUBLES = {
    LETTER_RETURNED: _("The letter came back."),
    NOT_SHOWN: _("The device did not show the message in time."),
    PREFERS_LETTER: _("They prefer letters."),
}


@admin.register(Delivery)
class DeliveryAdmin(RecordReadsMixin, KeysetAdmin):
    explanation = _("One row for each person and notice, with proof that the person was notified.")
    empty_hint = _("Deliveries appear here when an individual notice starts.")
    read_purpose = Purpose.LEGAL_DUTY
    keyset = ("id",)
    list_display = (
        "subject_id", "campaign", "state_shown", "language", "means_shown", "settled_at", "message_id", "trouble_shown",
    )  # fmt: skip
    list_filter = ("state", "campaign")
    list_select_related = ("campaign",)
    fields = (
        "campaign", ("person_shown", "subject_id"), ("state_shown", "language"),
        ("settled_at", "settled_by", "means_shown"), "message_id", ("batch", "batch_place"), "trouble_shown",
    )  # fmt: skip
    readonly_fields = ("person_shown", "state_shown", "means_shown", "trouble_shown")
    actions = ("record_telling",)

    @admin.display(description=_("person"))
    def person_shown(self, delivery: Delivery) -> str:
        """By the reference that people use: a data subject, a case, a complaint, an employee."""
        return recipients.references([delivery.subject_id]).get(delivery.subject_id, "–")

    @admin.display(description=_("state"), ordering="state")
    def state_shown(self, delivery: Delivery) -> SafeString:
        if delivery.state != Delivery.State.STOPPED:
            return state_badge(delivery.state, delivery.get_state_display())
        by_its_day = ended_by_its_day(delivery.campaign)
        late, stopped = _("not notified: the planned day had come"), _("not notified: the notice was stopped")
        return state_badge(delivery.state, late if by_its_day else stopped)

    @admin.display(description=_("notification method"), ordering="way")
    def means_shown(self, delivery: Delivery) -> str:
        return delivery.means or "–"

    @admin.display(description=_("last error"))
    def trouble_shown(self, delivery: Delivery) -> SafeString | str:
        """What kept it from being sent: in words what the portal itself found, an error by its kind."""
        if delivery.trouble == ADDRESS_DISPUTED:
            return now_("The address is disputed: a correction of it has not been decided yet.")
        if delivery.trouble in TROUBLES:
            return str(TROUBLES[delivery.trouble])
        if delivery.trouble == TEXT_ALTERED:
            return now_("The text of the notice was changed outside the portal, so it is not sent.")
        if delivery.trouble == f"{NOT_DELIVERED} {NO_REPORT}":
            return now_("The provider has not reported in three days whether the text message arrived.")
        if delivery.trouble.startswith(NOT_DELIVERED):
            code = delivery.trouble.removeprefix(NOT_DELIVERED).strip()
            return now_("The text message did not arrive (%(code)s).") % {"code": code}
        return format_html("<code>{}</code>", delivery.trouble) if delivery.trouble else "–"

    def buttons_for(self, record: Delivery) -> tuple[str, ...]:
        done = {Delivery.State.SENT, Delivery.State.TOLD, Delivery.State.REFUSED}
        is_stopped = record.state == Delivery.State.STOPPED and record.campaign.stopped_at is not None
        return () if record.state in done or is_stopped else ("record_telling",)

    @button(description=_("Record how people were notified"), permission=RECORD)
    def record_telling(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> HttpResponse | None:
        answers = confirm_action(
            self,
            request,
            queryset,
            title=_("Record how people were notified"),
            verb=_("Record"),
            consequences=[_("They now count as notified. This is recorded with your name.")],
            form_class=OfflineNoticeForm,
            initial={"on": clock.today()},
        )
        if isinstance(answers, TemplateResponse):
            return answers
        for delivery in queryset:
            verb = partial(
                campaigns.record_offline_notice, delivery, **answers, actor=actor_of(request), at=clock.now()
            )
            run_action(self, request, verb, _("Recorded."), record=delivery)
        return None


class RefusalForm(forms.Form):
    """Who wants no yearly notice."""

    person = forms.CharField(
        label=_("Data subject"), max_length=16, help_text=_("The person’s reference, from the list of data subjects.")
    )
    refused_on = BoundedDateField(label=_("Refused on"))
    how = forms.CharField(label=_("How it was refused"), max_length=200)


@admin.register(UseNoticeRefusal)
class UseNoticeRefusalAdmin(RecordReadsMixin, ReadOnlyAdmin):
    explanation = _(
        "People who don't want the yearly notice of use and provision. It is not sent to them until they want it again."
    )
    empty_hint = _("Nobody has refused the yearly notice.")
    read_purpose = Purpose.LEGAL_DUTY
    list_display = ("person_shown", "refused_on", "how", "withdrawn_on")
    list_filter = (("withdrawn_on", admin.EmptyFieldListFilter),)
    fields = (
        "person_shown", ("refused_on", "how"), ("recorded_by", "recorded_at"), ("withdrawn_on", "withdrawn_by"),
    )  # fmt: skip
    readonly_fields = ("person_shown",)
    actions = ("withdraw",)
    change_list_template = "admin/campaigns/usenoticerefusal/change_list.html"

    def get_urls(self) -> list[URLPattern]:
        page = self.page(self.new, needs=RECORD)
        return [path("new/", page, name="campaigns_usenoticerefusal_new"), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[UseNoticeRefusal]:
        return with_references(super().get_queryset(request))

    @admin.display(description=_("data subject"))
    def person_shown(self, row: Any) -> str:
        return str(row.person)

    def buttons_for(self, record: UseNoticeRefusal) -> tuple[str, ...]:
        return ("withdraw",) if record.withdrawn_on is None else ()

    def new(self, request: HttpRequest) -> HttpResponse:
        """Record a refusal that somebody declared."""
        form = RefusalForm(request.POST or None, initial={"refused_on": clock.today()})
        return add_record(
            self, request, form,
            lambda: campaigns.refuse_use_notice(**form.cleaned_data, actor=actor_of(request), at=clock.now()),
            title=_("Record a refusal"), verb=_("Record"),
            consequences=[
                _("The yearly notice is not sent to this person, nor one that is still waiting."),
                _(
                    "A refusal concerns one reference. If this person has others, even with the same address, "
                    "record one for each."
                ),
            ],
            success=_("The refusal has been recorded."),
        )  # fmt: skip

    @button(description=_("Withdraw the refusal"), permission=RECORD, locations=CHANGE_FORM_ONLY)
    def withdraw(self, request: HttpRequest, queryset: QuerySet[UseNoticeRefusal]) -> HttpResponse | None:
        answers = confirm_action(
            self, request, queryset, title=_("Withdraw the refusal"), verb=_("Withdraw the refusal"),
            consequences=[_("The person gets the yearly notice again, from the next one on.")],
        )  # fmt: skip
        if isinstance(answers, TemplateResponse):
            return answers
        verb = partial(campaigns.withdraw_refusal, queryset.get(), actor=actor_of(request), at=clock.now())
        run_action(self, request, verb, _("The refusal has been withdrawn."))
        return None
