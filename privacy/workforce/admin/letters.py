"""Letters of the representative in the console: recorded by one officer, read and confirmed by another."""

from __future__ import annotations

from functools import partial

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from privacy.accounts.actors import actor_of
from privacy.accounts.models import User
from privacy.lib.console.admin_add import add_record
from privacy.lib.console.confirm_action import confirm_action
from privacy.lib.console.read_only_admin import CHANGE_FORM_ONLY, ReadOnlyAdmin, button, run_action
from privacy.lib.console.second_person_step import ReadFirst, SecondPersonStep
from privacy.lib.dates import clock
from privacy.lib.dates.form_fields import BoundedDateField
from privacy.lib.display import badges
from privacy.lib.documents import upload_validation
from privacy.lib.http.downloads import attachment
from privacy.workforce import actions as workforce
from privacy.workforce.actions.letters import KEEP, last_read, scan_of
from privacy.workforce.models import ColleagueLetter


class LetterForm(forms.Form):
    """A letter of the representative about a colleague, as it came on paper."""

    user = forms.ModelChoiceField(label=_("Colleague"), queryset=User.objects.filter(is_active=True).order_by("name"))
    dated_on = BoundedDateField(label=_("Date of the letter"))
    letter = forms.FileField(label=_("Scan of the signed letter"), help_text=_("PDF, JPEG or PNG, up to 5 MB"))


class RefusalForm(forms.Form):
    """Why a letter is refused."""

    refused_for = forms.ChoiceField(label=_("Reason"), choices=ColleagueLetter.Refusal.choices)


@admin.register(ColleagueLetter)
class ColleagueLetterAdmin(ReadOnlyAdmin):
    explanation = _(
        "Signed letters in which the representative confirms who a colleague is. One officer records the scan, another "
        "reads and confirms it. With only one officer present, ask the representative by one-time link instead."
    )
    empty_hint = _("No letter has been recorded.")
    list_display = ("reference", "user", "dated_on", "recorder", "standing")
    list_select_related = ("user",)
    fields = (
        ("reference", "standing"), "user", "dated_on", ("recorder", "recorded_at"), ("reader", "read_at"),
        ("confirmer", "confirmed_at"), ("refuser", "refused_at", "refused_for"), "file_digest",
    )  # fmt: skip
    readonly_fields = ("recorder", "reader", "confirmer", "refuser", "standing")
    second_person = SecondPersonStep(
        KEEP,
        lambda letter: not (letter.confirmed_by or letter.refused_by),
        asked_by=lambda letter: letter.recorded_by,
        about=lambda letter: letter.user.ref,
        rows={"confirmed_by__exact": "", "refused_by__exact": ""},
        button="confirm_letter",
        read_first=ReadFirst(
            is_there=lambda letter: scan_of(letter) is not None,
            has_read=lambda letter, ref: last_read(letter, ref) is not None,
        ),
    )
    actions = ("read_letter", "confirm_letter", "refuse_letter")
    change_list_template = "admin/workforce/colleagueletter/change_list.html"

    def buttons_for(self, record: ColleagueLetter) -> tuple[str, ...]:
        decided = record.confirmed_by or record.refused_by
        return ("read_letter",) if decided else ("read_letter", "confirm_letter", "refuse_letter")

    @admin.display(description=_("recorded by"), ordering="recorded_by")
    def recorder(self, letter: ColleagueLetter) -> str:
        return self.account_name(letter.recorded_by)

    @admin.display(description=_("last read by"))
    def reader(self, letter: ColleagueLetter) -> str:
        return self.account_name(letter.read_by) if letter.read_by else "–"

    @admin.display(description=_("confirmed by"))
    def confirmer(self, letter: ColleagueLetter) -> str:
        return self.account_name(letter.confirmed_by) if letter.confirmed_by else "–"

    @admin.display(description=pgettext_lazy("letter", "refused by"))
    def refuser(self, letter: ColleagueLetter) -> str:
        return self.account_name(letter.refused_by) if letter.refused_by else "–"

    @admin.display(description=_("state"))
    def standing(self, letter: ColleagueLetter) -> SafeString:
        if letter.confirmed_by:
            return badges.badge(pgettext_lazy("letter", "confirmed"), "good")
        if letter.refused_by:
            return badges.badge(pgettext_lazy("letter", "refused"), "no")
        return badges.badge(_("to be confirmed by another officer"), "wait")

    @button(description=_("Read the letter"), permission=KEEP, locations=CHANGE_FORM_ONLY)
    def read_letter(self, request: HttpRequest, queryset: QuerySet[ColleagueLetter]) -> HttpResponse | None:
        letter = queryset.get()
        opened: list[tuple[bytes, str]] = []
        verb = lambda: opened.append(workforce.open_letter(letter, actor=actor_of(request), at=clock.now()))  # noqa: E731
        if not run_action(self, request, verb, _("The document was opened, and this was recorded.")):
            return None
        content, media_type = opened[0]
        name = f"{letter.reference}.{upload_validation.EXTENSIONS[media_type]}"
        return attachment(content, media_type=media_type, name=name)

    @button(description=_("Confirm the letter"), permission=KEEP, locations=CHANGE_FORM_ONLY, step_up=True)
    def confirm_letter(self, request: HttpRequest, queryset: QuerySet[ColleagueLetter]) -> HttpResponse | None:
        answers = confirm_action(
            self,
            request,
            queryset,
            title=_("Confirm a letter of the representative"),
            verb=_("Confirm the letter"),
            consequences=[
                _(
                    "You have read the letter. It is signed by the representative and names this colleague and the "
                    "date."
                ),
                _(
                    "Once confirmed, this person and anyone involved in their account may approve for each other "
                    "again without waiting."
                ),
            ],
        )
        if isinstance(answers, TemplateResponse):
            return answers
        verb = partial(workforce.confirm_letter, queryset.get(), actor=actor_of(request), at=clock.now())
        run_action(self, request, verb, _("The letter is confirmed."))
        return None

    @button(description=_("Refuse the letter"), permission=KEEP, locations=CHANGE_FORM_ONLY)
    def refuse_letter(self, request: HttpRequest, queryset: QuerySet[ColleagueLetter]) -> HttpResponse | None:
        answers = confirm_action(
            self,
            request,
            queryset,
            form_class=RefusalForm,
            title=_("Refuse a letter of the representative"),
            verb=_("Refuse the letter"),
            consequences=[
                _(
                    "The letter does not count. If its date or colleague was recorded wrongly, its scan can be "
                    "recorded again with the right details."
                )
            ],
        )
        if isinstance(answers, TemplateResponse):
            return answers
        verb = partial(workforce.refuse_letter, queryset.get(), actor=actor_of(request), at=clock.now(), **answers)
        run_action(self, request, verb, _("The letter is refused."))
        return None

    def get_urls(self) -> list[URLPattern]:
        page = path("record/", self.page(self.record_page, needs=KEEP), name="workforce_colleagueletter_record")
        return [page, *super().get_urls()]

    def record_page(self, request: HttpRequest) -> HttpResponse:
        """Record a letter that came on paper."""
        form = LetterForm(request.POST or None, request.FILES or None)

        def make() -> ColleagueLetter:
            given = dict(form.cleaned_data)
            file = given.pop("letter")
            return workforce.record_letter(
                name=file.name, content=file.read(), actor=actor_of(request), at=clock.now(), **given
            )

        return add_record(
            self, request, form, make,
            title=_("Record a letter of the representative"),
            verb=pgettext_lazy("verb", "Record"),
            consequences=[
                _("The scan is encrypted. Keep the paper."),
                _("It counts only once another officer has read and confirmed it."),
            ],
            success=_("Recorded. Another officer must read and confirm it."),
        )  # fmt: skip
