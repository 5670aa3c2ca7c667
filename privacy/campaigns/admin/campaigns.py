"""Campaigns in the console: how far each is, and what became of each person."""

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as now_
from django.utils.translation import gettext_lazy as _

from privacy.accounts.actors import actor_of
from privacy.campaigns import actions as campaigns
from privacy.campaigns import letters, untold, use_notice_text
from privacy.campaigns.actions.letter_batches import RECORD
from privacy.campaigns.admin.forms import PaceForm, ReasonForm
from privacy.campaigns.lateness import ended_by_its_day, is_over
from privacy.campaigns.models import (
    Campaign,
    Delivery,
    LetterBatch,
    UseNoticeRefusal,
)
from privacy.campaigns.shown_progress import STAND_FOR, shown_progress
from privacy.campaigns.untold import Untold
from privacy.lib.console.confirm_action import confirm_action
from privacy.lib.console.read_only_admin import CHANGE_FORM_ONLY, ReadOnlyAdmin, button, run_action
from privacy.lib.dates import clock
from privacy.lib.display.badges import state_badge
from privacy.lib.errors.refusals import Refusal
from privacy.lib.http.downloads import attachment
from privacy.lib.integrations import text_messages
from privacy.policies.models import PolicyVersion
from privacy.subjects.models import Contact, Subject

START = "campaigns.start_campaign"


def _missed(campaign: Campaign) -> SafeString | None:
    """A badge where the day came before everybody was told; of a notice that somebody stopped its own state says it."""
    why = untold.why_missed(campaign, at=clock.now())
    return None if why in {None, Untold.STOPPED} else untold.shown(why)


@admin.register(Campaign)
class CampaignAdmin(ReadOnlyAdmin):
    explanation = _("Notices to each person individually, with the outcome of each. The website also shows the notice.")
    empty_hint = _("Start one on the page of a published policy version, or from an incident.")
    list_display = ("reference", "kind", "occasion", "state_shown", "progress_shown", "started_at", "finished_at")
    list_filter = ("kind", "state")
    fields = (
        ("reference", "kind", "occasion"), ("started_at", "started_by"), ("listed_at", "finished_at"),
        ("paused_at", "stopped_at", "per_minute"), "told_before", "title_shown", "text_shown", "template", "digest",
    )  # fmt: skip
    readonly_fields = ("title_shown", "text_shown")
    actions = ("print_letters", "make_batch", "pause", "go_on", "set_pace", "stop")
    change_form_template = "admin/campaigns/campaign/change_form.html"
    change_list_template = "admin/campaigns/campaign/change_list.html"

    @admin.display(description=_("state"), ordering="state")
    def state_shown(self, campaign: Campaign) -> SafeString:
        return _missed(campaign) or state_badge(campaign.state, campaign.get_state_display())

    @admin.display(description=_("heading of the notice"))
    def title_shown(self, campaign: Campaign) -> str:
        return campaign.title

    @admin.display(description=_("text of the notice"))
    def text_shown(self, campaign: Campaign) -> SafeString:
        return format_html_join("", "<p>{}</p>", ((part,) for part in campaign.text.split("\n\n")))

    @admin.display(description=_("notified"))
    def progress_shown(self, campaign: Campaign) -> str:
        return str(shown_progress(campaign, at=clock.now()))

    def buttons_for(self, record: Campaign) -> tuple[str, ...]:
        if is_over(record, clock.now()):
            return ()
        stop = () if record.kind == Campaign.Kind.BREACH else ("stop",)
        return ("print_letters", "make_batch", "pause" if record.paused_at is None else "go_on", "set_pace", *stop)

    def is_in_progress(self, record: Campaign) -> bool:
        """People who only wait for letters change nothing, nor does a paused notice."""
        if record.paused_at is not None:
            return False
        return record.listed_at is None or record.deliveries.filter(state=Delivery.State.WAITING).exists()

    def get_urls(self) -> list[URLPattern]:
        page = self.page(self.of_version, needs=START)
        policy = path("policy/<uuid:pk>/", page, name="campaigns_campaign_policy")
        use = path("use/", self.page(self.of_use, needs=START), name="campaigns_campaign_use")
        return [policy, use, *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        campaign = self.get_object(request, object_id)
        extra = {**(extra_context or {}), "texts": text_messages.are_sent()}
        if campaign is not None:
            counted = shown_progress(campaign, at=clock.now())
            extra |= {"progress": counted.progress, "counted_at": counted.at if counted.stands else None}
            extra["stand_for"] = int(STAND_FOR.total_seconds())
            extra |= {"by_its_day": ended_by_its_day(campaign), "missed": _missed(campaign)}
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
            "texts": text_messages.are_sent(),
            "texted": Contact.objects.current().filter(kind=Contact.Kind.PHONE).count(),
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
        _words, titles, texts = use_notice_text.compose(version, today) if version is not None else ("", {}, {})
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

    @button(description=_("Print letters"), permission=RECORD, locations=CHANGE_FORM_ONLY)
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

    @button(description=_("Letters for a mailing house"), permission=RECORD, locations=CHANGE_FORM_ONLY)
    def make_batch(self, request: HttpRequest, queryset: QuerySet[Campaign]) -> HttpResponse | None:
        campaign, made = queryset.get(), list[LetterBatch]()
        answers = confirm_action(
            self, request, queryset, title=_("Letters for a mailing house"), verb=_("Make a batch"),
            consequences=[
                now_("Up to %(count)d letters are put into a batch: at most %(most)d at once.")
                % {"count": letters.count_next_letters(campaign, at=clock.now()), "most": letters.MAX_LETTERS},
                _("No address is opened yet: you hand the batch over on its own page."),
            ],
        )  # fmt: skip
        if isinstance(answers, TemplateResponse):
            return answers
        verb = lambda: made.append(campaigns.make_batch(campaign, actor=actor_of(request), at=clock.now()))  # noqa: E731
        if not run_action(self, request, verb, _("The batch has been made. Hand it over here.")):
            return None
        return HttpResponseRedirect(reverse("admin:campaigns_letterbatch_change", args=[made[0].pk]))

    @button(description=_("Pause"), permission=START, locations=CHANGE_FORM_ONLY)
    def pause(self, request: HttpRequest, queryset: QuerySet[Campaign]) -> HttpResponse | None:
        return self._press(
            request, queryset, campaigns.pause_campaign, _("Paused."), title=_("Pause"),
            consequences=[_(
                "No more messages go out until you continue. A message that is already being sent still goes out."
            )],
        )  # fmt: skip

    @button(description=_("Continue the notice"), permission=START, locations=CHANGE_FORM_ONLY)
    def go_on(self, request: HttpRequest, queryset: QuerySet[Campaign]) -> HttpResponse | None:
        return self._press(
            request, queryset, campaigns.continue_campaign, _("It continues within a minute."),
            title=_("Continue the notice"), consequences=[_("The waiting messages go out.")],
        )  # fmt: skip

    @button(description=_("Set the pace"), permission=START, locations=CHANGE_FORM_ONLY)
    def set_pace(self, request: HttpRequest, queryset: QuerySet[Campaign]) -> HttpResponse | None:
        return self._press(
            request, queryset, campaigns.set_pace, _("The pace has been set."), title=_("Set the pace"),
            consequences=[_("At most this many messages of this notice go out in a minute.")],
            form_class=PaceForm, edits=lambda campaign: {"per_minute": campaign.per_minute},
        )  # fmt: skip

    @button(description=_("Stop for good"), permission=START, locations=CHANGE_FORM_ONLY, step_up=True)
    def stop(self, request: HttpRequest, queryset: QuerySet[Campaign]) -> HttpResponse | None:
        return self._press(
            request, queryset, campaigns.stop_campaign, _("Stopped."), title=_("Stop for good"),
            consequences=[
                _(
                    "Nothing else goes out, and it can't be started again. A text message that the provider already "
                    "has may still arrive."
                ),
                _("Whoever was notified before stays notified."),
            ],
            form_class=ReasonForm, dangerous=True,
        )  # fmt: skip

    def _press(
        self, request: HttpRequest, queryset: QuerySet[Campaign], act: Callable[..., object], done: Any, *, title: Any,
        **asked: Any,
    ) -> HttpResponse | None:  # fmt: skip
        """Ask, then call a verb with the answers."""
        answers = confirm_action(self, request, queryset, title=title, verb=title, **asked)
        if isinstance(answers, TemplateResponse):
            return answers
        verb = partial(act, queryset.get(), **answers, actor=actor_of(request), at=clock.now())
        run_action(self, request, verb, done)
        return None
