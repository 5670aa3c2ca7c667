"""The in-house organisation in the console: its members with their duties, its meetings."""

from collections.abc import Collection
from functools import partial
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from privacy.accounts.actors import actor_of
from privacy.accounts.display_names import name_with_reference
from privacy.lib.console.confirm_action import confirm_action
from privacy.lib.console.read_only_admin import CHANGE_FORM_ONLY, button
from privacy.lib.dates import clock
from privacy.lib.display.badges import badge, due_badge
from privacy.safeguards import actions as safeguards
from privacy.safeguards.admin.forms import AppointForm, LastDayForm, MeetingForm, MinutesForm
from privacy.safeguards.admin.records import RecordAdmin, account_column
from privacy.safeguards.models import Meeting, Member

KEEP = "safeguards.keep_organisation"


@admin.register(Member)
class MemberAdmin(RecordAdmin):
    explanation = _(
        "The in-house organisation checks how the management plan is carried out and corrects problems at once. The "
        "plan names its members and their duties from this register."
    )
    empty_hint = _("Appoint the head first.")
    list_display = ("member_shown", "role", "duties", "since", "until")
    list_filter = ("role",)
    fields = (
        "member_shown",
        "role",
        "duties",
        ("since", "until"),
        ("appointer", "appointed_at"),
        ("ender", "ended_at"),
    )
    readonly_fields = ("member_shown", "appointer", "ender")
    actions = ("end",)
    add_label = _("Appoint a member")
    record_form = AppointForm
    add_permission = KEEP
    member_shown = account_column("person", _("employee"))
    appointer = account_column("appointed_by", _("appointed by"))
    ender = account_column("ended_by", _("ended by"))

    def make(self, request: HttpRequest, given: dict[str, Any]) -> Member:
        return safeguards.appoint_member(actor=actor_of(request), at=clock.now(), **given)

    def buttons_for(self, record: Member) -> Collection[str]:
        return () if record.until else ("end",)

    @button(description=_("End the membership"), permission=KEEP, locations=CHANGE_FORM_ONLY)
    def end(self, request: HttpRequest, queryset: QuerySet[Member]) -> HttpResponse | None:
        answers = confirm_action(
            self, request, queryset, title=_("End the membership"), verb=_("End the membership"),
            consequences=[_("The membership stays in the register with its last day.")],
            form_class=LastDayForm, initial={"until": clock.today()},
        )  # fmt: skip
        if isinstance(answers, TemplateResponse):
            return answers
        verb = partial(safeguards.end_membership, queryset.get(), actor=actor_of(request), at=clock.now(), **answers)
        self.press(request, verb, _("The membership has ended."))
        return None


@admin.register(Meeting)
class MeetingAdmin(RecordAdmin):
    explanation = _("Meetings of the in-house organisation, planned with an agenda and recorded with who attended.")
    empty_hint = _("Plan the first meeting.")
    list_display = ("reference", "topics", "due_shown", "held_on")
    fields = (
        ("reference", "due_shown"), "topics", ("planner", "planned_at"), "held_on", "present_shown", "decisions",
        ("recorder", "recorded_at"),
    )  # fmt: skip
    readonly_fields = ("due_shown", "present_shown", "planner", "recorder")
    actions = ("hold",)
    add_label = _("Plan a meeting")
    record_form = MeetingForm
    add_permission = KEEP
    planner = account_column("planned_by", _("planned by"))
    recorder = account_column("recorded_by", _("recorded by"))

    def make(self, request: HttpRequest, given: dict[str, Any]) -> Meeting:
        return safeguards.plan_meeting(actor=actor_of(request), at=clock.now(), **given)

    def buttons_for(self, record: Meeting) -> Collection[str]:
        return () if record.held_on else ("hold",)

    @admin.display(description=_("planned for"), ordering="planned_on")
    def due_shown(self, meeting: Meeting) -> SafeString:
        if meeting.held_on is None:
            return due_badge(meeting.planned_on, clock.today())
        return badge(_("held"), "done")

    @admin.display(description=_("people present"))
    def present_shown(self, meeting: Meeting) -> str:
        return ", ".join(name_with_reference(one) for one in meeting.attendees) or "–"

    @button(description=_("Record the meeting"), permission=KEEP, locations=CHANGE_FORM_ONLY)
    def hold(self, request: HttpRequest, queryset: QuerySet[Meeting]) -> HttpResponse | None:
        answers = confirm_action(
            self, request, queryset, title=_("Record the meeting"), verb=_("Record"),
            consequences=[
                _("If a decision corrects something, also record it as a finding, with who does it and by when."),
                _("You can't change it once it is recorded."),
            ],
            form_class=MinutesForm, initial={"held_on": clock.today()},
        )  # fmt: skip
        if isinstance(answers, TemplateResponse):
            return answers
        verb = partial(safeguards.hold_meeting, queryset.get(), actor=actor_of(request), at=clock.now(), **answers)
        self.press(request, verb, _("The meeting has been recorded."))
        return None
