"""What the console and the staff pages ask about access."""

from datetime import date
from typing import Any, cast

from django import forms
from django.contrib.auth.password_validation import password_validators_help_text_html, validate_password
from django.utils.translation import gettext_lazy as _

from privacy.accounts.actions.emergency_approvals import MIN_REASON_LENGTH
from privacy.accounts.models import EmergencyApproval, User
from privacy.accounts.roles import ROLE_NAMES
from privacy.accounts.scopes import grantable_scopes as scopes_known
from privacy.accounts.signin import second_factors
from privacy.lib.dates.clock import kst_date
from privacy.lib.dates.form_fields import BoundedDateField
from privacy.lib.display import badges, display_names

ROLE = "role:"


def scope_choices(on: date) -> list[tuple[str, Any]]:
    """Return everything that access can be granted to on a day: roles, then each category with its purposes."""
    roles = [(f"{ROLE}{code}", name) for code, name in ROLE_NAMES.items()]
    pairs: dict[str, list[tuple[str, str]]] = {}
    for category, purpose in sorted(scopes_known(on)):
        named = display_names.display_name("category", category, on=on)
        pairs.setdefault(named, []).append(
            (f"{category}:{purpose}", display_names.display_name("purpose", purpose, on=on))
        )
    return [("", _("- Select an option -")), (str(_("Roles")), roles), *sorted(pairs.items())]


def scope_of(value: str) -> dict[str, str]:
    """Return role, or category and purpose, of a choice."""
    first, _colon, second = value.partition(":")
    return {"role": second} if value.startswith(ROLE) else {"category": first, "purpose": second}


class ExplanationForm(forms.Form):
    """What an account holder says about their access that a review asks about."""

    answer = forms.CharField(
        label=_("Your explanation"),
        max_length=2_000,
        widget=forms.Textarea({"rows": 5}),
        help_text=_("Name the case or the task. Don't write anybody's name, number or other personal data."),
    )


class AccessForm(forms.Form):
    """What for, why, and from when until when (F-12)."""

    scope = forms.ChoiceField(label=_("Access to"))
    reason = forms.CharField(
        label=_("Why you need it"),
        max_length=400,
        min_length=4,
        widget=forms.Textarea({"rows": 3}),
        help_text=_("The task you need it for. It is shown in the access register."),
    )
    valid_from = BoundedDateField(label=_("From"))
    valid_until = BoundedDateField(label=_("Until"))

    def __init__(self, *args: Any, on: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(forms.ChoiceField, self.fields["scope"]).choices = scope_choices(on)

    def asked(self) -> dict[str, Any]:
        """What the verbs take."""
        kept = {name: self.cleaned_data[name] for name in ("reason", "valid_from", "valid_until")}
        return {**kept, **scope_of(self.cleaned_data["scope"])}


class GrantForm(AccessForm):
    """The same, for somebody else."""

    field_order = ("user",)
    user = forms.ModelChoiceField(label=_("For whom"), queryset=User.objects.none())

    def __init__(self, *args: Any, granter: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["user"].queryset = User.objects.filter(is_active=True).exclude(pk=granter.pk)  # type: ignore[attr-defined]
        self.fields["reason"].label = _("Why")


class DecisionForm(forms.Form):
    """Why it was decided so; the person reads it."""

    reason = forms.CharField(label=_("Reason"), max_length=400, min_length=2, widget=forms.Textarea({"rows": 3}))


class EndForm(DecisionForm):
    """Another end of a grant."""

    field_order = ("valid_until", "reason")
    valid_until = BoundedDateField(label=_("New last day"))


class ConclusionForm(forms.Form):
    """What a review of access found."""

    conclusion = forms.CharField(label=_("Conclusion"), max_length=4_000, widget=forms.Textarea({"rows": 4}))


class AccountForm(forms.Form):
    """A person who begins to work with the portal."""

    name = forms.CharField(label=_("Name"), max_length=100)
    email = forms.EmailField(label=_("E-mail"), help_text=_("The person's own address: the invitation goes there."))
    role = forms.ChoiceField(label=_("Role"), choices=lambda: tuple(ROLE_NAMES.items()), initial="employee")
    is_outside = forms.BooleanField(label=_("Works for another company"), required=False)
    reason = forms.CharField(label=_("Reason"), max_length=400, min_length=2, widget=forms.Textarea({"rows": 3}))


class InvitationForm(forms.Form):
    """The password that the owner of an account chooses, twice."""

    password = forms.CharField(
        label=_("New password"), strip=False, widget=forms.PasswordInput({"autocomplete": "new-password"})
    )
    again = forms.CharField(
        label=_("New password again"), strip=False, widget=forms.PasswordInput({"autocomplete": "new-password"})
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.fields["password"].help_text = password_validators_help_text_html()

    def clean(self) -> dict[str, Any]:
        """Take what is typed twice and strong enough for this person."""
        given: dict[str, Any] = super().clean() or {}
        if self.errors:
            return given
        if given["password"] != given["again"]:
            self.add_error("again", _("The two passwords differ. Type the same one twice."))
            return given
        try:
            validate_password(given["password"], self.user)
        except forms.ValidationError as error:
            self.add_error("password", error)
        return given


class AloneForm(forms.Form):
    """Why one officer goes on without a second person."""

    reason = forms.CharField(
        label=_("Why this can't wait, and why nobody else can approve"),
        min_length=MIN_REASON_LENGTH,
        max_length=1000,
        widget=forms.Textarea({"rows": 4}),
        help_text=_("The representative and all officers read it. Don't name data subjects."),
    )


class EmergencyReviewForm(forms.Form):
    """What the review of an approval by emergency found."""

    outcome = forms.ChoiceField(label=_("Outcome"), choices=EmergencyApproval.Outcome.choices, widget=forms.RadioSelect)
    note = forms.CharField(label=_("What you found"), max_length=1000, widget=forms.Textarea({"rows": 3}))


class RepresentativeForm(forms.Form):
    """The representative's answer behind a one-time link."""

    answer = forms.ChoiceField(label=_("Your answer"), widget=forms.RadioSelect)
    note = forms.CharField(
        label=_("What you found"), max_length=1000, required=False, widget=forms.Textarea({"rows": 3})
    )

    def __init__(self, *args: Any, about_emergency: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        yes, no = (_("Justified"), _("Not justified")) if about_emergency else (_("Yes, I confirm"), _("No"))
        cast(forms.ChoiceField, self.fields["answer"]).choices = [("yes", yes), ("no", no)]
        self.fields["note"].required = about_emergency


class FactorForm(forms.Form):
    """Which second factor of a colleague goes, and why."""

    factor = forms.TypedChoiceField(label=_("Second factor"), coerce=int)
    reason = forms.CharField(label=_("Reason"), max_length=400, min_length=4, widget=forms.Textarea({"rows": 3}))

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = cast(forms.TypedChoiceField, self.fields["factor"])
        field.choices = [
            (one.pk, f"{one.get_type_display()} · {badges.date_text(kst_date(one.created_at))}")
            for one in second_factors.factors_of(user.pk)
        ]
