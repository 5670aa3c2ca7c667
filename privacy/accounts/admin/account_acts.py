"""Accounts to be opened and sign-ins to be reset: what one officer asked for and another decides."""

from __future__ import annotations

from functools import partial

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as now_
from django.utils.translation import gettext_lazy as _

from privacy.accounts import actions as accounts
from privacy.accounts.actors import actor_of
from privacy.accounts.forms import DecisionForm
from privacy.accounts.models import AccountAct
from privacy.lib.console.confirm_action import confirm_action
from privacy.lib.console.read_only_admin import CHANGE_FORM_ONLY, ReadOnlyAdmin, button, run_action
from privacy.lib.console.second_person_step import SecondPersonStep
from privacy.lib.dates import clock
from privacy.lib.display import badges

KEEP = "accounts.keep_accounts"


@admin.register(AccountAct)
class AccountActAdmin(ReadOnlyAdmin):
    explanation = _(
        "Accounts to open and sign-ins to reset. One officer requests, another approves. Then the person gets an "
        "invitation and sets their own password and second factor."
    )
    empty_hint = _("Nobody has requested an account or a reset.")
    list_display = ("reference", "kind", "whom", "role", "standing", "asker", "asked_at")
    list_filter = ("state", "kind")
    list_select_related = ("user",)
    fields = (
        "reference", "kind", "whom", "role", "is_outside", "reason", ("asker", "asked_at"), "standing",
        ("decider", "decided_at"), "decision",
    )  # fmt: skip
    readonly_fields = ("whom", "asker", "decider", "standing")
    second_person = SecondPersonStep(KEEP, lambda record: record.state == AccountAct.State.REQUESTED)
    actions = ("approve", "refuse")

    def buttons_for(self, record: AccountAct) -> tuple[str, ...]:
        return ("approve", "refuse") if record.state == AccountAct.State.REQUESTED else ()

    @admin.display(description=_("for whom"))
    def whom(self, act: AccountAct) -> str:
        return str(act.user) if act.user else f"{act.name} <{act.email}>" if act.email else "–"

    @admin.display(description=_("requested by"), ordering="asked_by")
    def asker(self, act: AccountAct) -> str:
        return self._name("account", act.asked_by)

    @admin.display(description=_("decided by"), ordering="decided_by")
    def decider(self, act: AccountAct) -> str:
        return self._name("account", act.decided_by) if act.decided_by else "–"

    @admin.display(description=_("state"), ordering="state")
    def standing(self, act: AccountAct) -> SafeString:
        return badges.state_badge(act.state, act.get_state_display())

    @button(description=_("Approve"), permission=KEEP, locations=CHANGE_FORM_ONLY, step_up=True)
    def approve(self, request: HttpRequest, queryset: QuerySet[AccountAct]) -> HttpResponse | None:
        act = queryset.get()
        if act.kind == AccountAct.Kind.OPEN:
            done = now_("%(who)s gets an account with the role %(role)s.") % {
                "who": self.whom(act),
                "role": act.get_role_display(),
            }
        else:
            done = now_("The password and second factors of %(who)s stop working, and all their sessions end.") % {
                "who": self.whom(act)
            }
        answers = confirm_action(
            self,
            request,
            queryset,
            title=_("Approve account request"),
            verb=_("Approve"),
            consequences=[
                done,
                _("They get an invitation at their own address and set a new password and second factor themselves."),
                _("Check with the person themselves that they need this. The register names you as the approver."),
            ],
            form_class=DecisionForm,
        )
        if isinstance(answers, TemplateResponse):
            return answers
        assert isinstance(answers, dict)
        verb = partial(accounts.approve_act, act, reason=answers["reason"], actor=actor_of(request), at=clock.now())
        run_action(self, request, verb, _("Approved. The person is invited by e-mail."))
        return None

    @button(description=_("Refuse"), permission=KEEP, locations=CHANGE_FORM_ONLY, step_up=True)
    def refuse(self, request: HttpRequest, queryset: QuerySet[AccountAct]) -> HttpResponse | None:
        answers = confirm_action(
            self,
            request,
            queryset,
            title=_("Refuse account request"),
            verb=_("Refuse"),
            consequences=[_("Nothing is done. The officer who made the request will see your reason.")],
            form_class=DecisionForm,
        )
        if isinstance(answers, TemplateResponse):
            return answers
        assert isinstance(answers, dict)
        verb = partial(
            accounts.refuse_act, queryset.get(), reason=answers["reason"], actor=actor_of(request), at=clock.now()
        )
        run_action(self, request, verb, _("Refused."))
        return None
