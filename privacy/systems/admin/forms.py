"""What the console asks for connected systems and their tasks."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from privacy.accounts.models import User
from privacy.lib.dates import clock
from privacy.lib.dates.form_fields import BoundedDateField
from privacy.lib.errors.refusals import sentence
from privacy.policies import rulebook
from privacy.policies.categories import CONTACT, OFFICE_FILES
from privacy.policies.models.localized_fields import in_language
from privacy.subjects.models import Contact
from privacy.systems.actions.by_hand import DONE, KEPT, NOT_HELD
from privacy.systems.actions.register import LONGEST_TERM, TERMS
from privacy.systems.models import Act, ConnectedSystem, Identifier, SystemTask

TERM = "term_"


def _accounts() -> list[tuple[str, str]]:
    people = User.objects.filter(is_active=True).order_by("name")
    return [("", "–"), *((user.reference, f"{user.name} ({user.reference})") for user in people)]


def _items() -> list[tuple[str, str]]:
    """Return what a system can hold copies of: the items of the policy in force, and contacts."""
    named = [
        (f"{code}:{item}", f"{in_language(category, 'name')}: {in_language(row, 'name')}")
        for code, category in rulebook.in_force(clock.today()).categories.items()
        for item, row in category.items.items()
    ]
    return named + [(f"{CONTACT}:{kind.value}", f"{OFFICE_FILES[CONTACT]}: {kind.label}") for kind in Contact.Kind]


class ScopeForm(forms.Form):
    """What a system is asked for, and by what it finds people."""

    items = forms.MultipleChoiceField(label=_("Items"), choices=_items, widget=forms.CheckboxSelectMultiple)
    identifiers = forms.MultipleChoiceField(
        label=_("How people are found there"),
        choices=Identifier.choices,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Only these are sent to the system."),
    )

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        held: dict[str, list[str]] = {}
        for named in given.get("items", ()):
            category, _colon, item = named.partition(":")
            held.setdefault(category, []).append(item)
        given["items"] = held
        return given


class ScopeChangeForm(ScopeForm):
    """Another answer to both, and why."""

    reason = forms.CharField(label=_("Reason"), max_length=300)


class SystemForm(forms.Form):
    """How a system is called, whose it is, and its terms."""

    name_ko = forms.CharField(label=_("Name (Korean)"), max_length=120)
    name_en = forms.CharField(label=_("Name (English)"), max_length=120)
    owner = forms.ChoiceField(label=_("Owner"), choices=_accounts, help_text=_("Who answers for what the system does."))
    contact = forms.CharField(
        label=_("Contact of the owner"),
        max_length=200,
        help_text=_("Its department and telephone, no names of people."),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for act in Act:
            self.fields[f"{TERM}{act.value}"] = forms.IntegerField(
                label=sentence(_("Days to confirm: %(act)s"), act=act.label),
                min_value=1,
                max_value=LONGEST_TERM,
                initial=TERMS[act],
                help_text=sentence(_("Usually %(days)d."), days=TERMS[act]),
            )

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        given["terms"] = {name.removeprefix(TERM): given.pop(name) for name in list(given) if name.startswith(TERM)}
        return given


class RegisterForm(SystemForm, ScopeForm):
    """A new system."""

    code = forms.SlugField(
        label=_("Code"), max_length=40, help_text=_("Short, in Latin letters, for example mdm-server.")
    )
    way = forms.ChoiceField(
        label=_("How it takes part"), choices=ConnectedSystem.Way.choices, widget=forms.RadioSelect, initial="api"
    )
    begins_on = BoundedDateField(label=pgettext_lazy("system", "Holds copies since"))
    field_order = (
        "code", "name_ko", "name_en", "way", "begins_on", "owner", "contact", "items", "identifiers",
    )  # fmt: skip


class ConnectionForm(forms.Form):
    """Where a system answers and with which key."""

    address = forms.CharField(
        label=_("Base address"), max_length=300, help_text=_("https://host/path. The portal adds /v1/ and the verb.")
    )
    public_key = forms.CharField(
        label=_("Public key of its answers"), max_length=60, help_text=_("Ed25519: 32 bytes as base64, 44 characters.")
    )
    reason = forms.CharField(
        label=_("Reason"), max_length=300, help_text=_("Who gave you the address and the key, and how.")
    )


class EndForm(forms.Form):
    """The end of a system."""

    ended_on = BoundedDateField(label=_("Last day"))
    reason = forms.CharField(label=_("Why, and what became of the copies"), max_length=300)


class ReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(label=_("Reason"), max_length=300)


class DoneForm(forms.Form):
    """What the owner of a system did, with the evidence."""

    outcome = forms.ChoiceField(
        label=_("What became of it"),
        choices=[(DONE, _("Done as asked")), (NOT_HELD, _("Nothing is held there")), (KEPT, _("It is kept there"))],
        widget=forms.RadioSelect,
    )
    kept_because = forms.ChoiceField(
        label=_("Kept because of"), choices=[("", "–"), *SystemTask.Kept.choices], required=False
    )
    note = forms.CharField(
        label=_("How it was done and checked"), max_length=500, widget=forms.Textarea(attrs={"rows": 3})
    )
    backups_until = BoundedDateField(
        label=_("In backups until"), required=False, help_text=_("Empty if there are no backups of it.")
    )
    file = forms.FileField(
        label=_("Evidence"), help_text=_("PDF, JPEG or PNG, at most 10 MB. It is scanned for malware and encrypted.")
    )

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        file = given.pop("file", None)
        return {**given, "name": file.name, "content": file.read()} if file else given


def as_shown(system: ConnectedSystem) -> Mapping[str, Any]:
    """Return a system as the form about it shows it."""
    fields = ("name_ko", "name_en", "owner", "contact")
    return {
        **{name: getattr(system, name) for name in fields},
        **{f"{TERM}{act}": days for act, days in system.terms.items()},
    }


def scope_as_shown(system: ConnectedSystem) -> Mapping[str, Any]:
    """Return what a system is asked for as the form about it shows it."""
    named = [f"{category}:{item}" for category, items in system.items.items() for item in items]
    return {"items": named, "identifiers": system.identifiers}
