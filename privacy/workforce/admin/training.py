"""Training in the console: plans, courses, sessions with attendance, who completed what."""

from __future__ import annotations

from functools import partial

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from privacy.accounts.actors import actor_of
from privacy.accounts.admin.console_buttons import hand_out_paper
from privacy.lib.console.admin_add import add_record
from privacy.lib.console.confirm_action import confirm_action
from privacy.lib.console.read_only_admin import CHANGE_FORM_ONLY, ReadOnlyAdmin, button, run_action
from privacy.lib.console.second_person_step import SecondPersonStep
from privacy.lib.dates import clock
from privacy.lib.display import badges
from privacy.workforce import actions as workforce
from privacy.workforce.absences import absences
from privacy.workforce.admin.forms import (
    AttendanceForm,
    CertificateForm,
    CourseForm,
    DayForm,
    PlanForm,
    SessionForm,
)
from privacy.workforce.models import Course, CourseCompletion, QuizAttempt, TrainingPlan, TrainingSession

KEEP_TRAINING = "workforce.keep_training"


@admin.register(TrainingPlan)
class TrainingPlanAdmin(ReadOnlyAdmin):
    explanation = _("Each year's training: aim, people, content, method, schedule. A second person approves it.")
    empty_hint = _("Draft the plan for the year.")
    list_display = ("year", "standing", "drafted_by", "approved_by")
    fields = (
        ("year", "standing"), "aim", "audience", "content", "method", "schedule", ("drafted_by", "drafted_at"),
        ("approved_by", "approved_at"),
    )  # fmt: skip
    readonly_fields = ("standing",)
    second_person = SecondPersonStep(
        "workforce.approve_plan", lambda record: record.state == TrainingPlan.State.DRAFT,
        rows={"state__exact": TrainingPlan.State.DRAFT.value},
    )  # fmt: skip
    actions = ("approve",)
    change_list_template = "admin/workforce/trainingplan/change_list.html"

    def buttons_for(self, record: TrainingPlan) -> tuple[str, ...]:
        return ("approve",) if record.state == TrainingPlan.State.DRAFT else ()

    @admin.display(description=_("state"))
    def standing(self, plan: TrainingPlan) -> SafeString:
        return badges.state_badge(plan.state, plan.get_state_display())

    @button(description=_("Approve"), permission="workforce.approve_plan", locations=CHANGE_FORM_ONLY)
    def approve(self, request: HttpRequest, queryset: QuerySet[TrainingPlan]) -> HttpResponse | None:
        answers = confirm_action(
            self, request, queryset, title=_("Approve the training plan"), verb=_("Approve"),
            consequences=[_("The plan names you as the approver and can no longer be edited.")],
        )  # fmt: skip
        if isinstance(answers, TemplateResponse):
            return answers
        verb = partial(workforce.approve_plan, queryset.get(), actor=actor_of(request), at=clock.now())
        run_action(self, request, verb, _("Approved."))
        return None

    def get_urls(self) -> list[URLPattern]:
        draft = path("draft/", self.page(self.draft_page, needs=KEEP_TRAINING), name="workforce_trainingplan_draft")
        return [draft, *super().get_urls()]

    def draft_page(self, request: HttpRequest) -> HttpResponse:
        """Draft the plan of a year."""
        form = PlanForm(request.POST or None, initial={"year": clock.today().year})
        return add_record(
            self, request, form,
            lambda: workforce.draft_plan(**form.cleaned_data, actor=actor_of(request), at=clock.now()),
            title=_("Draft a training plan"),
            verb=_("Save the draft"),
            consequences=[_("Another person approves it.")],
            success=_("The draft has been saved."),
        )  # fmt: skip


@admin.register(Course)
class CourseAdmin(ReadOnlyAdmin):
    explanation = _(
        "Training courses. Employees take in-house courses at /staff/training/. Outside courses are registered."
    )
    list_display = ("title_shown", "kind", "quiz_size", "pass_mark", "offered_from", "offered_until")
    list_filter = ("kind",)
    fields = (
        ("code", "kind"), "title_ko", "material_ko", "title_en", "material_en", "quiz_size", "pass_mark",
        ("offered_from", "offered_until"),
    )  # fmt: skip
    readonly_fields = ("quiz_size",)
    actions = ("plan_session", "end")
    change_list_template = "admin/workforce/course/change_list.html"

    @admin.display(description=_("title"), ordering="title_ko")
    def title_shown(self, course: Course) -> str:
        return course.title

    @admin.display(description=_("questions"))
    def quiz_size(self, course: Course) -> int:
        return len(course.questions)

    @button(description=_("Plan a session"), permission=KEEP_TRAINING, locations=CHANGE_FORM_ONLY)
    def plan_session(self, request: HttpRequest, queryset: QuerySet[Course]) -> HttpResponse | None:
        answers = confirm_action(
            self, request, queryset, title=_("Plan a session"), verb=_("Plan"),
            consequences=[_("Everyone can see it at /staff/training/. Record attendance afterwards.")],
            form_class=SessionForm,
        )  # fmt: skip
        if isinstance(answers, TemplateResponse):
            return answers
        assert isinstance(answers, dict)
        verb = partial(workforce.plan_session, queryset.get(), **answers, actor=actor_of(request), at=clock.now())
        run_action(self, request, verb, _("Planned."))
        return None

    @button(description=_("End the course"), permission=KEEP_TRAINING, locations=CHANGE_FORM_ONLY)
    def end(self, request: HttpRequest, queryset: QuerySet[Course]) -> HttpResponse | None:
        answers = confirm_action(
            self, request, queryset, title=_("End the course"), verb=_("End"),
            consequences=[_("Nobody can take it after that day. Completed training stays valid.")],
            form_class=DayForm, initial={"day": clock.today()},
        )  # fmt: skip
        if isinstance(answers, TemplateResponse):
            return answers
        assert isinstance(answers, dict)
        verb = partial(
            workforce.end_course, queryset.get(), last_day=answers["day"], actor=actor_of(request), at=clock.now()
        )
        run_action(self, request, verb, _("The course ends on that day."))
        return None

    def get_urls(self) -> list[URLPattern]:
        offer = path("offer/", self.page(self.offer_page, needs=KEEP_TRAINING), name="workforce_course_offer")
        return [offer, *super().get_urls()]

    def offer_page(self, request: HttpRequest) -> HttpResponse:
        """Offer a new course."""
        form = CourseForm(request.POST or None, initial={"offered_from": clock.today()})
        return add_record(
            self, request, form,
            lambda: workforce.offer_course(**form.words(), actor=actor_of(request), at=clock.now()),
            title=_("Offer a course"),
            verb=_("Offer"),
            consequences=[_("Employees can take it from its first day. It can't be edited afterwards, only ended.")],
            success=_("The course has been offered."),
        )  # fmt: skip


@admin.register(TrainingSession)
class TrainingSessionAdmin(ReadOnlyAdmin):
    explanation = _("Sessions of courses. Record who attended; the page shows who is missing.")
    empty_hint = _("Plan a session on a course's page.")
    list_display = ("course", "held_on", "place", "trainer", "standing", "attended")
    list_filter = ("state",)
    list_select_related = ("course",)
    fields = ("course", "plan", ("held_on", "standing"), ("place", "trainer"), "attended", "absent")
    readonly_fields = ("standing", "attended", "absent")
    actions = ("attend", "cancel")

    def buttons_for(self, record: TrainingSession) -> tuple[str, ...]:
        return {TrainingSession.State.PLANNED: ("attend", "cancel"), TrainingSession.State.HELD: ("attend",)}.get(
            TrainingSession.State(record.state), ()
        )

    @admin.display(description=_("state"))
    def standing(self, session: TrainingSession) -> SafeString:
        return badges.state_badge(session.state, session.get_state_display())

    @admin.display(description=_("attended"))
    def attended(self, session: TrainingSession) -> int:
        return session.attendances.count()

    @admin.display(description=_("absent, to be trained again"))
    def absent(self, session: TrainingSession) -> str:
        return ", ".join(str(one.user) for one in absences(session) if one.is_to_be_trained) or "–"

    @button(description=_("Record attendance"), permission=KEEP_TRAINING, locations=CHANGE_FORM_ONLY)
    def attend(self, request: HttpRequest, queryset: QuerySet[TrainingSession]) -> HttpResponse | None:
        answers = confirm_action(
            self, request, queryset, title=_("Record attendance"), verb=pgettext_lazy("verb", "Note"),
            consequences=[_("For each person selected, the training counts from the day of the session.")],
            form_class=AttendanceForm,
        )  # fmt: skip
        if isinstance(answers, TemplateResponse):
            return answers
        assert isinstance(answers, dict)
        verb = partial(
            workforce.register_attendance,
            queryset.get(),
            list(answers["people"]),
            actor=actor_of(request),
            at=clock.now(),
        )
        run_action(self, request, verb, _("Recorded."))
        return None

    @button(description=_("Cancel the session"), permission=KEEP_TRAINING, locations=CHANGE_FORM_ONLY)
    def cancel(self, request: HttpRequest, queryset: QuerySet[TrainingSession]) -> HttpResponse | None:
        answers = confirm_action(
            self, request, queryset, title=_("Cancel the session"), verb=_("Cancel the session"),
            consequences=[_("The session will not take place, and nobody gets credit for it.")],
        )  # fmt: skip
        if isinstance(answers, TemplateResponse):
            return answers
        verb = partial(workforce.cancel_session, queryset.get(), actor=actor_of(request), at=clock.now())
        run_action(self, request, verb, _("Cancelled."))
        return None


@admin.register(CourseCompletion)
class CourseCompletionAdmin(ReadOnlyAdmin):
    explanation = _("Who completed which course, how, and how long it is valid (F-14).")
    empty_hint = _("Completed courses appear here automatically. Register outside courses with their certificate.")
    list_display = ("reference", "user", "course", "method", "score", "completed_on", "valid_until")
    list_filter = ("method", "course")
    list_select_related = ("user", "course")
    fields = (
        "reference", "user", "course", "session", ("method", "score"), ("completed_on", "valid_until"),
        ("registered_by", "recorded_at"), "certificate_digest",
    )  # fmt: skip
    actions = ("read_certificate",)
    change_list_template = "admin/workforce/coursecompletion/change_list.html"

    def buttons_for(self, record: CourseCompletion) -> tuple[str, ...]:
        return ("read_certificate",) if record.certificate_id else ()

    @button(description=_("Read the certificate"), permission=KEEP_TRAINING, locations=CHANGE_FORM_ONLY)
    def read_certificate(self, request: HttpRequest, queryset: QuerySet[CourseCompletion]) -> HttpResponse | None:
        attendance = queryset.get()
        return hand_out_paper(self, request, partial(workforce.open_certificate, attendance), name=attendance.reference)

    def get_urls(self) -> list[URLPattern]:
        page = path(
            "certificate/",
            self.page(self.certificate_page, needs=KEEP_TRAINING),
            name="workforce_coursecompletion_certificate",
        )
        return [page, *super().get_urls()]

    def certificate_page(self, request: HttpRequest) -> HttpResponse:
        """Register an outside course."""
        form = CertificateForm(request.POST or None, request.FILES or None)

        def make() -> CourseCompletion:
            given = dict(form.cleaned_data)
            file = given.pop("certificate")
            return workforce.register_certificate(
                name=file.name, content=file.read(), actor=actor_of(request), at=clock.now(), **given
            )

        return add_record(
            self, request, form, make,
            title=_("Register outside training"),
            verb=pgettext_lazy("verb", "Register"),
            consequences=[_("The certificate is encrypted. The training counts from the day it was completed.")],
            success=_("Registered."),
        )  # fmt: skip


@admin.register(QuizAttempt)
class QuizAttemptAdmin(ReadOnlyAdmin):
    explanation = _("Every quiz attempt, passed or not: the evaluation of the training.")
    list_display = ("taken_at", "user", "course", "score", "is_passed")
    list_filter = ("is_passed", "course")
    list_select_related = ("user", "course")
    fields = ("user", "course", "taken_at", "score", "is_passed")
