"""What the console and the staff pages ask about access."""

from datetime import date
from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from privacy.accounts.models import User
from privacy.accounts.roles import ROLE_NAMES
from privacy.accounts.scopes import known as scopes_known
from privacy.lib import names

DAY = {"type": "date"}
ROLE = "role:"


def scope_choices(on: date) -> list[tuple[str, Any]]:
    """Return everything that access can be granted to on a day: roles, then each category with its purposes."""
    roles = [(f"{ROLE}{code}", name) for code, name in ROLE_NAMES.items()]
    pairs: dict[str, list[tuple[str, str]]] = {}
    for category, purpose in sorted(scopes_known(on)):
        named = names.of("category", category, on=on)
        pairs.setdefault(named, []).append((f"{category}:{purpose}", names.of("purpose", purpose, on=on)))
    return [("", _("- Select an option -")), (str(_("Roles")), roles), *sorted(pairs.items())]


def scope_of(value: str) -> dict[str, str]:
    """Return role, or category and purpose, of a choice."""
    first, _colon, second = value.partition(":")
    return {"role": second} if value.startswith(ROLE) else {"category": first, "purpose": second}


class AccessForm(forms.Form):
    """What for, why, and from when until when (F-12)."""

    scope = forms.ChoiceField(label=_("Access to"))
    reason = forms.CharField(
        label=_("Why you need it"),
        max_length=400,
        min_length=4,
        widget=forms.Textarea({"rows": 3}),
        help_text=_("The task it is for. It stands in the register of access."),
    )
    valid_from = forms.DateField(label=_("From"), widget=forms.DateInput(DAY))
    valid_until = forms.DateField(label=_("Until"), widget=forms.DateInput(DAY))

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
    valid_until = forms.DateField(label=_("New last day"), widget=forms.DateInput(DAY))


class ConclusionForm(forms.Form):
    """What a review of access found."""

    conclusion = forms.CharField(label=_("Conclusion"), max_length=4_000, widget=forms.Textarea({"rows": 4}))


class AccountForm(forms.Form):
    """A person who begins to work with the portal."""

    name = forms.CharField(label=_("Name"), max_length=100)
    email = forms.EmailField(label=_("E-mail"))
    role = forms.ChoiceField(label=_("Role"), choices=lambda: tuple(ROLE_NAMES.items()), initial="employee")
    is_outside = forms.BooleanField(label=_("Works for another company"), required=False)
    password = forms.CharField(
        label=_("First password"),
        min_length=12,
        help_text=_("Hand it over in person; the person changes it at the first sign-in."),
        widget=forms.PasswordInput,
    )
