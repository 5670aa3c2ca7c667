"""Agreements and their texts: drafted, revised, published. A published text is only read."""

from functools import partial
from typing import Any, cast

from django import forms
from django.contrib import admin
from django.contrib.admin import ActionLocation
from django.db.models import IntegerField, OuterRef, Prefetch, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from consents import actions as consents
from consents.actions.texts import WORDS
from consents.models import Agreement, AgreementVersion, Standing
from privacy.accounts.console import actor_of
from privacy.lib import clock, names
from privacy.lib.admin import ReadOnlyAdmin, button, run_verb
from privacy.lib.asking import ask
from privacy.lib.badges import state_badge

DRAFT, PUBLISH = "consents.draft_agreement", "consents.publish_agreement"
# Beyond this many, a list says only that there are more.
MOST = 10_000
ON_PAGE = (ActionLocation.CHANGE_FORM,)


class TextForm(forms.ModelForm[AgreementVersion]):
    """The words of a text; they may be incomplete until it is published."""

    class Meta:
        model = AgreementVersion
        fields = (*WORDS, "asks_again")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in WORDS:
            self.fields[name].required = False
            if isinstance(self.fields[name].widget, forms.Textarea):
                self.fields[name].widget.attrs["rows"] = 3


def words_of(version: AgreementVersion | None) -> dict[str, Any]:
    """Return what a form about a text starts with."""
    if version is None:
        return {"asks_again": True}
    return {name: getattr(version, name) for name in (*WORDS, "asks_again")}


class Counted(Subquery):
    """How many rows a question has, for each row of the one around it."""

    template = "(SELECT count(*) FROM (%(subquery)s) AS counted)"
    output_field = IntegerField()


def _upto(rows: QuerySet[Standing]) -> QuerySet[Standing, Any]:
    """These rows of one agreement, but never all of a big table."""
    return rows.filter(agreement=OuterRef("pk")).order_by().values("pk")[: MOST + 1]


def _capped(count: int) -> str:
    return f"{MOST:,}+" if count > MOST else f"{count:,}"


@admin.register(Agreement)
class AgreementAdmin(ReadOnlyAdmin):
    explanation = _(
        "What people may agree to, each thing apart from every other (P3.6). Nothing is ever ticked for them."
    )
    list_display = ("code", "kind", "required", "in_force", "agreed", "to_ask_again")
    fields = (
        "code", "kind", "required", "categories_named", "channel", "recipient", "in_force", "agreed", "to_ask_again",
    )  # fmt: skip
    readonly_fields = fields
    actions = ("draft_text",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Agreement]:
        """Ask for what every line shows in one question, and for their texts in another."""
        texts = Prefetch("versions", AgreementVersion.objects.published(), to_attr="texts_in_force")
        found: QuerySet[Agreement] = super().get_queryset(request)
        return found.prefetch_related(texts).annotate(
            agreed_number=Counted(_upto(Standing.objects.agreed())),
            asked_number=Counted(_upto(Standing.objects.needing_a_new_one())),
        )

    @admin.display(description=_("text in force"))
    def in_force(self, agreement: Agreement) -> str:
        versions: list[AgreementVersion] = agreement.texts_in_force  # type: ignore[attr-defined]
        return f"{versions[0].number} · {versions[0].title}" if versions else "–"

    @admin.display(description=_("agreed"))
    def agreed(self, agreement: Agreement) -> str:
        return _capped(agreement.agreed_number)  # type: ignore[attr-defined]

    @admin.display(description=_("to be asked again"))
    def to_ask_again(self, agreement: Agreement) -> str:
        number = _capped(agreement.asked_number)  # type: ignore[attr-defined]
        if number == "0":
            return number
        address = reverse("admin:consents_standing_changelist")
        return format_html('<a href="{}?again=yes&amp;agreement__id__exact={}">{}</a>', address, agreement.pk, number)

    @admin.display(description=_("categories that rest on it"))
    def categories_named(self, agreement: Agreement) -> str:
        return ", ".join(names.of("category", code, on=clock.today()) for code in agreement.categories) or "–"

    @button(description=_("Draft a new text"), permission=DRAFT, locations=ON_PAGE)
    def draft_text(self, request: HttpRequest, queryset: QuerySet[Agreement]) -> HttpResponse | None:
        agreement = queryset.first()
        if agreement is None:
            return None
        answers = ask(
            self,
            request,
            queryset,
            title=_("Draft a new text"),
            verb=_("Keep the draft"),
            consequences=[_("Nobody sees a draft; it takes the place of the text in force when it is published.")],
            form_class=TextForm,
            initial=words_of(agreement.versions.published().first()),
        )
        if isinstance(answers, HttpResponse):
            return answers
        verb = partial(consents.draft_text, agreement, words=answers, actor=actor_of(request), at=clock.now())
        run_verb(self, request, verb, _("The draft is kept among the texts of agreements."))
        return None


@admin.register(AgreementVersion)
class AgreementVersionAdmin(ReadOnlyAdmin):
    explanation = _("Texts in Korean and English with the four notices. Once published, a text never changes.")
    list_display = ("__str__", "title_shown", "state_shown", "asks_again", "published_at", "superseded_at")
    list_filter = ("state",)
    list_select_related = ("agreement",)
    fields = (
        "agreement", "number", "state_shown", *WORDS, "item_codes", "purpose_codes", "asks_again", "digest",
        "drafted_by", "drafted_at", "published_by", "published_at", "superseded_at",
    )  # fmt: skip
    readonly_fields = cast(tuple[str, ...], fields)
    actions = ("revise", "publish", "discard")

    @admin.display(description=_("state"), ordering="state")
    def state_shown(self, version: AgreementVersion) -> SafeString:
        return state_badge(version.state, version.get_state_display())

    @admin.display(description=_("title"))
    def title_shown(self, version: AgreementVersion) -> str:
        return version.title

    @button(description=_("Change the draft"), permission=DRAFT, locations=ON_PAGE)
    def revise(self, request: HttpRequest, queryset: QuerySet[AgreementVersion]) -> HttpResponse | None:
        version = queryset.first()
        if version is None:
            return None
        answers = ask(
            self,
            request,
            queryset,
            title=_("Change the draft"),
            verb=_("Keep the draft"),
            consequences=[_("Only a draft can be changed.")],
            form_class=TextForm,
            initial=words_of(version),
        )
        if isinstance(answers, HttpResponse):
            return answers
        verb = partial(consents.revise_text, version, words=answers, actor=actor_of(request), at=clock.now())
        run_verb(self, request, verb, _("The draft is kept."))
        return None

    @button(description=_("Publish"), permission=PUBLISH, locations=ON_PAGE, step_up=True)
    def publish(self, request: HttpRequest, queryset: QuerySet[AgreementVersion]) -> HttpResponse | None:
        answers = ask(
            self,
            request,
            queryset,
            title=_("Publish the text"),
            verb=_("Publish"),
            consequences=[
                _("From now on people decide about this text; it takes the place of the one before."),
                _("It never changes again."),
                _("If it asks again, everybody who agreed to an earlier text is asked for a new consent (law C-09)."),
            ],
            dangerous=True,
        )
        if isinstance(answers, HttpResponse):
            return answers
        for version in queryset:
            verb = partial(consents.publish_text, version, actor=actor_of(request), at=clock.now())
            run_verb(self, request, verb, _("The text is in force."))
        return None

    @button(description=_("Discard the draft"), permission=DRAFT, locations=ON_PAGE)
    def discard(self, request: HttpRequest, queryset: QuerySet[AgreementVersion]) -> HttpResponse | None:
        answers = ask(
            self,
            request,
            queryset,
            title=_("Discard the draft"),
            verb=_("Discard"),
            consequences=[_("The draft is gone.")],
            dangerous=True,
        )
        if isinstance(answers, HttpResponse):
            return answers
        for version in queryset:
            verb = partial(consents.discard_text, version, actor=actor_of(request), at=clock.now())
            run_verb(self, request, verb, _("The draft is discarded."))
        return None
