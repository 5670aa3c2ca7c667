"""Third parties: registered, reached another way, retired; never deleted."""

from functools import partial

from django.contrib import admin
from django.contrib.admin import ActionLocation
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _

from privacy.accounts.console import actor_of
from privacy.disclosures import actions as disclosures
from privacy.disclosures import letters
from privacy.disclosures.forms import ChannelForm, PartyForm
from privacy.disclosures.models import ThirdParty
from privacy.lib import clock
from privacy.lib.admin import ReadOnlyAdmin, button, run_verb
from privacy.lib.asking import ask

PAGE = (ActionLocation.CHANGE_FORM,)
KEEP = "disclosures.keep_third_parties"


@admin.register(ThirdParty)
class ThirdPartyAdmin(ReadOnlyAdmin):
    explanation = _("Organisations outside that may receive personal information, and how notices reach them.")
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
        answers = ask(
            self, request, ThirdParty.objects.none(), title=_("Register a third party"), verb=_("Register"),
            form_class=PartyForm,
            consequences=[_("It can receive personal information once a disclosure is approved.")],
        )  # fmt: skip
        if isinstance(answers, TemplateResponse):
            return answers
        verb = partial(disclosures.register_party, actor=actor_of(request), at=clock.now(), **answers)
        run_verb(self, request, verb, _("The third party is registered."))
        return HttpResponseRedirect(reverse("admin:disclosures_thirdparty_changelist"))

    @button(description=_("Change how notices go"), permission=KEEP, locations=PAGE)
    def change_channel(self, request: HttpRequest, queryset: QuerySet[ThirdParty]) -> HttpResponse | None:
        party = queryset.get()
        answers = ask(
            self,
            request,
            queryset,
            title=_("Change how notices go"),
            verb=_("Change"),
            consequences=[_("Notices that wait go by the new way. A new webhook gets a new signing key.")],
            form_class=ChannelForm,
            initial={name: getattr(party, name) for name in ("channel", "mailbox", "webhook_url", "postal_address")},
        )
        if isinstance(answers, TemplateResponse):
            return answers
        verb = partial(disclosures.change_channel, party, actor=actor_of(request), at=clock.now(), **answers)
        run_verb(self, request, verb, _("Changed."))
        return None

    @button(description=_("Show the webhook key"), permission=KEEP, locations=PAGE, step_up=True)
    def show_key(self, request: HttpRequest, queryset: QuerySet[ThirdParty]) -> HttpResponse | None:
        party = queryset.get()
        context = {
            **self.admin_site.each_context(request),
            "title": _("Key of the webhook"),
            "opts": self.opts,
            "record": party,
            "how": _("The recipient checks our notices with this key. Give it by another way than the webhook."),
            "secret": letters.webhook_key(party),
        }
        return TemplateResponse(request, "admin/disclosures/once.html", context)

    @button(description=_("Retire"), permission=KEEP, locations=PAGE)
    def retire(self, request: HttpRequest, queryset: QuerySet[ThirdParty]) -> HttpResponse | None:
        answers = ask(
            self,
            request,
            queryset,
            title=_("Retire"),
            verb=_("Retire"),
            consequences=[_("Nothing more is provided to it. Notices about what it holds still go out.")],
        )
        if isinstance(answers, TemplateResponse):
            return answers
        verb = partial(disclosures.retire_party, queryset.get(), actor=actor_of(request), at=clock.now())
        run_verb(self, request, verb, _("Retired."))
        return None
