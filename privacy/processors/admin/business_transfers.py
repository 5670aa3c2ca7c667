"""Transfers of the business in the console: recorded, told by another person's word, carried out."""

from collections.abc import Collection
from datetime import datetime
from functools import partial
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from privacy.accounts.actors import actor_of
from privacy.accounts.admin.console_buttons import Page, pressed
from privacy.campaigns import untold
from privacy.campaigns.shown_progress import shown_progress
from privacy.campaigns.untold import Untold
from privacy.lib.console.confirm_action import confirm_action
from privacy.lib.console.outgoing_texts import OutgoingText
from privacy.lib.console.read_only_admin import CHANGE_FORM_ONLY, button
from privacy.lib.console.second_person_step import SecondPersonStep
from privacy.lib.dates import clock
from privacy.lib.dates.form_fields import BoundedDateField
from privacy.lib.display.badges import badge, due_badge
from privacy.processors import actions as processors
from privacy.processors import business_transfer_text
from privacy.processors.actions.business_transfers import TRANSFER
from privacy.processors.models import BusinessTransfer
from privacy.safeguards.admin.forms import text_field
from privacy.safeguards.admin.records import RecordAdmin, account_column

OF_GIVEN = _("Only for a business that the company hands over.")


def state_on(row: BusinessTransfer, at: datetime) -> SafeString:
    """Return the badge of a transfer: what it waits for, and whether untold people hold it up on the day of ``at``."""
    if row.cancelled_at is not None:
        return badge(pgettext_lazy("business", "given up"), "done")
    if row.done_on is not None:
        return badge(pgettext_lazy("business", "handed over"), "done")
    today = clock.kst_date(at)
    if row.announced_at is None:
        return due_badge(row.transfer_on, today)
    why = untold.why_missed(row.campaign, at=at)
    if why is None and today >= row.transfer_on:
        why = untold.why_untold(row.campaign, before=clock.midnight(today), at=at)
        if why in {Untold.UNLISTED, Untold.UNTOLD}:
            return badge(pgettext_lazy("business", "people who registered since then were not told"), "late")
    return badge(pgettext_lazy("business", "announced"), "wait") if why is None else untold.shown(why)


class BusinessTransferForm(forms.Form):
    """What people have to be told of a transfer of the business."""

    direction = forms.ChoiceField(
        label=pgettext_lazy("business", "Direction"),
        choices=BusinessTransfer.Direction.choices,
        widget=forms.RadioSelect,
    )
    kind = forms.ChoiceField(label=_("Kind"), choices=BusinessTransfer.Kind.choices, widget=forms.RadioSelect)
    party_ko = forms.CharField(label=_("Other party (Korean)"), max_length=120)
    party_en = forms.CharField(label=_("Other party (English)"), max_length=120)
    address_ko = forms.CharField(label=_("Address (Korean)"), max_length=200)
    address_en = forms.CharField(label=_("Address (English)"), max_length=200)
    phone = forms.CharField(label=_("Telephone"), max_length=40)
    contact = forms.CharField(label=_("Other contact"), max_length=200, required=False)
    transfer_on = BoundedDateField(label=pgettext_lazy("business", "Planned for"))
    objection_ko = text_field(
        3, label=_("How to object, and until when (Korean)"), max_length=2_000, required=False, help_text=OF_GIVEN
    )
    objection_en = text_field(
        3, label=_("How to object, and until when (English)"), max_length=2_000, required=False, help_text=OF_GIVEN
    )
    bound_by = forms.CharField(
        label=_("Bound to the first purpose by"), max_length=300,
        help_text=_("The article of the contract: the receiver uses the data only for what it was collected for."),
    )  # fmt: skip
    told_on = BoundedDateField(
        label=_("People told on"), required=False, help_text=_("Only for a business that the company takes over.")
    )


class DoneForm(forms.Form):
    """The day on which the data was handed over."""

    done_on = BoundedDateField(label=pgettext_lazy("business", "Handed over on"))


class CancelForm(forms.Form):
    """Why a transfer is given up."""

    reason = forms.CharField(label=_("Reason"), max_length=300)


@admin.register(BusinessTransfer)
class BusinessTransferAdmin(RecordAdmin):
    explanation = _(
        "Transfers of the business, mergers and divisions in which personal information changes hands. Everyone is "
        "told beforehand who takes it over and how to object."
    )
    empty_hint = _("No business has changed hands.")
    list_display = ("party_ko", "reference", "direction", "kind", "transfer_on", "state_shown")
    list_filter = ("direction", "kind", ("done_on", admin.EmptyFieldListFilter))
    fields = (
        ("reference", "state_shown"), ("direction", "kind"), ("party_ko", "party_en"), ("address_ko", "address_en"),
        ("phone", "contact"), ("transfer_on", "told_on"), ("objection_ko", "objection_en"), "bound_by",
        ("recorder", "recorded_at"), ("announcer", "announced_at"), ("campaign_shown", "posted_shown"),
        ("done_on", "ender"), ("cancelled_at", "cancel_reason"),
    )  # fmt: skip
    readonly_fields = ("state_shown", "recorder", "announcer", "ender", "campaign_shown", "posted_shown")
    list_select_related = ("campaign", "notice")
    actions = ("announce", "complete", "cancel")
    second_person = SecondPersonStep(
        TRANSFER,
        lambda record: record.waits_for_second,
        asked_by=lambda record: record.recorded_by,
        button="announce",
        rows={
            "direction__exact": BusinessTransfer.Direction.GIVEN.value, "announced_at__isnull": True,
            "done_on__isnull": True, "cancelled_at__isnull": True,
        },
    )  # fmt: skip
    add_label = _("Record a transfer of the business")
    record_form = BusinessTransferForm
    add_permission = TRANSFER
    recorder = account_column("recorded_by", _("recorded by"))
    announcer = account_column("announced_by", _("notice approved by"))
    ender = account_column("done_by", _("end recorded by"))

    def make(self, request: HttpRequest, given: dict[str, Any]) -> BusinessTransfer:
        return processors.record_business_transfer(**given, actor=actor_of(request), at=clock.now())

    def buttons_for(self, record: BusinessTransfer) -> Collection[str]:
        if record.done_on is not None or record.cancelled_at is not None:
            return ()
        return ("announce" if record.waits_for_second else "complete", "cancel")

    @admin.display(description=_("state"))
    def state_shown(self, row: BusinessTransfer) -> SafeString:
        return state_on(row, clock.now())

    @admin.display(description=_("individual notice"))
    def campaign_shown(self, row: BusinessTransfer) -> SafeString | str:
        if row.campaign is None:
            return "–"
        page = reverse("admin:campaigns_campaign_change", args=[row.campaign_id])
        told = shown_progress(row.campaign, at=clock.now())
        return format_html('<a href="{}">{}</a> · {}', page, row.campaign.reference, told)

    @admin.display(description=_("on the website until"))
    def posted_shown(self, row: BusinessTransfer) -> str:
        return "–" if row.notice is None else str(row.notice.posted_until)

    @button(description=_("Tell the people concerned"), permission=TRANSFER, locations=CHANGE_FORM_ONLY)
    def announce(self, request: HttpRequest, queryset: QuerySet[BusinessTransfer]) -> Page:
        _words, titles, texts = business_transfer_text.compose(queryset.get())
        shown = [OutgoingText(str(_("To everyone, and on the website")), titles[one], texts[one], one) for one in texts]
        answers = confirm_action(
            self, request, queryset, title=_("Tell the people concerned"), verb=_("Send the notice"), dangerous=True,
            consequences=[
                _("Everyone is told individually, in their language, and the website shows the notice."),
                _("It can't be taken back. Whoever recorded the transfer can't approve its notice."),
            ],
            outgoing=lambda _answers: shown,
        )  # fmt: skip
        if isinstance(answers, TemplateResponse):
            return answers
        verb = partial(processors.announce_business_transfer, queryset.get(), actor=actor_of(request), at=clock.now())
        self.press(request, verb, _("The notice goes out."))
        return None

    @button(description=_("Record the handing over"), permission=TRANSFER, locations=CHANGE_FORM_ONLY)
    def complete(self, request: HttpRequest, queryset: QuerySet[BusinessTransfer]) -> Page:
        return pressed(
            self, request, queryset, processors.complete_business_transfer, form_class=DoneForm,
            title=_("Record the handing over"),
            consequences=[
                _("Only once everyone was told: individually, or by the website for as long as the law asks.")
            ],
            success=_("The handing over has been recorded."), initial={"done_on": clock.today()},
        )  # fmt: skip

    @button(description=_("Cancel the transfer"), permission=TRANSFER, locations=CHANGE_FORM_ONLY)
    def cancel(self, request: HttpRequest, queryset: QuerySet[BusinessTransfer]) -> Page:
        return pressed(
            self, request, queryset, processors.cancel_business_transfer, form_class=CancelForm,
            title=_("Cancel the transfer"),
            consequences=[
                _("Individual notices stop, and today is the last day of the notice on the website."),
                _("If people were told already, tell them by a notice on the website that it does not happen."),
            ],
            success=_("The transfer has been cancelled."),
        )  # fmt: skip
