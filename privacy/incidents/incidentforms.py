"""Forms of the buttons on an incident's page."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from privacy.incidents.models import Complaint, Incident, Report
from privacy.policies import rulebook
from privacy.policies.models import PolicyVersion
from privacy.policies.models.language import in_language

LIST_LIMIT = 5 * 2**20


class MomentInput(forms.DateTimeInput):
    """A day and a time, by the browser's own control."""

    input_type = "datetime-local"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%dT%H:%M")


def moment(label: Any, *, required: bool = True, help_text: Any = "") -> forms.DateTimeField:
    """Return a field for a moment in Korean time."""
    return forms.DateTimeField(label=label, required=required, help_text=help_text, widget=MomentInput())


def words(label: Any, *, rows: int = 4, required: bool = True, help_text: Any = "") -> forms.CharField:
    """Return a field for a text of some lines."""
    return forms.CharField(
        label=label, required=required, help_text=help_text, max_length=8000,
        widget=forms.Textarea(attrs={"rows": rows}),
    )  # fmt: skip


class RecordForm(forms.Form):
    """What is known when an incident is noticed; the rest follows."""

    title = forms.CharField(
        label=_("What happened, in a few words"), max_length=200, help_text=_("Without personal information.")
    )
    kind = forms.ChoiceField(label=_("Kind"), choices=Incident.Kind.choices, widget=forms.RadioSelect)
    certainty = forms.ChoiceField(
        label=_("Certainty"), choices=Incident.Certainty.choices[:2], widget=forms.RadioSelect, initial="confirmed"
    )
    aware_at = moment(
        _("When did the company become aware?"),
        help_text=_("The 72 and 24 hours run from this moment, also at night, on weekends and on holidays."),
    )
    outside_access = forms.BooleanField(label=_("illegal access from outside"), required=False)
    intrusion = forms.BooleanField(label=_("intrusion into an online service (hacking and the like)"), required=False)
    sensitive = forms.BooleanField(label=_("sensitive or unique identification information"), required=False)
    complaint = forms.ModelChoiceField(
        Complaint.objects.none(), label=_("Complaint it became known by"), required=False
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen = self.fields["complaint"]
        assert isinstance(chosen, forms.ModelChoiceField)
        chosen.queryset = Complaint.objects.filter(incident=None).order_by("-received_at")


class DescribeForm(forms.ModelForm[Incident]):
    """Everything that becomes known, and the contents of the notice in both languages (B-03)."""

    items = forms.MultipleChoiceField(
        label=_("items"), required=False, widget=forms.CheckboxSelectMultiple,
        help_text=_("Leave empty while it is not known."),
    )  # fmt: skip

    class Meta:
        model = Incident
        fields = (
            "title", "kind", "occurred_from", "occurred_until", "outside_access", "intrusion", "sensitive", "recovered",
            "estimate", "items", "course_ko", "course_en", "advice_ko", "advice_en", "response_ko", "response_en",
        )  # fmt: skip
        widgets = {"occurred_from": MomentInput(), "occurred_until": MomentInput()} | {
            f"{name}_{language}": forms.Textarea(attrs={"rows": 4})
            for name in ("course", "advice", "response")
            for language in ("ko", "en")
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["items"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = list(_items())


def _items() -> Iterable[tuple[str, str]]:
    book = _book()
    for category in book.categories.values():
        for code, term in category.items.items():
            yield code, f"{in_language(category, 'name')}: {in_language(term, 'name')}"


class AffectedForm(forms.Form):
    """Whom it concerns: lines, a file, a category, or what an account opened."""

    lines = words(_("Data subjects, one reference a line"), required=False, help_text=_("Such as S-7F3K-92QX."))
    file = forms.FileField(
        label=_("Or a list as a file"), required=False, help_text=_("A text file, one reference a line, at most 5 MB.")
    )
    category = forms.ChoiceField(label=_("Or everybody of whom this is held"), required=False)
    account = forms.CharField(
        label=_("Or everybody whose data this account or gateway opened"), max_length=64, required=False,
        help_text=_("Its reference, such as U-7F3K-92QX, and the period."),
    )  # fmt: skip
    start = moment(_("From"), required=False)
    end = moment(_("Until"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["category"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", "–"), *categories()]

    def clean(self) -> dict[str, Any]:
        """Ask for exactly one way, whole."""
        given = super().clean() or {}
        file = given.get("file")
        if file and file.size > LIST_LIMIT:
            self.add_error("file", _("The file is larger than %(limit)d MB.") % {"limit": LIST_LIMIT // 2**20})
        ways = [name for name in ("lines", "file", "category", "account") if given.get(name)]
        if len(ways) != 1:
            raise forms.ValidationError(_("Choose one way to say whom it concerns."))
        if ways == ["account"] and not (given.get("start") and given.get("end")):
            self.add_error("start", _("Give the period."))
        return given


def categories() -> list[tuple[str, str]]:
    """Return the categories of the rulebook in force, by name."""
    return [(code, in_language(term, "name")) for code, term in _book().categories.items()]


def _book() -> rulebook.Rulebook:
    newest = PolicyVersion.objects.public().order_by("-effective_on").first()
    assert newest is not None  # a policy is in force from the first migration on
    return rulebook.read(newest)


class MeasureForm(forms.Form):
    what = words(_("What was done"))
    taken_at = moment(_("When"))


class WhyForm(forms.Form):
    why = words(_("How was a breach ruled out?"))


class DelayForm(forms.Form):
    delay = forms.ChoiceField(label=_("Because of"), choices=Incident.Delay.choices, widget=forms.RadioSelect)
    reason = words(_("Reason"))


class ReportForm(forms.Form):
    """To whom the form went."""

    duty = forms.ChoiceField(label=_("Duty"), choices=Report.Duty.choices, widget=forms.RadioSelect)
    authority = forms.ChoiceField(label=_("Authority"), choices=Report.Authority.choices, widget=forms.RadioSelect)
    reported_at = moment(_("When"))
    receipt = forms.CharField(label=_("Receipt number"), max_length=100, required=False)


class ReasonForm(forms.Form):
    reason = words(_("Reason"))


class ConclusionForm(forms.Form):
    conclusion = words(_("Conclusion: cause, effect, what changes"), rows=6)


class LinkForm(forms.Form):
    """The incident a complaint is about."""

    incident = forms.ModelChoiceField(Incident.objects.none(), label=_("incident"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen = self.fields["incident"]
        assert isinstance(chosen, forms.ModelChoiceField)
        chosen.queryset = Incident.objects.open()
