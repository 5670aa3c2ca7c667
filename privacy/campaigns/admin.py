"""Campaigns in the console: how far each is, and what became of each person."""

from functools import partial
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as now_
from django.utils.translation import gettext_lazy as _

from privacy.accounts.actors import actor_of
from privacy.campaigns import actions as campaigns
from privacy.campaigns import letters, recipients, use_notice_text
from privacy.campaigns.models import ADDRESS_DISPUTED, TEXT_ALTERED, Campaign, Delivery, UseNoticeRefusal
from privacy.ledger.read_recording import RecordReadsMixin
from privacy.lib.console.admin_add import add_record
from privacy.lib.console.confirm_action import confirm_action
from privacy.lib.console.keyset_pagination import KeysetAdmin
from privacy.lib.console.read_only_admin import CHANGE_FORM_ONLY, ReadOnlyAdmin, button, run_action
from privacy.lib.dates import clock
from privacy.lib.dates.form_fields import BoundedDateField
from privacy.lib.display.badges import state_badge
from privacy.lib.errors.refusals import Refusal
from privacy.lib.http.downloads import attachment
from privacy.policies.models import PolicyVersion
from privacy.subjects.models import Contact, Subject
from privacy.subjects.references import with_references
from privacy.vault.purposes import Purpose

RECORD_OFFLINE_NOTICE = "campaigns.record_telling"


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("Reason"), max_length=300)


class OfflineNoticeForm(forms.Form):
    """How a person was told, and when."""

    way = forms.ChoiceField(label=_("Notification method"), choices=Delivery.Way.choices, widget=forms.RadioSelect)
    on = BoundedDateField(label=_("On"))


@admin.register(Campaign)
class CampaignAdmin(ReadOnlyAdmin):
    explanation = _("Notices to each person individually, with the outcome of each. The website also shows the notice.")
    empty_hint = _("Start one on the page of a published policy version, or from an incident.")
    list_display = ("reference", "kind", "occasion", "state_shown", "progress_shown", "started_at", "finished_at")
    list_filter = ("kind", "state")
    fields = (
        ("reference", "kind", "occasion"), ("started_at", "started_by"), ("listed_at", "finished_at"),
        "title_shown", "text_shown", "digest",
    )  # fmt: skip
    readonly_fields = ("title_shown", "text_shown")
    actions = ("print_letters",)
    change_form_template = "admin/campaigns/campaign/change_form.html"
    change_list_template = "admin/campaigns/campaign/change_list.html"

    @admin.display(description=_("state"), ordering="state")
    def state_shown(self, campaign: Campaign) -> SafeString:
        return state_badge(campaign.state, campaign.get_state_display())

    @admin.display(description=_("heading of the notice"))
    def title_shown(self, campaign: Campaign) -> str:
        return campaign.title

    @admin.display(description=_("text of the notice"))
    def text_shown(self, campaign: Campaign) -> SafeString:
        return format_html_join("", "<p>{}</p>", ((part,) for part in campaign.text.split("\n\n")))

    @admin.display(description=_("notified"))
    def progress_shown(self, campaign: Campaign) -> str:
        return f"{campaign.progress.settled} / {campaign.progress.total}"

    def buttons_for(self, record: Campaign) -> tuple[str, ...]:
        return () if record.state == Campaign.State.FINISHED else ("print_letters",)

    def is_in_progress(self, record: Campaign) -> bool:
        """People who only wait for letters change nothing."""
        return bool(record.progress.waiting) or record.listed_at is None

    def get_urls(self) -> list[URLPattern]:
        page = self.page(self.of_version, needs="campaigns.start_campaign")
        policy = path("policy/<uuid:pk>/", page, name="campaigns_campaign_policy")
        use = path("use/", self.page(self.of_use, needs="campaigns.start_campaign"), name="campaigns_campaign_use")
        return [policy, use, *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        campaign = self.get_object(request, object_id)
        extra = {**(extra_context or {}), **({"progress": campaign.progress} if campaign is not None else {})}
        return super().change_view(request, object_id, form_url, extra)

    def of_version(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Ask before everybody is told of a version, and start."""
        version = PolicyVersion.objects.public().filter(pk=pk).first()
        if version is None:
            raise Http404
        known = Campaign.objects.filter(about=f"policies.policyversion:{version.pk}").first()
        if known is not None:
            return self._open(known)
        if request.method == "POST":
            try:
                return self._open(campaigns.notify_of_version(version, actor=actor_of(request), at=clock.now()))
            except Refusal as refusal:
                messages.error(request, str(refusal))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Notify everyone individually"),
            "opts": self.opts,
            "version": version,
            "people": Subject.objects.not_destroyed().count(),
            "reachable": Contact.objects.current().filter(kind=Contact.Kind.EMAIL).count(),
        }
        return TemplateResponse(request, "admin/campaigns/campaign/policy.html", context)

    def of_use(self, request: HttpRequest) -> HttpResponse:
        """Show the yearly notice as it would go out, and start it."""
        today = clock.today()
        known = Campaign.objects.filter(about=use_notice_text.about(today.year)).first()
        if known is not None:
            return self._open(known)
        if request.method == "POST":
            try:
                return self._open(campaigns.notify_of_use(actor=actor_of(request), at=clock.now()))
            except Refusal as refusal:
                messages.error(request, str(refusal))
        version = PolicyVersion.objects.in_force(today)
        titles, texts = use_notice_text.compose(version, today) if version is not None else ({}, {})
        context = {
            **self.admin_site.each_context(request),
            "title": _("Send the yearly notice"),
            "opts": self.opts,
            "notices": [(code, titles[code], texts[code].split("\n\n")) for code in titles],
            "refused": UseNoticeRefusal.objects.standing().count(),
        }
        return TemplateResponse(request, "admin/campaigns/campaign/use.html", context)

    def _open(self, campaign: Campaign) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:campaigns_campaign_change", args=[campaign.pk]))

    @button(description=_("Print letters"), permission=RECORD_OFFLINE_NOTICE, locations=CHANGE_FORM_ONLY)
    def print_letters(self, request: HttpRequest, queryset: QuerySet[Campaign]) -> HttpResponse | None:
        campaign = queryset.get()
        answers = confirm_action(
            self,
            request,
            queryset,
            title=_("Print letters"),
            verb=_("Print (PDF)"),
            consequences=[
                now_("Up to %(count)d letters are printed, one page each: at most %(most)d at once.")
                % {"count": letters.count_next_letters(campaign, at=clock.now()), "most": letters.MAX_LETTERS},
                _("This opens personal data. Each opening is recorded."),
                _("Once a letter has been sent, record it on its delivery."),
            ],
            form_class=ReasonForm,
        )
        if isinstance(answers, TemplateResponse):
            return answers
        made: list[bytes] = []
        verb = lambda: made.append(  # noqa: E731
            letters.print_letters(campaign, reason=answers["reason"], actor=actor_of(request), at=clock.now())
        )
        if not run_action(self, request, verb, _("The letters have been printed.")):
            return None
        return attachment(made[0], media_type="application/pdf", name=f"{campaign.reference}-letters.pdf")


@admin.register(Delivery)
class DeliveryAdmin(RecordReadsMixin, KeysetAdmin):
    explanation = _("One row for each person and notice, with proof that the person was notified.")
    empty_hint = _("Deliveries appear here when an individual notice starts.")
    read_purpose = Purpose.LEGAL_DUTY
    keyset = ("id",)
    list_display = (
        "subject_id", "campaign", "state_shown", "language", "way", "settled_at", "message_id", "trouble_shown",
    )  # fmt: skip
    list_filter = ("state", "campaign")
    list_select_related = ("campaign",)
    fields = (
        "campaign", ("person_shown", "subject_id"), ("state_shown", "language"), ("settled_at", "settled_by", "way"),
        "message_id", "trouble_shown",
    )  # fmt: skip
    readonly_fields = ("person_shown", "state_shown", "trouble_shown")
    actions = ("record_telling",)

    @admin.display(description=_("person"))
    def person_shown(self, delivery: Delivery) -> str:
        """By the reference that people use: a data subject, a case, a complaint, an employee."""
        return recipients.references([delivery.subject_id]).get(delivery.subject_id, "–")

    @admin.display(description=_("state"), ordering="state")
    def state_shown(self, delivery: Delivery) -> SafeString:
        return state_badge(delivery.state, delivery.get_state_display())

    @admin.display(description=_("last error"))
    def trouble_shown(self, delivery: Delivery) -> SafeString | str:
        """What kept it from being sent: in words what the portal itself found, an error by its kind."""
        if delivery.trouble == ADDRESS_DISPUTED:
            return now_("The address is disputed: a correction of it has not been decided yet.")
        if delivery.trouble == TEXT_ALTERED:
            return now_("The text of the notice was changed outside the portal, so it is not sent.")
        return format_html("<code>{}</code>", delivery.trouble) if delivery.trouble else "–"

    def buttons_for(self, record: Delivery) -> tuple[str, ...]:
        done = {Delivery.State.SENT, Delivery.State.TOLD, Delivery.State.REFUSED}
        return () if record.state in done else ("record_telling",)

    @button(description=_("Record how people were notified"), permission=RECORD_OFFLINE_NOTICE)
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
    explanation = _("Who wants no yearly notice of use and provision. It is not sent to them until they want it again.")
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
        page = self.page(self.new, needs=RECORD_OFFLINE_NOTICE)
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

    @button(description=_("Withdraw the refusal"), permission=RECORD_OFFLINE_NOTICE, locations=CHANGE_FORM_ONLY)
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
