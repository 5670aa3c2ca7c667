"""What the console asks before its buttons act on a case."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext as now_
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from privacy.accounts import permissions
from privacy.lib.console.read_form import ReadForm
from privacy.lib.dates import clock
from privacy.lib.dates.form_fields import BoundedDateField
from privacy.rights import grounds, letters
from privacy.rights.forms import RequestForm
from privacy.rights.models import GROUNDS_WITH_LAW, Objection, Request, Right


class VerifyForm(forms.Form):
    """How the identity was settled, and about which record."""

    method = forms.ChoiceField(
        label=_("Identity"),
        choices=[
            (Request.IdentityMethod.DOCUMENTS, Request.IdentityMethod.DOCUMENTS.label),
            (Request.IdentityMethod.DEVICE, Request.IdentityMethod.DEVICE.label),
        ],
        widget=forms.RadioSelect,
    )
    record = forms.CharField(
        label=_("Record (if different from the match)"),
        required=False,
        max_length=16,
        help_text=_("The device's reference, such as D-7F3K-92QX."),
    )
    authority = forms.ChoiceField(
        label=_("Proof of authority"),
        required=False,
        choices=[("", _("not a representative")), *Request.Authority.choices],
        help_text=_(
            "Needed for a request by a legal representative or an agent (Personal Information Protection Act, art. 38)."
        ),
    )
    authority_until = BoundedDateField(label=_("Mandate ends"), required=False)


class AttachForm(forms.Form):
    """A document that the requester showed at the desk or sent by letter."""

    document = forms.FileField(label=_("Document"), help_text=_("PDF, JPEG or PNG, at most 10 MB."))


class RefuseForm(ReadForm):
    """Ground, law and words of a refusal, whole or in part; grounds that no right of the case has are not offered."""

    right = forms.ChoiceField(label=_("Right"), widget=forms.RadioSelect)
    excluded = forms.MultipleChoiceField(
        label=_("Refuse only these parts"),
        required=False,
        help_text=_(
            "Select only the parts to refuse; the rest is granted. If you select nothing, the whole right is refused."
        ),
        widget=forms.CheckboxSelectMultiple,
    )
    ground = forms.ChoiceField(label=_("Ground"), widget=forms.RadioSelect)
    law = forms.CharField(
        label=_("Law and article"),
        required=False,
        max_length=200,
        help_text=_("Needed if the ground is a law. It is shown to the requester."),
    )
    termination_asked = forms.BooleanField(
        label=_("We asked whether the contract was terminated and got no clear answer"), required=False
    )
    explanation = forms.CharField(
        label=_("Explanation for the requester"),
        required=False,
        max_length=2000,
        help_text=_("It is encrypted, and appears in the answer together with how to object."),
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    rights: list[Right] = []
    parts: list[tuple[str, str]] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["right"].choices = right_choices(self.rights)  # type: ignore[attr-defined]
        self.fields["excluded"].choices = self.parts  # type: ignore[attr-defined]
        today = clock.today()
        offered = dict.fromkeys(ground for right in self.rights for ground in grounds.offered(right.kind, today))
        self.fields["ground"].choices = [(ground.value, ground.label) for ground in offered]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        chosen = next((right for right in self.rights if str(right.position) == given.get("right")), None)
        ground = given.get("ground")
        held = grounds.offered(chosen.kind, clock.today()) if chosen is not None else []
        if held and ground and ground not in held:
            labels = ", ".join(f"“{one.label}”" for one in held)
            self.add_error(
                "ground", _("This right can be refused only on these grounds: %(grounds)s.") % {"grounds": labels}
            )
        for name, why in lacking(ground, law=given.get("law"), termination_asked=given.get("termination_asked")):
            self.add_error(name, why)
        return given


def lacking(ground: str | None, *, law: str | None, termination_asked: bool | None) -> Iterator[tuple[str, str]]:
    """Yield what a ground of refusal needs and was not given: the field, and why."""
    if ground in GROUNDS_WITH_LAW and not (law or "").strip():
        yield "law", now_("Cite the law and its article.")
    if ground == Right.Ground.CONTRACT and not termination_asked:
        yield "termination_asked", now_("This ground applies only if the person was asked.")


class ReportContentForm(forms.Form):
    """The right content of one report, in the form in which devices send it."""

    content = forms.CharField(
        label=_("What the report should say"),
        help_text=_("JSON, as devices send it. It is encrypted, and applied exactly as entered once granted."),
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 12, "spellcheck": "false"}),
    )


class ResubmissionForm(forms.Form):
    """What a requester says once more, where it never arrived."""

    name = forms.CharField(label=_("Requester's name"), required=False, max_length=100)
    email = forms.EmailField(label=_("E-mail address"), required=False, max_length=200)
    phone = forms.CharField(label=_("Phone number"), required=False, max_length=40)
    address = forms.CharField(label=_("Postal address"), required=False, max_length=300)
    claimed = forms.CharField(label=_("Number given"), max_length=64)
    explanation = forms.CharField(
        label=_("Explanation"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 4})
    )

    corrections: list[Right] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for right in self.corrections:
            self.fields[f"wanted_{right.position}"] = forms.CharField(
                label=letters.right_name(right, on=right.request.received_on), max_length=200
            )

    @staticmethod
    def said(given: Mapping[str, Any]) -> dict[str, Any]:
        """Return the answers as the verb takes them."""
        contact = {name: given[name] for name in ("name", "email", "phone", "address") if given[name]}
        wanted = {int(name[7:]): text for name, text in given.items() if name.startswith("wanted_")}
        return {
            "contact": contact, "wanted": wanted, "claimed": given["claimed"], "explanation": given["explanation"]
        }  # fmt: skip


class ChooseRightForm(ReadForm):
    """Which rights of the case a button acts on."""

    rights = forms.MultipleChoiceField(label=_("Rights"), widget=forms.CheckboxSelectMultiple)

    offered: list[Right] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["rights"].choices = right_choices(self.offered)  # type: ignore[attr-defined]
        self.fields["rights"].initial = [str(right.position) for right in self.offered]

    def chosen(self, positions: Iterable[str]) -> list[Right]:
        """Return the rights with these numbers."""
        wanted = set(positions)
        return [right for right in self.offered if str(right.position) in wanted]


class StopForm(ChooseRightForm):
    """Which destructions are stopped, and why."""

    reason = forms.CharField(label=_("Reason"), max_length=300, help_text=_("Kept as a note on the case."))


class PostponeForm(forms.Form):
    """Why access is put off, and until when the reason is expected to last (law R-09)."""

    reason = forms.CharField(label=_("Reason"), max_length=300, help_text=_("The requester is told."))
    expected_on = BoundedDateField(label=_("Expected until"))


class ReasonEndedForm(forms.Form):
    """The day on which the reason for putting access off ended (law R-10)."""

    ended_on = BoundedDateField(label=_("Day the reason ended"))


class AssignForm(forms.Form):
    """Who takes the case."""

    to = forms.ChoiceField(label=_("Assign to"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = permissions.users_with_role("officer", "handler")
        self.fields["to"].choices = [(user.reference, user.name) for user in people.order_by("name")]  # type: ignore[attr-defined]


class FeeForm(forms.Form):
    """Actual cost (law R-28)."""

    fee_won = forms.IntegerField(label=_("Fee (won)"), min_value=0, max_value=10_000_000, initial=0)
    postage_won = forms.IntegerField(label=_("Postage (won)"), min_value=0, max_value=10_000_000, initial=0)
    cause_with_controller = forms.BooleanField(label=_("The company caused the request: no fee"), required=False)


class DuplicateForm(forms.Form):
    """With which earlier request a case is joined."""

    to = forms.ChoiceField(label=_("Earlier request"), widget=forms.RadioSelect)

    offered: list[tuple[str, str]] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["to"].choices = self.offered  # type: ignore[attr-defined]


class NoteForm(forms.Form):
    """A note of the office on a case."""

    text = forms.CharField(
        label=pgettext_lazy("noun", "Note"), max_length=2000, widget=forms.Textarea(attrs={"rows": 5})
    )


class ObjectionDecisionForm(forms.Form):
    """How an objection is decided."""

    outcome = forms.ChoiceField(label=_("Result"), choices=Objection.Outcome.choices[1:], widget=forms.RadioSelect)
    explanation = forms.CharField(
        label=_("Explanation for the requester"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )


class UnreadObjectionForm(ObjectionDecisionForm):
    """How an objection is decided without a document that does not open."""

    unread_reason = forms.CharField(
        label=_("Why you decide without the document that can't be opened"),
        max_length=500,
        help_text=_("It is kept as a note on the case."),
    )


class ReceiveForm(RequestForm):
    """A request that came by another way, written down by the office: the public form with channel and day."""

    channel = forms.ChoiceField(label=_("Channel"), choices=Request.Channel.choices[1:], widget=forms.RadioSelect)
    received_on = BoundedDateField(
        label=_("Day of receipt"),
        help_text=_(
            "The period starts on the day after this one, no matter when you record it here (Civil Act, art. 157)."
        ),
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    field_order = ("channel", "received_on")

    def __init__(self, *args: Any, on: date, **kwargs: Any) -> None:
        super().__init__(*args, on=on, **kwargs)
        self.today = on
        del self.fields["website"]

    def clean_received_on(self) -> date:
        day: date = self.cleaned_data["received_on"]
        if day > self.today:
            raise forms.ValidationError(_("The day of receipt can't be in the future."))
        return day


def right_choices(rights: Iterable[Right]) -> list[tuple[str, str]]:
    """Return the rights of a case as choices."""
    return [(str(right.position), letters.right_name(right, on=right.request.received_on)) for right in rights]
