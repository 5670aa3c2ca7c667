"""Accounts in the console: opened, and closed when somebody leaves."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.db.models import Exists, OuterRef, Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as now_
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext, pgettext_lazy

from privacy.accounts import actions as accounts
from privacy.accounts.actors import actor_of
from privacy.accounts.forms import AccountForm, DecisionForm, FactorForm
from privacy.accounts.models import AccessGrant, User
from privacy.accounts.roles import ROLE_NAMES
from privacy.lib.console.confirm_action import confirm_action
from privacy.lib.console.read_only_admin import CHANGE_FORM_ONLY, ReadOnlyAdmin, button, run_action
from privacy.lib.dates import clock
from privacy.lib.display import badges
from privacy.lib.http import step_up_authentication


class DormantFilter(admin.SimpleListFilter):
    """Accounts that nobody has used for ``account.dormant.days``."""

    title = _("activity")
    parameter_name = "dormant"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("dormant"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> QuerySet[User]:
        if self.value() != "yes":
            return queryset
        return queryset.filter(pk__in=User.objects.dormant(on=clock.today()))


@admin.register(User)
class UserAdmin(ReadOnlyAdmin):
    explanation = _(
        "Everyone who uses the portal. An account's permissions come only from the access "
        "register: there are no groups, individual permissions or superusers."
    )
    list_display = ("name", "email", "reference", "standing", "roles_shown", "last_login")
    list_filter = ("is_active", "is_outside", DormantFilter)
    fields = (
        "name", "email", "reference", "standing", "roles_shown", "lacks", "is_outside", "joined_at", "left_at",
        "last_login",
    )  # fmt: skip
    readonly_fields = ("standing", "roles_shown", "lacks")
    actions = ("reset_sign_in", "remove_factor", "confirm_colleague", "leave")
    change_list_template = "admin/accounts/user/change_list.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Ask once for all rows who has which role today, and whose account nobody has used."""
        today = clock.today()
        roles = Prefetch("grants", AccessGrant.objects.in_period(on=today).exclude(role=""), to_attr="roles_today")
        unused = Exists(User.objects.dormant(on=today).filter(pk=OuterRef("pk")))
        found: QuerySet[User] = super().get_queryset(request)
        return found.annotate(unused=unused).prefetch_related(roles)

    def buttons_for(self, record: User) -> tuple[str, ...]:
        return ("reset_sign_in", "remove_factor", "confirm_colleague", "leave") if record.is_active else ()

    @admin.display(description=_("state"), ordering="is_active")
    def standing(self, user: User) -> SafeString:
        if not user.is_active:
            return badges.badge(pgettext_lazy("account", "closed"), "done")
        unused = getattr(user, "unused", False)
        return badges.badge(_("dormant"), "late") if unused else badges.badge(_("active"), "good")

    @admin.display(description=_("roles"))
    def roles_shown(self, user: User) -> str:
        roles = {grant.role for grant in getattr(user, "roles_today", ())}
        return ", ".join(str(ROLE_NAMES[role]) for role in sorted(roles)) or "–"

    @admin.display(description=_("before viewing personal data"))
    def lacks(self, user: User) -> SafeString | str:
        lacking = user.shortfalls(clock.today())
        word = badges.badge(_("pledge and training are valid"), "good")
        return (
            format_html_join("", "<div>{} {}</div>", ((badges.badge(_("missing"), "late"), s.message) for s in lacking))
            or word
        )

    @button(
        description=_("Record departure"),
        permission="accounts.keep_accounts",
        locations=CHANGE_FORM_ONLY,
        step_up=True,
    )
    def leave(self, request: HttpRequest, queryset: QuerySet[User]) -> HttpResponse | None:
        user = queryset.get()
        grants = user.grants.living(on=clock.today()).count()
        answers = confirm_action(
            self,
            request,
            queryset,
            title=_("Close a leaver's account"),
            verb=_("End everything now"),
            consequences=[
                ngettext(
                    "All access of %(name)s ends at once: %(grants)d role or grant, open requests and sessions.",
                    "All access of %(name)s ends at once: %(grants)d roles and grants, open requests and sessions.",
                    grants,
                )
                % {"name": user.name, "grants": grants},
                _("The account can't be used or reopened. Its history stays in the register."),
                _(
                    "A leaver must sign the leaving pledge. Have it signed first, or register the "
                    "paper pledge afterwards."
                ),
            ],
            form_class=DecisionForm,
            dangerous=True,
        )
        if isinstance(answers, TemplateResponse):
            return answers
        assert isinstance(answers, dict)
        verb = partial(accounts.deactivate_user, user, why=answers["reason"], actor=actor_of(request), at=clock.now())
        run_action(self, request, verb, _("The account has been closed and all access has ended."))
        return None

    @button(
        description=_("Reset sign-in"),
        permission="accounts.reset_sign_in",
        locations=CHANGE_FORM_ONLY,
        step_up=True,
    )
    def reset_sign_in(self, request: HttpRequest, queryset: QuerySet[User]) -> HttpResponse | None:
        """Ask for a reset, for somebody who has lost password or second factor."""
        answers = confirm_action(
            self,
            request,
            queryset,
            title=_("Reset sign-in"),
            verb=_("Request reset"),
            consequences=[
                _("Nothing changes until another officer approves it."),
                _("Then their password and second factors stop working, and all their sessions end."),
                _("They get an invitation at their own address and set a new password and second factor themselves."),
            ],
            form_class=DecisionForm,
            dangerous=True,
        )
        if isinstance(answers, TemplateResponse):
            return answers
        assert isinstance(answers, dict)
        verb = partial(
            accounts.ask_reset, queryset.get(), reason=answers["reason"], actor=actor_of(request), at=clock.now()
        )
        run_action(self, request, verb, _("Requested. Another officer must approve it."))
        return None

    @button(
        description=_("Remove a second factor"),
        permission="accounts.reset_sign_in",
        locations=CHANGE_FORM_ONLY,
        step_up=True,
    )
    def remove_factor(self, request: HttpRequest, queryset: QuerySet[User]) -> HttpResponse | None:
        """Ask that one of several second factors be removed, of somebody who lost it."""
        user = queryset.get()
        answers = confirm_action(
            self,
            request,
            queryset,
            title=_("Remove a second factor"),
            verb=_("Request removal"),
            consequences=[
                _("Nothing changes until another officer approves it."),
                _("The person keeps their password and other second factors and is told by e-mail."),
            ],
            form_class=partial(FactorForm, user=user),  # type: ignore[arg-type]
        )
        if isinstance(answers, TemplateResponse):
            return answers
        assert isinstance(answers, dict)
        verb = partial(accounts.ask_factor_removal, user, **answers, actor=actor_of(request), at=clock.now())
        run_action(self, request, verb, _("Requested. Another officer must approve it."))
        return None

    @button(
        description=_("Ask the representative to confirm"),
        permission="accounts.keep_accounts",
        locations=CHANGE_FORM_ONLY,
        step_up=True,
    )
    def confirm_colleague(self, request: HttpRequest, queryset: QuerySet[User]) -> HttpResponse | None:
        """Ask the representative whether a colleague is who they are, so that they count as a second person again."""
        answers = confirm_action(
            self,
            request,
            queryset,
            title=_("Ask the representative to confirm a colleague"),
            verb=_("Ask the representative"),
            consequences=[
                _("The representative gets a one-time link by e-mail at their own address."),
                _(
                    "Once confirmed, this person and anyone involved in their account may "
                    "approve for each other again without waiting."
                ),
            ],
            form_class=DecisionForm,
        )
        if isinstance(answers, TemplateResponse):
            return answers
        assert isinstance(answers, dict)
        verb = partial(
            accounts.ask_confirmation, queryset.get(), reason=answers["reason"], actor=actor_of(request), at=clock.now()
        )
        run_action(self, request, verb, _("The representative is being asked by e-mail."))
        return None

    def get_urls(self) -> list[URLPattern]:
        page = self.page(self.open_account, needs="accounts.keep_accounts")
        opening = path("open/", page, name="accounts_user_open")
        return [opening, *super().get_urls()]

    def open_account(self, request: HttpRequest) -> HttpResponse:
        """Ask for an account with its first role."""
        step_up_authentication.require(request)
        answers = confirm_action(
            self,
            request,
            User.objects.none(),
            title=_("Open an account"),
            verb=_("Request account"),
            consequences=[
                _("Another officer must approve it. The account isn't created until then."),
                _("The person then gets an invitation by e-mail and sets password and second factor themselves."),
                _("The person must sign the pledge and take the training before they can view personal data."),
            ],
            form_class=AccountForm,
        )
        if isinstance(answers, TemplateResponse):
            return answers
        assert isinstance(answers, dict)
        made = accounts.ask_account(actor=actor_of(request), at=clock.now(), **answers)
        messages.success(request, now_("Requested. Another officer must approve it."))
        return HttpResponseRedirect(reverse("admin:accounts_accountact_change", args=[made.pk]))
