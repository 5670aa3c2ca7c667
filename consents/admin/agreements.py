"""Agreements and their texts: drafted, revised, published. A published text is only read."""

from functools import partial
from typing import Any, cast

from django import forms
from django.contrib import admin
from django.db.models import IntegerField, OuterRef, Prefetch, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from consents import actions as consents
from consents.actions.agreements import TEXT_FIELDS
from consents.models import Agreement, AgreementVersion, CurrentConsent
from privacy.accounts.actors import actor_of
from privacy.lib.console.confirm_action import confirm_action
from privacy.lib.console.read_only_admin import CHANGE_FORM_ONLY, ReadOnlyAdmin, button, run_action
from privacy.lib.console.second_person_step import SecondPersonStep
from privacy.lib.dates import clock
from privacy.lib.display import display_names
from privacy.lib.display.badges import state_badge

DRAFT, PUBLISH = "consents.draft_agreement", "consents.publish_agreement"
# Beyond this many, a list says only that there are more.
MAX_COUNTED = 10_000


class TextForm(forms.ModelForm[AgreementVersion]):
    """The words of a text; they may be incomplete until it is published."""

    class Meta:
        model = AgreementVersion
        fields = (*TEXT_FIELDS, "asks_again")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in TEXT_FIELDS:
            self.fields[name].required = False
            if isinstance(self.fields[name].widget, forms.Textarea):
                self.fields[name].widget.attrs["rows"] = 3


class PublishForm(forms.Form):
    """Which words were read before the button was pressed."""

    read = forms.CharField(widget=forms.HiddenInput)


def initial_text(version: AgreementVersion | None) -> dict[str, Any]:
    """Return what a form about a text starts with."""
    if version is None:
        return {"asks_again": True}
    return {name: getattr(version, name) for name in (*TEXT_FIELDS, "asks_again")}


def read_aloud(version: AgreementVersion) -> list[str]:
    """Return the words that are about to be published, each under its name: what is published is what is read."""
    asks = _("yes") if version.asks_again else _("no")
    named = {name: str(version._meta.get_field(name).verbose_name) for name in (*TEXT_FIELDS, "asks_again")}  # type: ignore[union-attr]
    words = [f"{named[name]}: {getattr(version, name)}" for name in TEXT_FIELDS if getattr(version, name).strip()]
    return [f"{named['asks_again']}: {asks}", *words]


class SubqueryCount(Subquery):
    """How many rows a question has, for each row of the one around it."""

    template = "(SELECT count(*) FROM (%(subquery)s) AS counted)"
    output_field = IntegerField()


def _limited(rows: QuerySet[CurrentConsent]) -> QuerySet[CurrentConsent, Any]:
    """These rows of one agreement, but never all of a big table."""
    return rows.filter(agreement=OuterRef("pk")).order_by().values("pk")[: MAX_COUNTED + 1]


def _count_text(count: int) -> str:
    return f"{MAX_COUNTED:,}+" if count > MAX_COUNTED else f"{count:,}"


@admin.register(Agreement)
class AgreementAdmin(ReadOnlyAdmin):
    explanation = _("What people can agree to, item by item. Nothing is ever preselected.")
    list_display = ("code", "kind", "required", "in_force", "agreed", "to_ask_again")
    fields = (
        "code", "kind", "required", "categories_named", "channel", "recipient", "in_force", "agreed", "to_ask_again",
    )  # fmt: skip
    readonly_fields = fields
    actions = ("draft_text",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Agreement]:
        """Ask for what every line shows in one question, and for their texts in another."""
        texts = Prefetch("versions", AgreementVersion.objects.offered(clock.now()), to_attr="texts_in_force")
        found: QuerySet[Agreement] = super().get_queryset(request)
        return found.prefetch_related(texts).annotate(
            agreed_number=SubqueryCount(_limited(CurrentConsent.objects.agreed().of_registered())),
            asked_number=SubqueryCount(_limited(CurrentConsent.objects.needing_reconsent())),
        )

    @admin.display(description=_("text in force"))
    def in_force(self, agreement: Agreement) -> str:
        versions: list[AgreementVersion] = agreement.texts_in_force  # type: ignore[attr-defined]
        return f"{versions[0].number} · {versions[0].title}" if versions else "–"

    @admin.display(description=_("agreed"))
    def agreed(self, agreement: Agreement) -> str:
        return _count_text(agreement.agreed_number)  # type: ignore[attr-defined]

    @admin.display(description=_("to be asked again"))
    def to_ask_again(self, agreement: Agreement) -> str:
        number = _count_text(agreement.asked_number)  # type: ignore[attr-defined]
        if number == "0":
            return number
        address = reverse("admin:consents_currentconsent_changelist")
        return format_html('<a href="{}?again=yes&amp;agreement__id__exact={}">{}</a>', address, agreement.pk, number)

    @admin.display(description=_("categories based on it"))
    def categories_named(self, agreement: Agreement) -> str:
        return (
            ", ".join(display_names.display_name("category", code, on=clock.today()) for code in agreement.categories)
            or "–"
        )

    @button(description=_("Draft a new text"), permission=DRAFT, locations=CHANGE_FORM_ONLY)
    def draft_text(self, request: HttpRequest, queryset: QuerySet[Agreement]) -> HttpResponse | None:
        agreement = queryset.first()
        if agreement is None:
            return None
        answers = confirm_action(
            self,
            request,
            queryset,
            title=_("Draft a new text"),
            verb=_("Save the draft"),
            consequences=[_("The public can't see drafts. Publishing a draft replaces the text in force.")],
            form_class=TextForm,
            initial=initial_text(agreement.versions.published().first()),
        )
        if isinstance(answers, HttpResponse):
            return answers
        verb = partial(consents.draft_text, agreement, words=answers, actor=actor_of(request), at=clock.now())
        run_action(self, request, verb, _("The draft has been saved in the list of agreement texts."))
        return None


@admin.register(AgreementVersion)
class AgreementVersionAdmin(ReadOnlyAdmin):
    explanation = _("Texts in Korean and English with the four notices. Once published, a text never changes.")
    list_display = ("__str__", "title_shown", "state_shown", "asks_again", "published_at", "superseded_at")
    list_filter = ("state",)
    list_select_related = ("agreement",)
    fields = (
        "agreement", "number", "state_shown", *TEXT_FIELDS, "item_codes", "purpose_codes", "asks_again", "digest",
        "drafted_by", "drafted_at", "published_by", "published_at", "superseded_at",
    )  # fmt: skip
    readonly_fields = cast(tuple[str, ...], fields)
    second_person = SecondPersonStep(
        PUBLISH, lambda record: record.state == AgreementVersion.State.DRAFT,
        rows={"state__exact": AgreementVersion.State.DRAFT.value},
    )  # fmt: skip
    actions = ("revise", "publish", "discard")

    @admin.display(description=_("state"), ordering="state")
    def state_shown(self, version: AgreementVersion) -> SafeString:
        return state_badge(version.state, version.get_state_display())

    @admin.display(description=_("title"))
    def title_shown(self, version: AgreementVersion) -> str:
        return version.title

    @button(description=_("Change the draft"), permission=DRAFT, locations=CHANGE_FORM_ONLY)
    def revise(self, request: HttpRequest, queryset: QuerySet[AgreementVersion]) -> HttpResponse | None:
        version = queryset.first()
        if version is None:
            return None
        answers = confirm_action(
            self,
            request,
            queryset,
            title=_("Change the draft"),
            verb=_("Save the draft"),
            consequences=[_("Only a draft can be changed.")],
            form_class=TextForm,
            edits=initial_text,
        )
        if isinstance(answers, HttpResponse):
            return answers
        verb = partial(consents.revise_text, version, words=answers, actor=actor_of(request), at=clock.now())
        run_action(self, request, verb, _("The draft has been saved."))
        return None

    @button(description=_("Publish"), permission=PUBLISH, locations=CHANGE_FORM_ONLY, step_up=True)
    def publish(self, request: HttpRequest, queryset: QuerySet[AgreementVersion]) -> HttpResponse | None:
        version = queryset.first()
        if version is None:
            return None
        answers = confirm_action(
            self,
            request,
            queryset,
            title=_("Publish the text"),
            verb=_("Publish"),
            consequences=[
                _("From now on, people are asked to agree to this text. It replaces the previous one."),
                _("It can't be changed afterwards."),
                _("If it asks again, everyone who agreed to an earlier text is asked for a new consent."),
                *read_aloud(version),
            ],
            form_class=PublishForm,
            initial={"read": consents.draft_digest(version)},
            dangerous=True,
        )
        if isinstance(answers, HttpResponse):
            return answers
        verb = partial(consents.publish_text, version, read=answers["read"], actor=actor_of(request), at=clock.now())
        run_action(self, request, verb, _("The text is in force."))
        return None

    @button(description=_("Discard the draft"), permission=DRAFT, locations=CHANGE_FORM_ONLY)
    def discard(self, request: HttpRequest, queryset: QuerySet[AgreementVersion]) -> HttpResponse | None:
        answers = confirm_action(
            self,
            request,
            queryset,
            title=_("Discard the draft"),
            verb=_("Discard"),
            consequences=[_("The draft is deleted.")],
            dangerous=True,
        )
        if isinstance(answers, HttpResponse):
            return answers
        for version in queryset:
            verb = partial(consents.discard_text, version, actor=actor_of(request), at=clock.now())
            run_action(self, request, verb, _("The draft has been discarded."))
        return None
