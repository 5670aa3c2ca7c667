"""Forms of the console's buttons."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from privacy.safeguards import people
from privacy.safeguards.models import Area, Inspection, Measure, MediaMovement, Nonconformity
from privacy.safeguards.models.measures import Result
from privacy.safeguards.models.plans import Section


def day(**options: Any) -> forms.DateField:
    return forms.DateField(widget=forms.DateInput(attrs={"type": "date"}), **options)


def moment(**options: Any) -> forms.DateTimeField:
    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    return forms.DateTimeField(widget=widget, input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"], **options)


def text(rows: int = 3, **options: Any) -> forms.CharField:
    return forms.CharField(widget=forms.Textarea(attrs={"rows": rows}), **options)


class PersonField(forms.ChoiceField):
    """One of the people who work here; nobody where it may stay empty."""

    def __init__(self, **options: Any) -> None:
        super().__init__(choices=self._choices, **options)

    def _choices(self) -> list[tuple[str, str]]:
        return [("", "–"), *people.choices()]


class DraftForm(forms.Form):
    """A new version of the plan."""

    reason = forms.CharField(label=_("Reason for the change"), max_length=300)


class SectionsForm(forms.Form):
    """The text of the plan: sixteen sections, any of which may stay empty while it is a draft."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for section in Section:
            self.fields[section.value] = text(6, label=section.label, max_length=20_000, required=False)


class EffectiveForm(forms.Form):
    """The day on which a plan takes effect."""

    effective_on = day(label=_("Effective date"))


class MeasureForm(forms.Form):
    """A new measure."""

    code = forms.SlugField(
        label=_("Code"), max_length=40, help_text=_("Short, in Latin letters, for example door-locks.")
    )
    title = forms.CharField(label=_("Measure"), max_length=160)
    kind = forms.ChoiceField(label=_("Kind"), choices=Measure.Kind.choices)
    clause = forms.CharField(
        label=_("Clause of the policy"), max_length=8, required=False, help_text=_("For example P8.6.")
    )
    owner = PersonField(label=_("Answers for it"))
    cycle_days = forms.IntegerField(label=_("Evidence every … days"), min_value=1, max_value=1_100, initial=90)


class OwnerForm(forms.Form):
    """Who answers for a measure, and how often."""

    owner = PersonField(label=_("Answers for it"))
    cycle_days = forms.IntegerField(label=_("Evidence every … days"), min_value=1, max_value=1_100)


class EvidenceForm(forms.Form):
    """What a look at a measure showed."""

    result = forms.ChoiceField(label=_("Result"), choices=Result.choices)
    detail = text(4, label=_("What was seen"), max_length=4_000)
    file = forms.FileField(
        label=_("File"), required=False, help_text=_("PDF, JPEG or PNG, at most 10 MB. It is scanned and sealed.")
    )


class InspectionForm(forms.Form):
    """A planned inspection."""

    kind = forms.ChoiceField(label=_("Kind"), choices=Inspection.Kind.choices)
    scope = text(3, label=_("Object and criteria"), max_length=2_000)
    method = forms.CharField(label=_("Method"), max_length=200)
    inspector = PersonField(label=_("Inspector"))
    planned_on = day(label=_("Planned for"))


class HeldForm(forms.Form):
    """What an inspection showed."""

    held_on = day(label=_("Held on"))
    outcome = text(5, label=_("Result"), max_length=4_000)


class FindingForm(forms.Form):
    """Something not in order, and what is to be done."""

    criterion = forms.CharField(label=_("Criterion"), max_length=200)
    weight = forms.ChoiceField(label=_("Weight"), choices=Nonconformity.Weight.choices)
    measure = forms.ModelChoiceField(label=_("Measure"), queryset=Measure.objects.active(), required=False)
    seen = text(3, label=_("What is not in order"), max_length=4_000)
    correction = text(3, label=_("Corrective action"), max_length=4_000)
    responsible = PersonField(label=_("To be done by"))
    due_on = day(label=_("Correct by"))


class DoneForm(forms.Form):
    """What was done about a finding."""

    done = text(4, label=_("What was done"), max_length=4_000)


class DueForm(forms.Form):
    """A new day for a finding."""

    due_on = day(label=_("Correct by"))


class AreaForm(forms.Form):
    """A new protected area."""

    code = forms.SlugField(label=_("Code"), max_length=40)
    title = forms.CharField(label=_("Area"), max_length=120)
    kind = forms.ChoiceField(label=_("Kind"), choices=Area.Kind.choices)
    place = forms.CharField(label=pgettext_lazy("area", "Place"), max_length=200)
    lock = forms.CharField(label=_("How it is locked"), max_length=200)
    keeper = PersonField(label=_("Answers for it"))


class PermitForm(forms.Form):
    """Who may enter an area."""

    person = PersonField(label=_("Who"))
    reason = forms.CharField(label=_("Reason"), max_length=300)
    valid_from = day(label=_("From"))
    valid_until = day(label=_("Until"), required=False)


class EntryForm(forms.Form):
    """Who entered an area: an employee, or a visitor with an employee."""

    person = PersonField(label=_("Employee"), required=False)
    visitor_of = forms.CharField(
        label=_("or visitor of (organisation)"),
        max_length=120,
        required=False,
        help_text=_("Only the organisation; the name stays on the sheet at the door."),
    )
    companion = PersonField(label=_("Accompanied by"), required=False)
    purpose = forms.CharField(label=_("Purpose"), max_length=300)
    entered_at = moment(label=_("In"))
    left_at = moment(label=_("Out"), required=False)


class MovementForm(forms.Form):
    """A medium that is carried in or out."""

    medium = forms.CharField(label=_("Number of the medium"), max_length=60)
    kind = forms.CharField(label=_("Kind of medium"), max_length=60)
    direction = forms.ChoiceField(label=_("Direction"), choices=MediaMovement.Direction.choices)
    purpose = forms.CharField(label=_("Purpose"), max_length=300)
    carried_by = PersonField(label=_("Carried by"))
    encrypted = forms.BooleanField(label=_("Encrypted"), required=False)
    back_on = day(label=_("Back by"), required=False)


class ReportForm(forms.Form):
    """A year and a language for the annual report."""

    year = forms.IntegerField(label=_("Year"), min_value=2020, max_value=2100)
    language = forms.ChoiceField(label=_("Language"), choices=[("ko", _("Korean")), ("en", _("English"))])
    remarks = text(5, label=_("Remarks of the protection officer"), max_length=4_000, required=False)


class PresentedForm(forms.Form):
    """When the representative was given the report."""

    presented_on = day(label=_("Presented on"))
