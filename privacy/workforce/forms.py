"""What employees fill in: the signature under a pledge, and the quiz of a course."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from privacy.workforce.models import Course


class SignatureForm(forms.Form):
    """Read, typed name, password: the three together are the signature."""

    read = forms.BooleanField(label=_("I have read the pledge and will keep it."))
    typed_name = forms.CharField(
        label=_("Your name, as your signature"), max_length=100, widget=forms.TextInput({"autocomplete": "name"})
    )
    password = forms.CharField(
        label=_("Your password"),
        strip=False,
        help_text=_("This confirms that it is you who is signing."),
        widget=forms.PasswordInput({"autocomplete": "current-password"}),
    )

    def __init__(self, *args: Any, name: str, **options: Any) -> None:
        """``name`` is the signer's, as the account has it: the page shows what has to be typed."""
        super().__init__(*args, **options)
        self.fields["typed_name"].help_text = _("Type your name as it appears in your account: %(name)s.") % {
            "name": name
        }


class QuizForm(forms.Form):
    """The questions of a course, each with its choices."""

    def __init__(self, *args: Any, course: Course, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.course = course
        for number, question in enumerate(course.asked()):
            self.fields[f"question_{number}"] = forms.TypedChoiceField(
                label=f"{number + 1}. {question['text']}",
                choices=list(enumerate(question["choices"])),
                coerce=int,
                widget=forms.RadioSelect,
            )

    def answers(self) -> dict[int, int]:
        """The chosen answer of each question, by its number."""
        return {number: self.cleaned_data[f"question_{number}"] for number in range(len(self.course.questions))}
