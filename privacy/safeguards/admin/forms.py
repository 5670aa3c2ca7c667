"""Forms of the console's buttons."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from privacy.accounts.display_names import name_with_reference
from privacy.lib.dates.form_fields import BoundedDateField, BoundedDateTimeField
from privacy.safeguards import staff_accounts
from privacy.safeguards.models import Area, Inspection, InspectionFinding, Measure, MediaMovement, Member
from privacy.safeguards.models.management_plans import Section
from privacy.safeguards.models.measures import Result


def date_field(**options: Any) -> BoundedDateField:
    return BoundedDateField(**options)


def datetime_field(**options: Any) -> BoundedDateTimeField:
    return BoundedDateTimeField(input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"], **options)


def text_field(rows: int = 3, **options: Any) -> forms.CharField:
    return forms.CharField(widget=forms.Textarea(attrs={"rows": rows}), **options)


class AccountField(forms.ChoiceField):
    """One of the people who work here; nobody where it may stay empty."""

    def __init__(self, **options: Any) -> None:
        super().__init__(choices=self._choices, **options)

    def _choices(self) -> list[tuple[str, str]]:
        return [("", "–"), *staff_accounts.account_choices()]


class DraftForm(forms.Form):
    """A new version of the plan."""

    reason = forms.CharField(label=_("Reason for the change"), max_length=300)


class SectionsForm(forms.Form):
    """The text of the plan: sixteen sections, any of which may stay empty while it is a draft."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for section in Section:
            self.fields[section.value] = text_field(6, label=section.label, max_length=20_000, required=False)


class EffectiveForm(forms.Form):
    """The day on which a plan takes effect, and what the approver was shown of it."""

    read = forms.CharField(widget=forms.HiddenInput)
    effective_on = date_field(label=_("Effective date"))


class AppointForm(forms.Form):
    """A member of the in-house organisation."""

    person = AccountField(label=_("Employee"))
    role = forms.ChoiceField(label=_("Role"), choices=Member.Role.choices, widget=forms.RadioSelect)
    duties = text_field(3, label=_("Duties in the organisation"), max_length=2_000)
    since = date_field(label=pgettext_lazy("appointment", "Since"))


class LastDayForm(forms.Form):
    """The last day of a membership."""

    until = date_field(label=_("Last day"))


class MeetingForm(forms.Form):
    """A planned meeting of the organisation."""

    topics = text_field(4, label=_("Agenda"), max_length=4_000)
    planned_on = date_field(label=_("Planned for"))


class MinutesForm(forms.Form):
    """What came out of a meeting, and who was there."""

    held_on = date_field(label=_("Held on"))
    attendees = forms.MultipleChoiceField(label=_("People present"), widget=forms.CheckboxSelectMultiple)
    decisions = text_field(6, label=_("Results and decisions"), max_length=8_000)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        known = dict.fromkeys(Member.objects.order_by("since", "id").values_list("person", flat=True))
        field = self.fields["attendees"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = [(one, name_with_reference(one)) for one in known]


class MeasureForm(forms.Form):
    """A new measure."""

    code = forms.SlugField(
        label=_("Code"), max_length=40, help_text=_("Short, in Latin letters, for example door-locks.")
    )
    title = forms.CharField(label=_("Measure"), max_length=160)
    kind = forms.ChoiceField(label=_("Kind"), choices=Measure.Kind.choices)
    clause = forms.CharField(label=_("Clause of the policy"), max_length=8, required=False)
    owner = AccountField(label=_("Responsible"))
    cycle_days = forms.IntegerField(label=_("Evidence interval (days)"), min_value=1, max_value=1_100, initial=90)


class OwnerForm(forms.Form):
    """Who answers for a measure, and how often."""

    owner = AccountField(label=_("Responsible"))
    cycle_days = forms.IntegerField(label=_("Evidence interval (days)"), min_value=1, max_value=1_100)


class EvidenceForm(forms.Form):
    """What a look at a measure showed."""

    result = forms.ChoiceField(label=_("Result"), choices=Result.choices)
    detail = text_field(4, label=_("Observation"), max_length=4_000)
    file = forms.FileField(
        label=_("File"),
        required=False,
        help_text=_("PDF, JPEG or PNG, at most 10 MB. It is scanned for malware and encrypted."),
    )


class InspectionForm(forms.Form):
    """A planned inspection."""

    kind = forms.ChoiceField(label=_("Kind"), choices=Inspection.Kind.choices)
    scope = text_field(3, label=_("Scope and criteria"), max_length=2_000)
    method = forms.CharField(label=_("Method"), max_length=200)
    inspector = AccountField(label=_("Inspector"))
    planned_on = date_field(label=_("Planned for"))


class HeldForm(forms.Form):
    """What an inspection showed."""

    held_on = date_field(label=_("Held on"))
    outcome = text_field(5, label=_("Result"), max_length=4_000)


class FindingForm(forms.Form):
    """Something not in order, and what is to be done."""

    criterion = forms.CharField(label=_("Criterion"), max_length=200)
    weight = forms.ChoiceField(label=_("Weight"), choices=InspectionFinding.Weight.choices)
    measure = forms.ModelChoiceField(label=_("Measure"), queryset=Measure.objects.active(), required=False)
    seen = text_field(3, label=_("What is not in order"), max_length=4_000)
    correction = text_field(3, label=_("Corrective action"), max_length=4_000)
    responsible = AccountField(label=_("To be done by"))
    due_on = date_field(label=_("Correct by"))


class DoneForm(forms.Form):
    """What was done about a finding."""

    done = text_field(4, label=_("What was done"), max_length=4_000)


class DueForm(forms.Form):
    """A new day for a finding."""

    due_on = date_field(label=_("Correct by"))


class AreaForm(forms.Form):
    """A new protected area."""

    code = forms.SlugField(label=_("Code"), max_length=40)
    title = forms.CharField(label=_("Area"), max_length=120)
    kind = forms.ChoiceField(label=_("Kind"), choices=Area.Kind.choices)
    place = forms.CharField(label=pgettext_lazy("area", "Place"), max_length=200)
    lock = forms.CharField(label=_("How it is locked"), max_length=200)
    keeper = AccountField(label=_("Responsible"))


class PermitForm(forms.Form):
    """Who may enter an area."""

    person = AccountField(label=_("Who"))
    reason = forms.CharField(label=_("Reason"), max_length=300)
    valid_from = date_field(label=_("From"))
    valid_until = date_field(label=_("Until"), required=False)


class EntryForm(forms.Form):
    """Who entered an area: an employee, or a visitor with an employee."""

    person = AccountField(label=_("Employee"), required=False)
    visitor_of = forms.CharField(
        label=_("or visitor of (organisation)"),
        max_length=120,
        required=False,
        help_text=_("Enter only the organisation. The visitor's name stays on the paper log at the entrance."),
    )
    companion = AccountField(label=_("Accompanied by"), required=False)
    purpose = forms.CharField(label=_("Purpose"), max_length=300)
    entered_at = datetime_field(label=_("In"))
    left_at = datetime_field(label=_("Out"), required=False)


class MovementForm(forms.Form):
    """A medium that is carried in or out."""

    medium = forms.CharField(label=_("Medium number"), max_length=60)
    kind = forms.CharField(label=_("Kind of medium"), max_length=60)
    direction = forms.ChoiceField(label=_("Direction"), choices=MediaMovement.Direction.choices)
    purpose = forms.CharField(label=_("Purpose"), max_length=300)
    carried_by = AccountField(label=_("Moved by"))
    encrypted = forms.BooleanField(label=_("Encrypted"), required=False)
    back_on = date_field(label=_("Return by"), required=False)


class ReportForm(forms.Form):
    """A year and a language for the annual report."""

    year = forms.IntegerField(label=_("Year"), min_value=2020, max_value=2100)
    language = forms.ChoiceField(label=_("Language"), choices=[("ko", _("Korean")), ("en", _("English"))])
    remarks = text_field(5, label=_("Remarks of the protection officer"), max_length=4_000, required=False)


class PresentedForm(forms.Form):
    """When the representative was given the report."""

    presented_on = date_field(label=_("Presented on"))
