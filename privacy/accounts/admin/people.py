"""Accounts in the console: opened, and closed when somebody leaves."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin import ActionLocation
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as now_
from django.utils.translation import gettext_lazy as _

from privacy.accounts import actions as accounts
from privacy.accounts.console import actor_of
from privacy.accounts.forms import AccountForm, DecisionForm
from privacy.accounts.models import User
from privacy.accounts.permissions import roles_of
from privacy.accounts.roles import ROLE_NAMES
from privacy.accounts.signin import actions as signin
from privacy.lib import badges, clock, stepup
from privacy.lib.admin import ReadOnlyAdmin, button, run_verb
from privacy.lib.asking import ask
from privacy.lib.refusals import Refusal

PAGE = (ActionLocation.CHANGE_FORM,)


class DormantFilter(admin.SimpleListFilter):
    """Accounts that nobody has used for ``account.dormant.days``."""

    title = _("use")
    parameter_name = "dormant"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("dormant"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> QuerySet[User]:
        if self.value() != "yes":
            return queryset
        return queryset & User.objects.dormant(on=clock.today())


@admin.register(User)
class UserAdmin(ReadOnlyAdmin):
    explanation = _(
        "Everybody who works with the portal. What an account may do comes from the register of access alone: there "
        "are no groups, no permissions of single accounts and no superuser."
    )
    list_display = ("name", "email", "reference", "standing", "roles_shown", "last_login")
    list_filter = ("is_active", "is_outside", DormantFilter)
    fields = (
        "name", "email", "reference", "standing", "roles_shown", "lacks", "is_outside", "joined_at", "left_at",
        "last_login",
    )  # fmt: skip
    readonly_fields = ("standing", "roles_shown", "lacks")
    actions = ("reset_sign_in", "leave")
    change_list_template = "admin/accounts/user/change_list.html"

    def verbs_for(self, record: User) -> tuple[str, ...]:
        return ("reset_sign_in", "leave") if record.is_active else ()

    @admin.display(description=_("state"), ordering="is_active")
    def standing(self, user: User) -> SafeString:
        if not user.is_active:
            return badges.badge(_("closed"), "done")
        return (
            badges.badge(_("dormant"), "late") if user.is_dormant(clock.today()) else badges.badge(_("active"), "good")
        )

    @admin.display(description=_("roles"))
    def roles_shown(self, user: User) -> str:
        return ", ".join(str(ROLE_NAMES[role]) for role in sorted(roles_of(user, clock.today()))) or "–"

    @admin.display(description=_("before the vault opens"))
    def lacks(self, user: User) -> SafeString | str:
        lacking = user.shortfalls(clock.today())
        word = badges.badge(_("pledge and training are valid"), "good")
        return (
            format_html_join("", "<div>{} {}</div>", ((badges.badge(_("missing"), "late"), s.message) for s in lacking))
            or word
        )

    @button(description=_("Leaves the company"), permission="accounts.keep_accounts", locations=PAGE, step_up=True)
    def leave(self, request: HttpRequest, queryset: QuerySet[User]) -> HttpResponse | None:
        user = queryset.get()
        answers = ask(
            self,
            request,
            queryset,
            title=_("Close the account of a leaver"),
            verb=_("End everything now"),
            consequences=[
                now_("All access of %(name)s ends at once: %(grants)d grants, roles, open requests and sessions.")
                % {"name": user.name, "grants": user.grants.filter(revoked_at=None).count()},
                _("The account can't be used or opened again; the history stays in the register."),
                _("The leaving pledge is owed: let it be signed before, or register it from paper afterwards."),
            ],
            form_class=DecisionForm,
            dangerous=True,
        )
        if isinstance(answers, TemplateResponse):
            return answers
        assert isinstance(answers, dict)
        verb = partial(accounts.leave, user, why=answers["reason"], actor=actor_of(request), at=clock.now())
        run_verb(self, request, verb, _("The account is closed and all access has ended."))
        return None

    @button(
        description=_("Reset sign-in"),
        permission="accounts.reset_sign_in",
        locations=(ActionLocation.CHANGE_FORM,),
        step_up=True,
    )
    def reset_sign_in(self, request: HttpRequest, queryset: QuerySet[User]) -> HttpResponse | None:
        """For somebody who stands before the officer without password or second factor."""
        answers = ask(
            self,
            request,
            queryset,
            title=_("Reset sign-in"),
            verb=_("Reset sign-in"),
            consequences=[
                _("Their second factors are removed, every session of theirs ends, and they get a new password."),
                _("Make sure who stands before you: who has the new password is this person from now on."),
            ],
            dangerous=True,
        )
        if isinstance(answers, HttpResponse):
            return answers
        user, made = queryset.get(), []
        verb = partial(signin.reset, user, actor=actor_of(request), at=clock.now())
        if not run_verb(self, request, lambda: made.append(verb()), _("The sign-in is reset.")):
            return None
        context = {
            **self.admin_site.each_context(request),
            "title": _("The new password"),
            "opts": self.opts,
            "person": user,
            "password": made[0],
        }
        return TemplateResponse(request, "accounts/reset.html", context)

    def get_urls(self) -> list[URLPattern]:
        page = self.page(self.open_account, needs="accounts.keep_accounts")
        opening = path("open/", page, name="accounts_user_open")
        return [opening, *super().get_urls()]

    def open_account(self, request: HttpRequest) -> HttpResponse:
        """Open an account with its first role."""
        stepup.require(request)
        answers = ask(
            self,
            request,
            User.objects.none(),
            title=_("Open an account"),
            verb=_("Open the account"),
            consequences=[
                _("The role is put into the register of access with you as the approver."),
                _("The person signs the pledge and takes the training before the vault opens for them."),
            ],
            form_class=AccountForm,
        )
        if isinstance(answers, TemplateResponse):
            return answers
        assert isinstance(answers, dict)
        try:
            user = accounts.open_account(actor=actor_of(request), at=clock.now(), **answers)
        except Refusal as refusal:
            messages.error(request, str(refusal))
            return HttpResponseRedirect(reverse("admin:accounts_user_open"))
        messages.success(request, now_("The account is open."))
        return HttpResponseRedirect(reverse("admin:accounts_user_change", args=[user.pk]))
