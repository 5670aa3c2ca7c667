"""Impact assessments in the console, and why a change of the policy needs none."""

from collections.abc import Collection
from functools import partial
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from privacy.accounts.actors import actor_of
from privacy.lib.console.confirm_action import confirm_action
from privacy.lib.console.read_form import ReadForm
from privacy.lib.console.read_only_admin import CHANGE_FORM_ONLY, button
from privacy.lib.console.second_person_step import SecondPersonStep
from privacy.lib.dates import clock
from privacy.policies import assessed_changes
from privacy.policies.models import PolicyVersion
from privacy.safeguards import actions as safeguards
from privacy.safeguards.actions.assessments import APPROVE, ASSESS
from privacy.safeguards.admin.forms import text_field
from privacy.safeguards.admin.records import READ, RecordAdmin, account_column, record_state_badge
from privacy.safeguards.models import Assessment, AssessmentExemption, Measure
from privacy.safeguards.models.assessments import CRITERIA, Level

type Answer = HttpResponse | None


def changes_of_drafts() -> list[tuple[str, str]]:
    """Return each change of an open version that is to be assessed, as a choice: its version and key, and its words."""
    today = clock.today()
    return [
        (f"{version.pk}|{change.key}", f"{version}: {change.sentence}")
        for version in PolicyVersion.objects.open().order_by("drafted_at")
        for change in assessed_changes.changes_to_assess(version, today)
    ]


def version_and_keys(chosen: Collection[str]) -> tuple[PolicyVersion, list[str]]:
    """Return the version of chosen changes and their keys. Raises Incomplete for changes of several versions."""
    found = [one.partition("|") for one in chosen]
    versions = {pk for pk, _sep, _key in found}
    if len(versions) != 1:
        raise safeguards.Incomplete(_("Select changes of one version."), pointer="/covers")
    return PolicyVersion.objects.get(pk=versions.pop()), [key for _pk, _sep, key in found]


class AssessmentForm(forms.Form):
    """A new assessment: what it is about."""

    title = forms.CharField(label=_("Title"), max_length=160)
    covers = forms.MultipleChoiceField(
        label=_("Changes that are assessed"), choices=changes_of_drafts, widget=forms.CheckboxSelectMultiple
    )


class ExemptionForm(forms.Form):
    """Why a change needs no assessment."""

    change = forms.ChoiceField(label=_("Change"), choices=changes_of_drafts)
    reason = text_field(3, label=_("Why it needs no assessment"), max_length=2_000)


def answers_form(kind: str) -> type[forms.Form]:
    """Return the form of a kind: a text for each criterion, any of which may stay empty in a draft."""
    fields = {
        code: text_field(4, label=title, max_length=8_000, required=False) for code, title in CRITERIA[kind].items()
    }
    return type("AnswersForm", (forms.Form,), {"__module__": __name__, **fields})


class RiskForm(forms.Form):
    """A risk, and the measure against it."""

    cause = text_field(3, label=_("What may happen, and how"), max_length=2_000)
    likelihood = forms.TypedChoiceField(label=_("Likelihood"), choices=Level.choices, coerce=int)
    harm = forms.TypedChoiceField(label=_("Harm to people"), choices=Level.choices, coerce=int)
    measure = forms.ModelChoiceField(label=_("Measure against it"), queryset=Measure.objects.active())
    remaining = forms.TypedChoiceField(
        label=_("Risk that remains after the measure"), choices=Level.choices, coerce=int
    )


def content_of(row: Assessment) -> dict[str, Any]:
    """Return what an assessment says, for its templates: the changes, answers by criterion, risks with measures."""
    said = assessed_changes.sentences_of(row.version, row.covers, clock.today())
    changed = _("%(change)s (the draft has changed since: assess it again)") if row.version.is_open else "%(change)s"
    return {
        "row": row,
        "content": "admin/safeguards/assessment/content.html",
        "covered": [
            sentence or changed % {"change": assessed_changes.subject_of(key)}
            for sentence, key in zip(said, row.covers, strict=True)
        ],
        "answers": [(title, row.answers.get(code, "")) for code, title in row.criteria.items()],
        "risks": row.risks.select_related("measure"),
    }


@admin.register(Assessment)
class AssessmentAdmin(RecordAdmin):
    explanation = _(
        "What a policy draft newly collects, uses, provides or bases on a legitimate interest is assessed before the "
        "draft is approved, by the criteria of PIPA art. 33 and its Decree; someone else approves the assessment."
    )
    empty_hint = _("Draft the policy first: its preview lists the changes that need an assessment.")
    list_display = ("reference", "kind", "title", "version", "state_shown", "drafted_at")
    list_filter = ("kind", "state")
    list_select_related = ("version",)
    fields = (
        ("reference", "kind", "state_shown"), "title", "version",
        ("drafter", "drafted_at"), ("submitter", "submitted_at"), ("approver", "approved_at"),
    )  # fmt: skip
    readonly_fields = ("state_shown", "drafter", "submitter", "approver")
    actions = ("answer", "risk", "submit", "approve", "give_back", "discard")
    second_person = SecondPersonStep(
        APPROVE,
        lambda record: record.state == Assessment.State.SUBMITTED,
        asked_by=lambda record: record.authors(),
        rows={"state__exact": Assessment.State.SUBMITTED.value},
        is_work=True,
    )
    change_form_template = "admin/safeguards/assessment/change_form.html"
    add_label = _("Draft an assessment")
    record_form = AssessmentForm
    add_permission = ASSESS
    add_hint = _("A legitimate interest is weighed by its own criteria, so it is assessed separately.")
    drafter = account_column("drafted_by", _("drafted by"))
    submitter = account_column("submitted_by", _("submitted by"))
    approver = account_column("approved_by", _("approved by"))

    def make(self, request: HttpRequest, given: dict[str, Any]) -> Assessment:
        version, keys = version_and_keys(given["covers"])
        return safeguards.draft_assessment(
            version, covers=keys, title=given["title"], actor=actor_of(request), at=clock.now()
        )

    def buttons_for(self, record: Assessment) -> Collection[str]:
        return {"draft": ("answer", "risk", "submit", "discard"), "submitted": ("approve", "give_back")}.get(
            record.state, ()
        )

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show what is assessed, the answers by criterion and the risks with their measures."""
        row = self.get_object(request, object_id)
        more: dict[str, Any] = {}
        if isinstance(row, Assessment):
            more = content_of(row)
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **more})

    @admin.display(description=_("state"), ordering="state")
    def state_shown(self, row: Assessment) -> SafeString:
        return record_state_badge(row)

    @button(description=_("Write the answers"), permission=ASSESS, locations=CHANGE_FORM_ONLY)
    def answer(self, request: HttpRequest, queryset: QuerySet[Assessment]) -> Answer:
        answers = confirm_action(
            self, request, queryset, title=_("Write the answers"), verb=_("Save the text"),
            consequences=[_("You can change them until the assessment is submitted.")],
            form_class=answers_form(queryset.get().kind),
            edits=lambda row: {code: row.answers.get(code, "") for code in row.criteria},
        )  # fmt: skip
        if isinstance(answers, TemplateResponse):
            return answers
        verb = partial(
            safeguards.answer_assessment, queryset.get(), answers=answers, actor=actor_of(request), at=clock.now()
        )
        self.press(request, verb, _("The text has been saved."))
        return None

    @button(description=_("Record a risk"), permission=ASSESS, locations=CHANGE_FORM_ONLY)
    def risk(self, request: HttpRequest, queryset: QuerySet[Assessment]) -> Answer:
        answers = confirm_action(
            self, request, queryset, title=_("Record a risk"), verb=_("Record"),
            consequences=[_("The measure of the register shows that something is done against the risk.")],
            form_class=RiskForm,
        )  # fmt: skip
        if isinstance(answers, TemplateResponse):
            return answers
        verb = partial(safeguards.record_risk, queryset.get(), actor=actor_of(request), at=clock.now(), **answers)
        self.press(request, verb, _("The risk has been recorded."))
        return None

    @button(description=_("Submit for approval"), permission=ASSESS, locations=CHANGE_FORM_ONLY)
    def submit(self, request: HttpRequest, queryset: QuerySet[Assessment]) -> Answer:
        verb = partial(safeguards.submit_assessment, queryset.get(), actor=actor_of(request), at=clock.now())
        self.press(request, verb, _("It is waiting for another person's approval."))
        return None

    @button(description=_("Return for changes"), permission=APPROVE, locations=CHANGE_FORM_ONLY)
    def give_back(self, request: HttpRequest, queryset: QuerySet[Assessment]) -> Answer:
        verb = partial(safeguards.return_assessment, queryset.get(), actor=actor_of(request), at=clock.now())
        self.press(request, verb, _("It is a draft again."))
        return None

    @button(description=_("Discard"), permission=ASSESS, locations=CHANGE_FORM_ONLY)
    def discard(self, request: HttpRequest, queryset: QuerySet[Assessment]) -> Answer:
        verb = partial(safeguards.discard_assessment, queryset.get(), actor=actor_of(request), at=clock.now())
        self.press(request, verb, _("Discarded."))
        return None

    @button(description=_("Approve"), permission=APPROVE, locations=CHANGE_FORM_ONLY, step_up=True)
    def approve(self, request: HttpRequest, queryset: QuerySet[Assessment]) -> Answer:
        answers = confirm_action(
            self, request, queryset, title=_("Approve the assessment"), verb=_("Approve"),
            consequences=[_("The changes that it covers no longer stand in the way of the draft's approval.")],
            form_class=ReadForm, initial={"read": safeguards.assessment_digest(queryset.get())},
            template=READ, shown=lambda _form: content_of(queryset.get()),
        )  # fmt: skip
        if isinstance(answers, TemplateResponse):
            return answers
        verb = partial(
            safeguards.approve_assessment, queryset.get(), read=answers["read"], actor=actor_of(request), at=clock.now()
        )
        self.press(request, verb, _("The assessment has been approved."))
        return None


@admin.register(AssessmentExemption)
class AssessmentExemptionAdmin(RecordAdmin):
    explanation = _(
        "Changes of a policy draft that need no impact assessment, each with its reason. Whoever approves the draft "
        "reads them on its preview."
    )
    empty_hint = _("Most changes need an assessment; state a reason only where one does not.")
    list_display = ("said", "version", "recorder", "recorded_at")
    list_select_related = ("version",)
    fields = ("version", "said", "reason", ("recorder", "recorded_at"))
    readonly_fields = ("recorder",)
    add_label = _("State why a change needs no assessment")
    record_form = ExemptionForm
    add_permission = ASSESS
    recorder = account_column("recorded_by", _("recorded by"))

    def make(self, request: HttpRequest, given: dict[str, Any]) -> AssessmentExemption:
        version, (key,) = version_and_keys([given["change"]])
        return safeguards.exempt_change(
            version, change=key, reason=given["reason"], actor=actor_of(request), at=clock.now()
        )
