"""What the console asks about pledges and training."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from privacy.accounts.models import User
from privacy.lib.dates.form_fields import BoundedDateField
from privacy.workforce.models import Course, PledgeText
from privacy.workforce.models.pledges import Occasion


class TextForm(forms.Form):
    """The words of a pledge in both languages."""

    occasion = forms.ChoiceField(label=_("Occasion"), choices=Occasion.choices)
    title_ko = forms.CharField(label=_("Title (Korean)"), max_length=120)
    words_ko = forms.CharField(label=_("Text (Korean)"), widget=forms.Textarea({"rows": 10}))
    title_en = forms.CharField(label=_("Title (English)"), max_length=120)
    words_en = forms.CharField(label=_("Text (English)"), widget=forms.Textarea({"rows": 10}))


class DayForm(forms.Form):
    """From which day, or until which."""

    day = BoundedDateField(label=_("Day"))


class PaperForm(forms.Form):
    """A pledge that somebody signed on paper."""

    user = forms.ModelChoiceField(label=_("Who signed"), queryset=User.objects.order_by("name"))
    text = forms.ModelChoiceField(label=_("Which text"), queryset=PledgeText.objects.approved())
    typed_name = forms.CharField(label=_("Name under the pledge"), max_length=100)
    signed_on = BoundedDateField(label=_("Signed on"))
    scan = forms.FileField(label=_("Scan of the paper"), help_text=_("PDF, JPEG or PNG, up to 5 MB"))


class PlanForm(forms.Form):
    """The training of a year (F-14)."""

    year = forms.IntegerField(label=_("Year"), min_value=2020, max_value=2100)
    aim = forms.CharField(label=_("Aim"), widget=forms.Textarea({"rows": 2}))
    audience = forms.CharField(label=_("For whom"), widget=forms.Textarea({"rows": 2}))
    content = forms.CharField(label=_("Content"), widget=forms.Textarea({"rows": 3}))
    method = forms.CharField(label=_("Method"), widget=forms.Textarea({"rows": 2}))
    schedule = forms.CharField(label=_("Schedule"), widget=forms.Textarea({"rows": 2}))


class CourseForm(forms.Form):
    """A course: titles and, in-house, the material and the quiz.

    The quiz is written a line for each question and each choice: ``? Korean | English`` asks, ``* …`` is the right
    choice, ``- …`` a wrong one.
    """

    code = forms.SlugField(label=_("Code"), max_length=40)
    kind = forms.ChoiceField(label=_("Kind"), choices=Course.Kind.choices)
    title_ko = forms.CharField(label=_("Title (Korean)"), max_length=120)
    title_en = forms.CharField(label=_("Title (English)"), max_length=120)
    material_ko = forms.CharField(label=_("Material (Korean)"), required=False, widget=forms.Textarea({"rows": 6}))
    material_en = forms.CharField(label=_("Material (English)"), required=False, widget=forms.Textarea({"rows": 6}))
    quiz = forms.CharField(
        label=_("Quiz"),
        required=False,
        widget=forms.Textarea({"rows": 8}),
        help_text=_("One per line: “? question”, “* correct choice”, “- wrong choice”; Korean | English."),
    )
    pass_mark = forms.IntegerField(label=_("Pass mark (percent)"), min_value=1, max_value=100, initial=80)
    offered_from = BoundedDateField(label=_("Offered from"))

    def clean_quiz(self) -> list[dict[str, Any]]:
        """Return the questions as the course keeps them."""
        questions: list[dict[str, Any]] = []
        for line in filter(None, map(str.strip, self.cleaned_data["quiz"].splitlines())):
            mark, _space, words = line.partition(" ")
            korean, _bar, english = (part.strip() for part in words.partition("|"))
            if mark not in {"?", "*", "-"} or not korean or not english or (mark != "?" and not questions):
                raise forms.ValidationError(_("This line can't be read: %(line)s"), params={"line": line})
            if mark == "?":
                questions.append({"text_ko": korean, "text_en": english, "choices": [], "right": None})
                continue
            if mark == "*":
                questions[-1]["right"] = len(questions[-1]["choices"])
            questions[-1]["choices"].append({"ko": korean, "en": english})
        if any(question["right"] is None or len(question["choices"]) < 2 for question in questions):
            raise forms.ValidationError(_("Each question needs at least two choices, one of them correct."))
        return questions

    def words(self) -> dict[str, Any]:
        """What the verb takes."""
        kept = {name: value for name, value in self.cleaned_data.items() if name != "quiz"}
        return {**kept, "questions": self.cleaned_data["quiz"]}


class SessionForm(forms.Form):
    """A session of a course."""

    held_on = BoundedDateField(label=_("Day"))
    place = forms.CharField(label=_("Place"), max_length=120)
    trainer = forms.CharField(label=_("Trainer"), max_length=120)


class AttendanceForm(forms.Form):
    """Who was there."""

    people = forms.ModelMultipleChoiceField(
        label=_("Who attended"),
        queryset=User.objects.filter(is_active=True).order_by("name"),
        widget=forms.CheckboxSelectMultiple,
    )


class CertificateForm(forms.Form):
    """An outside course and its certificate."""

    user = forms.ModelChoiceField(
        label=pgettext_lazy("course", "Who"), queryset=User.objects.filter(is_active=True).order_by("name")
    )
    course = forms.ModelChoiceField(label=_("Course"), queryset=Course.objects.filter(kind=Course.Kind.OUTSIDE))
    completed_on = BoundedDateField(label=_("Completed on"))
    certificate = forms.FileField(label=_("Certificate"), help_text=_("PDF, JPEG or PNG, up to 5 MB"))
