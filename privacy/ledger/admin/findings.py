"""Findings in the console: a round of many lines, asked of account holders, explained and accepted by the dozen.

What one may not do to a line, because it is about oneself or not at that step, is left out and told; the others go on.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as now_
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext, pgettext, pgettext_lazy

from privacy.ledger import actions as ledger
from privacy.ledger.actions.finding_questions import ASKED_AGAIN, DAYS_TO_ANSWER
from privacy.ledger.actors import Actor
from privacy.ledger.admin.filters import request_actor
from privacy.ledger.entries.fact_labels import fact_label, fact_text
from privacy.ledger.models import Finding, FindingQuestion, Review
from privacy.lib.console.confirm_action import confirm_action
from privacy.lib.console.read_only_admin import ReadOnlyAdmin, button, run_action
from privacy.lib.dates import clock
from privacy.lib.display.badges import badge, date_text, datetime_text, due_badge

REVIEWER = "ledger.review_trail"
CLOSED = (Review.State.SIGNED, Review.State.CONFIRMED)


class ExplanationForm(forms.Form):
    """What was found out about a finding; it names accounts by reference and nobody's data."""

    explanation = forms.CharField(label=_("Explanation"), max_length=2_000, widget=forms.Textarea({"rows": 4}))
    measure = forms.CharField(
        label=_("Measure taken"), max_length=1_000, required=False, widget=forms.Textarea({"rows": 3})
    )


class QuestionForm(forms.Form):
    """What the account holder is asked; the finding itself is shown to them with it."""

    question = forms.CharField(
        label=_("Question"),
        max_length=1_000,
        widget=forms.Textarea({"rows": 3}),
        initial=_("What did you need this data for? Name the case or the task."),
    )


class AcceptForm(forms.Form):
    """What follows from an answer that suffices, and which answers the page has shown (``Answers``)."""

    read = forms.CharField(widget=forms.HiddenInput, required=False)
    measure = forms.CharField(
        label=_("Measure taken"), max_length=1_000, required=False, widget=forms.Textarea({"rows": 3})
    )

    def clean(self) -> dict[str, Any]:
        """Take no answer that came after the page was opened: the page comes back and shows it."""
        given = super().clean() or {}
        shown = self.get_initial_for_field(self.fields["read"], "read") or ""
        if not set(shown.split()) <= set(given.get("read", "").split()):
            posted = self.data.copy() if isinstance(self.data, QueryDict) else QueryDict(mutable=True)
            posted["read"] = shown
            self.data = posted
            self.add_error(None, ASKED_AGAIN)
        return given


class AccountFilter(admin.SimpleListFilter):
    """The accounts that findings are about, by name."""

    title = _("account")
    parameter_name = "of"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        accounts = Finding.objects.exclude(account="").order_by("account").values_list("account", flat=True).distinct()
        model_admin.know_accounts(accounts)
        return sorted(((one, model_admin.account_name(one)) for one in accounts), key=lambda pair: pair[1])

    def queryset(self, request: HttpRequest, queryset: QuerySet[Finding]) -> QuerySet[Finding]:
        return queryset.filter(account=self.value()) if self.value() else queryset


class StepFilter(admin.SimpleListFilter):
    """Where a finding stands: to explain, asked, answered, explained."""

    title = _("state")
    parameter_name = "step"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("open", _("to explain")),
            ("asked", pgettext_lazy("finding", "asked")),
            ("answered", pgettext_lazy("finding", "answered")),
            ("done", _("explained")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Finding]) -> QuerySet[Finding]:
        waiting, answered = Q(is_asked=True), Q(is_answered=True)
        steps = {
            "open": Q(explained_at=None) & ~waiting & ~answered,
            "asked": Q(explained_at=None) & waiting,
            "answered": Q(explained_at=None) & answered & ~waiting,
            "done": Q(explained_at__isnull=False),
        }
        return queryset.filter(steps[self.value() or ""]) if self.value() in steps else queryset


@admin.register(Finding)
class FindingAdmin(ReadOnlyAdmin):
    explanation = _(
        "What the rules detected. A finding is not an accusation: it asks for an explanation. Select lines to ask "
        "their account holders, to accept their answers, or to explain them yourself."
    )
    empty_hint = _("There are no findings yet.")
    list_display = ("rule", "account_shown", "count", "first_at", "review", "told")
    list_filter = (StepFilter, AccountFilter, "rule", ("review", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("review",)
    account_fields = ("account",)
    list_per_page = 200
    ordering = ("account", "rule", "first_at")
    fields = (
        "rule",
        "account_shown",
        "count",
        ("first_at", "last_at"),
        "noticed",
        "seen",
        "review",
        "asked",
        "explanation",
        "measure",
        ("explained_by_shown", "explained_at"),
    )
    readonly_fields = ("account_shown", "noticed", "seen", "asked", "explained_by_shown")
    actions = ("accept", "ask", "explain")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Finding]:
        asked = FindingQuestion.objects.filter(finding=OuterRef("pk"))
        found: QuerySet[Finding] = super().get_queryset(request)
        return found.prefetch_related("questions").annotate(
            is_asked=Exists(asked.filter(answered_at=None)),
            is_answered=Exists(asked.filter(answered_at__isnull=False, accepted_at=None)),
        )

    def buttons_for(self, record: Finding) -> tuple[str, ...]:
        return tuple(name for name, able in STEPS.items() if able(record))

    def withheld_from(self, record: Finding, actor: Actor) -> tuple[str, ...]:
        """Nobody asks, accepts or explains what is about their own access."""
        return tuple(STEPS) if record.account == actor.ref else ()

    @admin.display(description=_("account"), ordering="account")
    def account_shown(self, finding: Finding) -> str:
        return self.account_name(finding.account) if finding.account else "–"

    @admin.display(description=_("explained by"))
    def explained_by_shown(self, finding: Finding) -> str:
        return self.account_name(finding.explained_by) if finding.explained_by else "–"

    @admin.display(description=_("explained"), ordering="explained_at")
    def told(self, finding: Finding) -> SafeString:
        if finding.explained_at:
            return badge(_("explained"), "good")
        last = _last(finding)
        if last is None:
            return badge(pgettext("finding", "open"), "open")
        if last.answered_at:
            return badge(pgettext("finding", "answered"), "active")
        return format_html("{} {}", badge(pgettext("finding", "asked"), "wait"), due_badge(last.due_on, clock.today()))

    @admin.display(description=_("finding detail"))
    def noticed(self, finding: Finding) -> SafeString | str:
        told = ((capfirst(fact_label(name)), fact_text(value)) for name, value in sorted(finding.facts.items()))
        return format_html_join("", "<div>{}: {}</div>", told) or "–"

    @admin.display(description=_("entries"))
    def seen(self, finding: Finding) -> SafeString | str:
        links = ((reverse("admin:ledger_entry_change", args=[entry]), entry) for entry in finding.entries)
        return format_html_join(" ", '<a href="{}">{}</a>', links) or "–"

    @admin.display(description=_("asked of the account holder"))
    def asked(self, finding: Finding) -> SafeString | str:
        lines = (self._asked(one) for one in finding.questions.all())
        return format_html_join("", "<div><p>{}</p><p>{}</p></div>", lines) or "–"

    def _asked(self, one: FindingQuestion) -> tuple[str, str]:
        asked = f"{one.question} ({self.account_name(one.asked_by)}, {datetime_text(one.asked_at)})"
        if one.answered_at is None:
            return asked, str(_("Not answered. Due on %(day)s.")) % {"day": date_text(one.due_on)}
        said = f"→ {one.answer} ({datetime_text(one.answered_at)})"
        return asked, f"{said} · {_('accepted')}" if one.accepted_at else said

    @button(description=_("Ask the account holder"), permission=REVIEWER)
    def ask(self, request: HttpRequest, queryset: QuerySet[Finding]) -> HttpResponse | None:
        return self._for_each(
            request, queryset, "ask", ledger.ask_account_holder, _("The account holder has been asked."),
            title=_("Ask the account holder"), verb=_("Ask"), form_class=QuestionForm,
            consequences=[
                now_("The holder of each account finds the question under “My tasks” and has %(days)d days to answer.")
                % {"days": DAYS_TO_ANSWER},
                _("Question and answer stay with the finding and are printed on the review sheet."),
            ],
        )  # fmt: skip

    @button(description=_("Accept the answer"), permission=REVIEWER)
    def accept(self, request: HttpRequest, queryset: QuerySet[Finding]) -> HttpResponse | None:
        return self._for_each(
            request, queryset, "accept", ledger.accept_answer, _("The answer has been accepted."),
            title=_("Accept the answer"), verb=_("Accept"), form_class=AcceptForm, consequences=Answers(),
        )  # fmt: skip

    @button(description=_("Explain"), permission=REVIEWER)
    def explain(self, request: HttpRequest, queryset: QuerySet[Finding]) -> HttpResponse | None:
        one = queryset.count() == 1
        edits = (lambda finding: {"explanation": finding.explanation, "measure": finding.measure}) if one else None
        return self._for_each(
            request, queryset, "explain", ledger.explain_finding, _("The explanation has been saved."),
            title=_("Explain a finding"), verb=_("Save the explanation"), form_class=ExplanationForm, edits=edits,
            consequences=[_("The explanation stays with the finding and is printed on the review sheet.")],
        )  # fmt: skip

    def _for_each(
        self, request: HttpRequest, queryset: QuerySet[Finding], step: str, act: Callable[..., object], done: object,
        *, consequences: Any, **words: Any,
    ) -> HttpResponse | None:  # fmt: skip
        """Ask once, and act on each line that can take the step; those that can't are told in one sentence."""
        actor = request_actor(request)
        chosen = list(queryset)
        able = [one for one in chosen if len(chosen) == 1 or _is_next(step, one, actor)]
        left = len(chosen) - len(able)
        if left:
            messages.warning(request, _left_out(left))
        if not able:
            return None
        rows = queryset.filter(pk__in=[one.pk for one in able])
        told = list(consequences.of(able)) if isinstance(consequences, Answers) else consequences
        if isinstance(consequences, Answers):
            words["initial"] = {"read": consequences.read_of(able)}
        answers = confirm_action(self, request, rows, consequences=told, **words)
        if isinstance(answers, HttpResponse):
            return answers
        read = _parsed(answers.pop("read", ""))
        for finding in able:
            more = {"answer": read[str(finding.pk)]} if str(finding.pk) in read else {}
            verb = partial(act, finding=finding, **answers, **more, actor=actor, at=clock.now())
            run_action(self, request, verb, done, record=finding)
        return None


class Answers:
    """What the page before accepting says: each answer in its words, and what becomes of it."""

    def of(self, findings: list[Finding]) -> Iterator[object]:
        yield _("Each answer becomes the explanation of its finding and is printed on the review sheet.")
        for finding in findings:
            last = _last(finding)
            if last is not None and last.answered_at:
                yield f"{finding}: {last.answer}"

    def read_of(self, findings: list[Finding]) -> str:
        """Return which answer of each finding the page shows."""
        lasts = ((finding.pk, _last(finding)) for finding in findings)
        return " ".join(f"{finding}:{last.pk}" for finding, last in lasts if last is not None)


def _parsed(read: str) -> dict[str, UUID]:
    """Return the answers that were shown, by finding."""
    pairs = (one.split(":", 1) for one in read.split() if re.fullmatch(r"[0-9a-f-]{36}:[0-9a-f-]{36}", one))
    return {finding: UUID(answer) for finding, answer in pairs}


def _is_next(step: str, finding: Finding, actor: Actor) -> bool:
    """Whether a line among several takes the step: what is explained is not written over by the dozen."""
    explained = step == "explain" and finding.explained_at is not None
    return STEPS[step](finding) and finding.account != actor.ref and not explained


def _last(finding: Finding) -> FindingQuestion | None:
    asked = list(finding.questions.all())
    return asked[-1] if asked else None


def _is_open(finding: Finding) -> bool:
    return finding.review is None or finding.review.state not in CLOSED


def _can_be_asked(finding: Finding) -> bool:
    last = _last(finding)
    waits = last is not None and last.answered_at is None
    return _is_open(finding) and finding.has_holder and finding.explained_at is None and not waits


def _can_be_accepted(finding: Finding) -> bool:
    last = _last(finding)
    answered = last is not None and last.answered_at is not None and last.accepted_at is None
    return _is_open(finding) and finding.explained_at is None and answered


def _left_out(count: int) -> str:
    return ngettext(
        "%(count)d line was left out: it is about your own access, or not at this step.",
        "%(count)d lines were left out: they are about your own access, or not at this step.",
        count,
    ) % {"count": count}


# The buttons, the next step first, and of which finding each can be pressed.
STEPS: dict[str, Callable[[Finding], bool]] = {
    "accept": _can_be_accepted,
    "ask": _can_be_asked,
    "explain": _is_open,
}
