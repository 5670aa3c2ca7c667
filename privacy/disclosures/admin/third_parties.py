"""Third parties: registered, reached another way, retired; never deleted."""

from functools import partial
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from privacy.accounts.actors import actor_of
from privacy.disclosures import actions as disclosures
from privacy.disclosures.admin.forms import ChannelForm, ThirdPartyForm
from privacy.disclosures.models import ThirdParty
from privacy.lib.console.confirm_action import confirm_action
from privacy.lib.console.read_only_admin import CHANGE_FORM_ONLY, ReadOnlyAdmin, button, run_action
from privacy.lib.dates import clock

KEEP = "disclosures.keep_third_parties"


@admin.register(ThirdParty)
class ThirdPartyAdmin(ReadOnlyAdmin):
    explanation = _("External organisations that may receive personal information, and how notices reach them.")
    empty_hint = _("Register a third party before anything can be provided to it.")
    list_display = ("title", "reference", "kind", "channel", "contract", "created_at", "retired_at")
    list_filter = ("kind", "channel")
    fields = (
        ("reference", "code"), "title", ("kind", "contract"), "language", ("channel", "mailbox", "webhook_url"),
        "postal_address", ("created_at", "retired_at"),
    )  # fmt: skip
    actions = ("change_channel", "show_key", "retire")
    change_list_template = "admin/disclosures/thirdparty/change_list.html"

    def get_urls(self) -> list[URLPattern]:
        new = path("register/", self.page(self.register, needs=KEEP), name="disclosures_thirdparty_register")
        return [new, *super().get_urls()]

    def register(self, request: HttpRequest) -> HttpResponse:
        """Register a third party."""
        answers = confirm_action(
            self, request, ThirdParty.objects.none(), title=_("Register a third party"),
            verb=pgettext_lazy("verb", "Register"),
            form_class=ThirdPartyForm,
            consequences=[_("It can receive personal information once a disclosure is approved.")],
        )  # fmt: skip
        if isinstance(answers, TemplateResponse):
            return answers
        verb = partial(disclosures.register_party, actor=actor_of(request), at=clock.now(), **answers)
        run_action(self, request, verb, _("The third party has been registered."))
        return HttpResponseRedirect(reverse("admin:disclosures_thirdparty_changelist"))

    @button(description=_("Change how notices are sent"), permission=KEEP, locations=CHANGE_FORM_ONLY)
    def change_channel(self, request: HttpRequest, queryset: QuerySet[ThirdParty]) -> HttpResponse | None:
        party = queryset.get()
        answers = confirm_action(
            self,
            request,
            queryset,
            title=_("Change how notices are sent"),
            verb=_("Change"),
            consequences=[_("Waiting notices use the new channel. A new webhook gets a new signing key.")],
            form_class=ChannelForm,
            edits=_reached,
        )
        if isinstance(answers, TemplateResponse):
            return answers
        verb = partial(disclosures.change_channel, party, actor=actor_of(request), at=clock.now(), **answers)
        run_action(self, request, verb, _("Changed."))
        return None

    @button(description=_("Show the webhook key"), permission=KEEP, locations=CHANGE_FORM_ONLY, step_up=True)
    def show_key(self, request: HttpRequest, queryset: QuerySet[ThirdParty]) -> HttpResponse | None:
        party = queryset.get()
        shown: list[str] = []
        verb = lambda: shown.append(disclosures.show_webhook_key(party, actor=actor_of(request), at=clock.now()))  # noqa: E731
        if not run_action(self, request, verb, _("The key was shown, and this was recorded.")):
            return None
        context = {
            **self.admin_site.each_context(request),
            "title": _("Webhook key"),
            "opts": self.opts,
            "record": party,
            "how": _(
                "The recipient verifies our notices with this key. Send it through a channel other than the webhook."
            ),
            "secret": shown[0],
        }
        return TemplateResponse(request, "admin/disclosures/once.html", context)

    @button(description=_("Retire"), permission=KEEP, locations=CHANGE_FORM_ONLY)
    def retire(self, request: HttpRequest, queryset: QuerySet[ThirdParty]) -> HttpResponse | None:
        answers = confirm_action(
            self,
            request,
            queryset,
            title=_("Retire"),
            verb=_("Retire"),
            consequences=[
                _(
                    "Nothing more will be provided to this recipient. Notices about what it already "
                    "holds are still sent."
                )
            ],
        )
        if isinstance(answers, TemplateResponse):
            return answers
        verb = partial(disclosures.retire_party, queryset.get(), actor=actor_of(request), at=clock.now())
        run_action(self, request, verb, _("Retired."))
        return None


def _reached(party: ThirdParty) -> dict[str, Any]:
    """Return how notices reach a third party, as the form about it shows it."""
    return {name: getattr(party, name) for name in ("channel", "mailbox", "webhook_url", "postal_address")}
