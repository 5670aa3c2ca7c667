"""Campaigns in the console: how far each is, and what became of each person."""

from functools import partial
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.contrib.admin import ActionLocation
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as now_
from django.utils.translation import gettext_lazy as _

from privacy.accounts.console import actor_of
from privacy.campaigns import actions as campaigns
from privacy.campaigns import letters
from privacy.campaigns.models import ADDRESS_DISPUTED, Campaign, Delivery
from privacy.ledger.registers import RecordedReads
from privacy.lib import clock
from privacy.lib.admin import ReadOnlyAdmin, button, run_verb
from privacy.lib.asking import ask
from privacy.lib.badges import state_badge
from privacy.lib.downloads import attachment
from privacy.lib.keyset import KeysetAdmin
from privacy.lib.refusals import Refusal
from privacy.policies.models import PolicyVersion
from privacy.subjects.models import Contact, Subject
from privacy.vault.purposes import Purpose

PAGE = (ActionLocation.CHANGE_FORM,)
TELL = "campaigns.record_telling"


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("Reason"), max_length=300)


class TellingForm(forms.Form):
    """How a person was told, and when."""

    way = forms.ChoiceField(label=_("Told by"), choices=Delivery.Way.choices, widget=forms.RadioSelect)
    on = forms.DateField(label=_("On"), widget=forms.DateInput(attrs={"type": "date"}))


@admin.register(Campaign)
class CampaignAdmin(ReadOnlyAdmin):
    explanation = _("Notices to each person by herself, with what became of each. The website says the same meanwhile.")
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

    @admin.display(description=_("state"), ordering="state")
    def state_shown(self, campaign: Campaign) -> SafeString:
        return state_badge(campaign.state, campaign.get_state_display())

    @admin.display(description=_("heading of the notice"))
    def title_shown(self, campaign: Campaign) -> str:
        return campaign.title

    @admin.display(description=_("text of the notice"))
    def text_shown(self, campaign: Campaign) -> SafeString:
        return format_html_join("", "<p>{}</p>", ((part,) for part in campaign.text.split("\n\n")))

    @admin.display(description=_("told"))
    def progress_shown(self, campaign: Campaign) -> str:
        return f"{campaign.progress.settled} / {campaign.progress.total}"

    def verbs_for(self, record: Campaign) -> tuple[str, ...]:
        return () if record.state == Campaign.State.FINISHED else ("print_letters",)

    def is_going_on(self, record: Campaign) -> bool:
        """People who only wait for letters change nothing."""
        return bool(record.progress.waiting) or record.listed_at is None

    def get_urls(self) -> list[URLPattern]:
        page = self.page(self.of_version, needs="campaigns.start_campaign")
        policy = path("policy/<uuid:pk>/", page, name="campaigns_campaign_policy")
        return [policy, *super().get_urls()]

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
            "title": _("Tell everybody individually"),
            "opts": self.opts,
            "version": version,
            "people": Subject.objects.with_something_left().count(),
            "reachable": Contact.objects.filter(kind=Contact.Kind.EMAIL).count(),
        }
        return TemplateResponse(request, "admin/campaigns/campaign/policy.html", context)

    def _open(self, campaign: Campaign) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:campaigns_campaign_change", args=[campaign.pk]))

    @button(description=_("Print letters"), permission=TELL, locations=PAGE)
    def print_letters(self, request: HttpRequest, queryset: QuerySet[Campaign]) -> HttpResponse | None:
        campaign = queryset.get()
        answers = ask(
            self,
            request,
            queryset,
            title=_("Print letters"),
            verb=_("Print (PDF)"),
            consequences=[
                now_("%(count)d people without e-mail have a postal address: one page each.")
                % {"count": letters.waiting_for_letters(campaign)},
                _("The vault is opened for it; each reading is on record."),
                _("Record on each delivery that the letter went out."),
            ],
            form_class=ReasonForm,
        )
        if isinstance(answers, TemplateResponse):
            return answers
        made: list[bytes] = []
        verb = lambda: made.append(  # noqa: E731
            letters.printed(campaign, reason=answers["reason"], actor=actor_of(request), at=clock.now())
        )
        if not run_verb(self, request, verb, _("The letters are printed.")):
            return None
        return attachment(made[0], media_type="application/pdf", name=f"{campaign.reference}-letters.pdf")


@admin.register(Delivery)
class DeliveryAdmin(RecordedReads, KeysetAdmin):
    explanation = _("One line for each person of each notice, with the proof that she was told.")
    empty_hint = _("Deliveries appear here when an individual notice starts.")
    read_purpose = Purpose.LEGAL_DUTY
    keyset = ("id",)
    list_display = (
        "subject_id", "campaign", "state_shown", "language", "way", "settled_at", "message_id", "trouble_shown",
    )  # fmt: skip
    list_filter = ("state", "campaign")
    list_select_related = ("campaign",)
    fields = (
        "campaign", "subject_id", ("state_shown", "language"), ("settled_at", "settled_by", "way"), "message_id",
        "trouble_shown",
    )  # fmt: skip
    readonly_fields = ("state_shown", "trouble_shown")
    actions = ("record_telling",)

    @admin.display(description=_("state"), ordering="state")
    def state_shown(self, delivery: Delivery) -> SafeString:
        return state_badge(delivery.state, delivery.get_state_display())

    @admin.display(description=_("last trouble"))
    def trouble_shown(self, delivery: Delivery) -> SafeString | str:
        """What kept it from being sent: in words what the portal itself found, an error by its kind."""
        if delivery.trouble == ADDRESS_DISPUTED:
            return now_("The address is disputed: its correction is not decided yet.")
        return format_html("<code>{}</code>", delivery.trouble) if delivery.trouble else "–"

    def verbs_for(self, record: Delivery) -> tuple[str, ...]:
        return () if record.state in {Delivery.State.SENT, Delivery.State.TOLD} else ("record_telling",)

    @button(description=_("Record how people were told"), permission=TELL)
    def record_telling(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> HttpResponse | None:
        answers = ask(
            self,
            request,
            queryset,
            title=_("Record how people were told"),
            verb=_("Record"),
            consequences=[_("They count as told from now on; it is on record with your name.")],
            form_class=TellingForm,
            initial={"on": clock.today()},
        )
        if isinstance(answers, TemplateResponse):
            return answers
        for delivery in queryset:
            verb = partial(campaigns.record_telling, delivery, **answers, actor=actor_of(request), at=clock.now())
            run_verb(self, request, verb, _("Recorded."))
        return None
