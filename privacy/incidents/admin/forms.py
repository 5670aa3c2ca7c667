"""Forms of the buttons on an incident's page."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from privacy.incidents import breach_scope
from privacy.incidents.models import Complaint, Incident, Report
from privacy.lib.dates.form_fields import BoundedDateTimeField, NativeDateTimeInput

MAX_LIST_BYTES = 5 * 2**20


def moment_field(label: Any, *, required: bool = True, help_text: Any = "") -> BoundedDateTimeField:
    """Return a field for a moment in Korean time."""
    return BoundedDateTimeField(label=label, required=required, help_text=help_text)


def text_field(label: Any, *, rows: int = 4, required: bool = True, help_text: Any = "") -> forms.CharField:
    """Return a field for a text of some lines."""
    return forms.CharField(
        label=label, required=required, help_text=help_text, max_length=8000,
        widget=forms.Textarea(attrs={"rows": rows}),
    )  # fmt: skip


class RecordForm(forms.Form):
    """What is known when an incident is noticed; the rest follows."""

    title = forms.CharField(
        label=_("What happened, briefly"), max_length=200, help_text=_("Don't include personal information.")
    )
    kind = forms.ChoiceField(label=_("Kind"), choices=Incident.Kind.choices, widget=forms.RadioSelect)
    certainty = forms.ChoiceField(
        label=_("Certainty"), choices=Incident.Certainty.choices[:2], widget=forms.RadioSelect, initial="confirmed"
    )
    aware_at = moment_field(
        _("When did the company become aware?"),
        help_text=_("The deadlines run from this moment, including nights, weekends and holidays."),
    )
    outside_access = forms.BooleanField(label=_("illegal access from outside"), required=False)
    intrusion = forms.BooleanField(label=_("intrusion into an online service (hacking and the like)"), required=False)
    sensitive = forms.BooleanField(label=_("sensitive or unique identification information"), required=False)
    complaint = forms.ModelChoiceField(Complaint.objects.none(), label=_("Complaint that revealed it"), required=False)
    submission = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen = self.fields["complaint"]
        assert isinstance(chosen, forms.ModelChoiceField)
        chosen.queryset = Complaint.objects.filter(incident=None).order_by("-received_at")


MOMENTS = ("occurred_from", "occurred_until", "intrusion_aware_at")


class DescribeForm(forms.ModelForm[Incident]):
    """What becomes known of it. It offers what is held on the day ``on``, and the items ``kept`` from another day."""

    on: date
    kept: Sequence[str] = ()
    items = forms.MultipleChoiceField(
        label=_("items"), required=False, widget=forms.CheckboxSelectMultiple,
        help_text=_("Leave empty if it is not yet known."),
    )  # fmt: skip

    class Meta:
        model = Incident
        fields = (
            "title", "kind", "occurred_from", "occurred_until", "outside_access", "intrusion", "intrusion_aware_at",
            "sensitive", "recovered", "estimate", "items",
        )  # fmt: skip
        field_classes: ClassVar = dict.fromkeys(MOMENTS, BoundedDateTimeField)
        help_texts: ClassVar = {
            "recovered": _("Only if the route of the breach was found, too."),
            "intrusion_aware_at": _(
                "When the company became aware that the incident is an intrusion. The reporting deadline runs from "
                "then."
            ),
        }
        widgets: ClassVar = {name: NativeDateTimeInput() for name in MOMENTS}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["items"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = breach_scope.item_choices(self.on, also=self.kept)


class NoticeForm(forms.ModelForm[Incident]):
    """The contents of the notice to people, in both languages (B-03)."""

    class Meta:
        model = Incident
        fields = ("course_ko", "advice_ko", "response_ko", "course_en", "advice_en", "response_en")
        widgets: ClassVar = {name: forms.Textarea(attrs={"rows": 4}) for name in fields}


class AffectedForm(forms.Form):
    """Whom it concerns: lines, a file, a kind of data held on the day ``on``, or what an account opened."""

    on: date
    lines = text_field(
        _("People, one reference per line"), required=False,
        help_text=_("Data subjects (S-7F3K-92QX), case numbers, complaints (Q-7F3K-92QX), employees (U-7F3K-92QX)."),
    )  # fmt: skip
    file = forms.FileField(
        label=_("Or a list as a file"),
        required=False,
        help_text=_("A text file with one reference per line, at most 5 MB."),
    )
    held = forms.ChoiceField(label=_("Or everyone about whom this is held"), required=False)
    account = forms.CharField(
        label=_("Or everyone whose data this account or gateway opened"), max_length=64, required=False,
        help_text=_("The account's reference, such as U-7F3K-92QX, and the period."),
    )  # fmt: skip
    start = moment_field(_("From"), required=False)
    end = moment_field(_("Until"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["held"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", "–"), *breach_scope.holding_choices(self.on)]

    def clean_account(self) -> str:
        """Return the reference as accounts and gateways have it, in capitals; a job's name (``system:…``) has none."""
        typed: str = self.cleaned_data["account"]
        return typed if ":" in typed else typed.upper()

    def clean(self) -> dict[str, Any]:
        """Ask for exactly one way, whole."""
        given = super().clean() or {}
        file = given.get("file")
        if file and file.size > MAX_LIST_BYTES:
            self.add_error("file", _("The file is larger than %(limit)d MB.") % {"limit": MAX_LIST_BYTES // 2**20})
        # One that can't be taken was chosen all the same.
        ways = [name for name in ("lines", "file", "held", "account") if given.get(name) or name in self.errors]
        if len(ways) != 1:
            raise forms.ValidationError(_("Choose only one way to identify the people affected."))
        if ways == ["account"]:
            self._check_period(given.get("start"), given.get("end"))
        return given

    def _check_period(self, start: datetime | None, end: datetime | None) -> None:
        if start is not None and end is not None:
            if end < start:
                self.add_error("end", _("The period ends before it begins. Choose a later end date."))
        elif "start" not in self.errors and "end" not in self.errors:
            self.add_error("start", _("Enter the period."))


class MeasureForm(forms.Form):
    what = text_field(_("What was done"))
    taken_at = moment_field(_("When"))


class RuleOutForm(forms.Form):
    why = text_field(_("How was a breach ruled out?"))


class ConfirmForm(forms.Form):
    confirmed_at = moment_field(_("When was the breach confirmed?"))


class DelayForm(forms.Form):
    """What the notice waits for: it offers what that of this incident may wait for."""

    grounds: Sequence[Incident.Delay] = ()
    delay = forms.ChoiceField(label=_("Because of"), widget=forms.RadioSelect)
    reason = text_field(_("Reason"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = self.fields["delay"]
        assert isinstance(offered, forms.ChoiceField)
        offered.choices = [(ground.value, ground.label) for ground in self.grounds]


class DelayEndForm(forms.Form):
    ended_at = moment_field(_("When did the reason end?"))


class ReportForm(forms.Form):
    """To whom the form went."""

    duty = forms.ChoiceField(label=_("Duty"), choices=Report.Duty.choices, widget=forms.RadioSelect)
    authority = forms.ChoiceField(label=_("Authority"), choices=Report.Authority.choices, widget=forms.RadioSelect)
    reported_at = moment_field(_("When"))
    receipt = forms.CharField(label=_("Receipt number"), max_length=100, required=False)
    partial = forms.BooleanField(
        label=_("The report did not yet state the items, or when and how it happened: a supplement will follow"),
        required=False,
    )


class ReasonForm(forms.Form):
    reason = text_field(_("Reason"))


class ConclusionForm(forms.Form):
    conclusion = text_field(_("Conclusion: cause, effect, what changes"), rows=6)


class LinkForm(forms.Form):
    """The incident a complaint is about."""

    incident = forms.ModelChoiceField(Incident.objects.none(), label=_("incident"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen = self.fields["incident"]
        assert isinstance(chosen, forms.ModelChoiceField)
        chosen.queryset = Incident.objects.open()
