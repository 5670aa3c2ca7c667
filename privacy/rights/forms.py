"""The public form of a request: which right, about what, what is wrong, who asks, how to answer (F-1)."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from consents.models import AgreementVersion
from privacy.lib.dates.form_fields import BoundedDateField
from privacy.lib.display import display_names
from privacy.lib.errors.refusals import Refusal
from privacy.lib.integrations import text_messages
from privacy.policies import rulebook
from privacy.policies.categories import OFFICE_ITEMS
from privacy.policies.models.localized_fields import in_language
from privacy.policies.rulebook import Rulebook
from privacy.rights import matching
from privacy.rights.actions import RequestedRight
from privacy.rights.models import AUTOMATED, Request, Right
from privacy.subjects.contact_validation import InvalidContact, validate_contact
from privacy.vault import actions as vault
from privacy.vault.refusals import InvalidIdentifier

# The public form holds so many corrections at once; a requester with more sends another request or a letter.
MORE_CORRECTIONS = range(2, 6)


# When a field must be filled in that is not always asked for: said beside its name, and asked for in ``clean``.
NEEDED_FOR = {
    "item": _("needed for a correction"),
    "wanted": _("needed for a correction"),
    "record": _("needed if a single report is wrong"),
    "decision": _("needed for an automated decision"),
    "name": _("needed if you act for someone else"),
    "principal": _("needed if you act for someone else"),
    "relation": _("needed if you act for someone else"),
    "principal_birth_date": _("needed for a legal representative"),
    "email": _("needed for an answer by e-mail"),
    "address": _("needed for an answer by letter"),
}

NOT_MOBILE = _(
    "This isn't a Korean mobile number, so it can't receive our text message. Enter a number that begins with 010, or "
    "choose another way to get the answer."
)


class RequestForm(forms.Form):
    """One form for all rights (law R-04, F-1): which, about what, what is wrong, who asks, how to answer."""

    rights = forms.MultipleChoiceField(
        label=_("What are you asking for?"),
        choices=[
            (Right.Kind.ACCESS, _("See what you hold about me (access)")),
            (Right.Kind.CORRECTION, _("Correct something that is wrong (correction)")),
            (Right.Kind.DELETION, _("Delete my data (deletion)")),
            (Right.Kind.SUSPENSION, _("Stop using my data (suspension of processing)")),
            (Right.Kind.CONSENT_WITHDRAWAL, _("Take back a consent (withdrawal of consent)")),
            (Right.Kind.SOURCE, _("Learn where you got my data from (source of data)")),
            (Right.Kind.EXPLANATION, _("Have an automated decision explained")),
            (Right.Kind.REVIEW, _("Have an automated decision reviewed")),
            (Right.Kind.DECISION_REFUSAL, _("Refuse an automated decision")),
            (Right.Kind.PORTABILITY, _("Have my data transmitted to me for other services (transmission)")),
        ],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one right.")},
    )
    target_kind = forms.ChoiceField(
        label=_("How can we find your data?"),
        help_text=_(
            "Lost or sold the device? Enter the licence key, or the e-mail address or phone number that "
            "we have for you."
        ),
        choices=[(code, capfirst(name)) for code, name in Request.Target.choices],
        widget=forms.RadioSelect,
    )
    target = forms.CharField(
        label=_("The number or address"),
        help_text=_("On most devices: Settings, About phone. The IMEI has 15 digits; dial *#06# to see it."),
        max_length=200,
        error_messages={"required": _("Enter the number or address.")},
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "class": "medium"}),
    )
    item = forms.ChoiceField(
        label=_("What is wrong?"), required=False, help_text=_("Only for a correction. From now on it is not used.")
    )
    wanted = forms.CharField(
        label=_("What should it be?"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    record = forms.UUIDField(
        label=_("Report number"),
        required=False,
        help_text=_("Only if a single report is wrong. You'll find its number beside it in the copy of your data."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        error_messages={"invalid": _("Enter the number as it appears in the copy of your data.")},
    )
    scope = forms.MultipleChoiceField(
        label=_("What do you want to see?"),
        required=False,
        help_text=_("Only for access. If you choose nothing, you get everything."),
        choices=Right.Scope.choices,
        widget=forms.CheckboxSelectMultiple,
    )
    category = forms.ChoiceField(
        label=_("Which data?"), required=False, help_text=_("Only for deletion and suspension.")
    )
    agreement = forms.ChoiceField(label=_("Which consent?"), required=False, help_text=_("Only for a withdrawal."))
    decision = forms.CharField(
        label=_("Which automated decision is it about?"),
        required=False,
        help_text=_("What was decided, and when. For a review, also write what we should take into account."),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    explanation = forms.CharField(
        label=_("Anything else we should know"),
        required=False,
        help_text=_("Don't write resident registration numbers or health information."),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    requester = forms.ChoiceField(
        label=_("Who is making the request?"),
        choices=[
            (Request.Requester.SELF, _("I use the device myself")),
            (Request.Requester.LEGAL_REPRESENTATIVE, _("I am a legal representative, such as a parent")),
            (Request.Requester.AGENT, _("I have a power of attorney")),
        ],
        initial=Request.Requester.SELF,
        widget=forms.RadioSelect,
    )
    name = forms.CharField(label=_("Your name"), required=False, max_length=100)
    principal = forms.CharField(
        label=_("Who are you asking for?"), required=False, max_length=100, help_text=_("Only for representatives.")
    )
    relation = forms.CharField(
        label=_("Your relation to that person"),
        required=False,
        max_length=100,
        help_text=_("Only for representatives."),
    )
    principal_birth_date = BoundedDateField(
        label=_("Date of birth of that person"),
        required=False,
        help_text=_("A parent acts for a child, so we compare it with the certificate that you send."),
    )
    birth_date = BoundedDateField(label=_("Your own date of birth"), required=False)
    answer_by = forms.ChoiceField(
        label=_("How should we answer?"),
        choices=[
            (Request.Answer.PORTAL, _("On this site, with the number and code that you'll get")),
            (Request.Answer.EMAIL, _("By e-mail")),
            (Request.Answer.LETTER, _("By letter")),
        ],
        initial=Request.Answer.PORTAL,
        widget=forms.RadioSelect,
    )
    email = forms.EmailField(label=_("E-mail address"), required=False, max_length=200)
    phone = forms.CharField(label=_("Phone number"), required=False, max_length=40)
    address = forms.CharField(label=_("Postal address"), required=False, max_length=300)
    submission = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)
    # A field for machines only; see static/css/forms.css.
    website = forms.CharField(required=False, widget=forms.TextInput(attrs={"tabindex": "-1", "autocomplete": "off"}))

    def __init__(self, *args: Any, on: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.on = on
        if text_messages.are_sent():
            self._offer_texts()
        rules = rulebook.in_force(on)
        nothing = [("", _("Choose"))]
        choices = nothing + _item_choices(matching.correctable(), rules, on=on)
        reports = _item_choices(matching.correctable_records(), rules, on=on)
        self.fields["item"].choices = [*choices, (_("One report of the device"), reports)]  # type: ignore[attr-defined]
        for name, condition in NEEDED_FOR.items():
            self.fields[name].needed_for = condition  # type: ignore[attr-defined]
        for number in MORE_CORRECTIONS:
            self.fields[f"item_{number}"] = forms.ChoiceField(
                label=_("What else is wrong? (%(number)d)") % {"number": number}, required=False, choices=choices
            )
            self.fields[f"wanted_{number}"] = forms.CharField(
                label=_("What should it be? (%(number)d)") % {"number": number},
                required=False,
                max_length=200,
                widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
            )
        self.fields["category"].choices = [("", _("All of it"))] + [  # type: ignore[attr-defined]
            (code, in_language(term, "name")) for code, term in rules.categories.items()
        ]
        texts = AgreementVersion.objects.published().select_related("agreement").order_by("agreement")
        self.fields["agreement"].choices = [("", _("All of them"))] + [  # type: ignore[attr-defined]
            (text.agreement.code, text.title) for text in texts
        ]

    def _offer_texts(self) -> None:
        by_text = (Request.Answer.TEXT, _("On this site, and a text message says that the answer is there"))
        answers, phone = self.fields["answer_by"], self.fields["phone"]
        first, *others = answers.choices  # type: ignore[attr-defined]
        answers.choices = [first, by_text, *others]  # type: ignore[attr-defined]
        phone.needed_for = _("needed for a text message")  # type: ignore[attr-defined]
        phone.help_text = _(
            "With a mobile number and no e-mail address, you get a text message when our answer is on this site."
        )

    def clean(self) -> dict[str, Any]:
        """Say at the field what is missing for the rights chosen."""
        given = super().clean() or {}
        self._check_identifier(given.get("target_kind"), given.get("target"), "target")
        if Right.Kind.CORRECTION in given.get("rights", ()):
            self._require("item", _("Choose what is wrong."))
            if given.get("item"):
                self._require("wanted", _("Enter what it should be."))
            if given.get("item") and given.get("wanted"):
                self._check_wanted(given["item"], given["wanted"], "wanted")
            self._check_corrections(given)
        if not set(AUTOMATED).isdisjoint(given.get("rights", ())):
            self._require("decision", _("Enter which decision it is about."))
        if "rights" not in self.errors:
            self._check_ticked(given)
        if given.get("answer_by") == Request.Answer.EMAIL:
            self._require("email", _("Enter the e-mail address for our answer."))
        if given.get("answer_by") == Request.Answer.TEXT:
            self._require("phone", _("Enter the mobile number for the text message."))
            phone = given.get("phone", "")
            if phone and not text_messages.mobile_number(phone):
                self.add_error("phone", NOT_MOBILE)
        if given.get("answer_by") == Request.Answer.LETTER:
            self._require("address", _("Enter the postal address for our answer."))
        if given.get("requester") not in (None, Request.Requester.SELF):
            for field, message in (
                ("name", _("Enter your name.")),
                ("principal", _("Enter who you are asking for.")),
                ("relation", _("Enter your relation to that person.")),
            ):
                self._require(field, message)
        if given.get("requester") == Request.Requester.LEGAL_REPRESENTATIVE:
            self._require("principal_birth_date", _("Enter the date of birth of the person you act for."))
            born_on = given.get("principal_birth_date")
            if born_on is not None and born_on > self.on:
                self.add_error("principal_birth_date", _("A date of birth can't be in the future."))
        return given

    def _require(self, field: str, message: str | Promise) -> None:
        """Say that something is missing; of what was typed and can't be taken, it is said already why."""
        if not self.cleaned_data.get(field) and field not in self.errors:
            self.add_error(field, str(message))

    def asked(self) -> list[RequestedRight]:
        """Return the rights asked for, as the verb takes them."""
        given = self.cleaned_data
        made = {
            Right.Kind.ACCESS: [RequestedRight(Right.Kind.ACCESS, scope=tuple(given["scope"]))],
            Right.Kind.CORRECTION: self._corrections() if Right.Kind.CORRECTION in given["rights"] else [],
            Right.Kind.DELETION: [RequestedRight(Right.Kind.DELETION, category=given["category"])],
            Right.Kind.SUSPENSION: [RequestedRight(Right.Kind.SUSPENSION, category=given["category"])],
            Right.Kind.CONSENT_WITHDRAWAL: [
                RequestedRight(Right.Kind.CONSENT_WITHDRAWAL, agreement=given["agreement"])
            ],
            **{kind: [RequestedRight(kind)] for kind in (Right.Kind.SOURCE, Right.Kind.PORTABILITY)},
            **{kind: [RequestedRight(kind, wanted=given["decision"])] for kind in AUTOMATED},
        }
        return [asked for kind in given["rights"] for asked in made[Right.Kind(kind)]]

    def received(self) -> dict[str, Any]:
        """Return what was asked and by whom, as the verb that receives a request takes it."""
        names = ("target_kind", "target", "requester", "answer_by", "explanation")
        return {"asked": self.asked(), "contact": self.contact(), **{name: self.cleaned_data[name] for name in names}}

    def more_corrections(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        """Return the further pairs of fields: what else is wrong, and what it should be."""
        return [(self[f"item_{number}"], self[f"wanted_{number}"]) for number in MORE_CORRECTIONS]

    def has_more_corrections(self) -> bool:
        """Whether something was typed there, so that the page shows it again."""
        return self.is_bound and any(
            self.data.get(field.html_name) for pair in self.more_corrections() for field in pair
        )

    def _corrections(self) -> list[RequestedRight]:
        given = self.cleaned_data
        pairs = [(given["item"], given["wanted"], given.get("record"))]
        pairs += [(given[f"item_{number}"], given[f"wanted_{number}"], None) for number in MORE_CORRECTIONS]
        asked = []
        for chosen, wanted, record in pairs:
            category, _slash, item = chosen.partition("/")
            if item:
                record_id = record if item in matching.correctable_records().get(category, ()) else None
                asked.append(RequestedRight(Right.Kind.CORRECTION, category, item, record_id, wanted))
        return asked

    def _check_corrections(self, given: Mapping[str, Any]) -> None:
        category, _slash, item = given.get("item", "").partition("/")
        of_a_report = item in matching.correctable_records().get(category, ())
        if given.get("record") and item and not of_a_report:
            self.add_error("record", _("Only a single report has this number. Choose the report, or clear the number."))
        if of_a_report and not given.get("record") and "record" not in self.errors:
            self.add_error("record", _("Enter the report number. You'll find it in the copy of your data (access)."))
        chosen = [given.get("item")]
        for number in MORE_CORRECTIONS:
            item, wanted = given.get(f"item_{number}", ""), given.get(f"wanted_{number}", "")
            if item and not wanted:
                self._require(f"wanted_{number}", _("Enter what it should be."))
            elif wanted and not item:
                self._require(f"item_{number}", _("Choose what is wrong."))
            elif item in chosen and item:
                self.add_error(f"item_{number}", _("The same item appears twice in this request. Enter it once."))
            elif item:
                self._check_wanted(item, wanted, f"wanted_{number}")
            chosen.append(item)

    def _check_ticked(self, given: Mapping[str, Any]) -> None:
        """Say what was filled in for a right that is not ticked: nothing that was typed is left out silently."""
        ticked, corrections = set(given["rights"]), ["item", "wanted", "record"]
        corrections += [f"{name}_{number}" for number in MORE_CORRECTIONS for name in ("item", "wanted")]
        for fields, kinds, message in (
            (
                corrections,
                {Right.Kind.CORRECTION},
                _("You wrote what is wrong. Tick correction, or clear what you wrote."),
            ),
            (["scope"], {Right.Kind.ACCESS}, _("You chose what you want to see. Tick access, or clear your choice.")),
            (
                ["category"],
                {Right.Kind.DELETION, Right.Kind.SUSPENSION},
                _("You chose which data. Tick deletion or suspension, or clear your choice."),
            ),
            (
                ["agreement"],
                {Right.Kind.CONSENT_WITHDRAWAL},
                _("You chose a consent. Tick withdrawal of consent, or clear your choice."),
            ),
            (
                ["decision"],
                set(AUTOMATED),
                _("You wrote about an automated decision. Tick what you ask for, or clear what you wrote."),
            ),
        ):
            if kinds.isdisjoint(ticked) and any(given.get(name) for name in fields):
                self.add_error("rights", message)

    def contact(self) -> dict[str, str]:
        """Return what was given about the person, as it is sealed."""
        names = ("name", "principal", "relation", "email", "phone", "address")
        said = {name: self.cleaned_data[name] for name in names if self.cleaned_data[name]}
        if self.cleaned_data["requester"] == Request.Requester.SELF:
            return said
        days = ("birth_date", "principal_birth_date")
        return {**said, **{day: self.cleaned_data[day].isoformat() for day in days if self.cleaned_data.get(day)}}

    def _check_wanted(self, chosen: str, wanted: str, field: str) -> None:
        category, _slash, item = chosen.partition("/")
        if item not in matching.CONTACTS:
            self._check_identifier(item, wanted, field)
        try:
            matching.validate_value(category, item, wanted)
        except Refusal as refusal:
            self.add_error(field, str(refusal))

    def _check_identifier(self, kind: str | None, value: str | None, field: str) -> None:
        if not value or kind not in Request.Target.values:
            return
        try:
            if kind in matching.CONTACTS:
                validate_contact(kind, value)
            vault.check_identifier(kind, value)
        except (InvalidIdentifier, InvalidContact) as refusal:
            self.add_error(field, str(refusal))


def _item_choices(items: Mapping[str, list[str]], rules: Rulebook, *, on: date) -> list[tuple[str, str]]:
    """The items by name, those of the policy first; what no policy in force and no office file knows is left out."""
    known = {**{code: term.items for code, term in rules.categories.items()}, **OFFICE_ITEMS}
    return [
        (f"{category}/{item}", capfirst(display_names.display_name("item", item, on=on)))
        for category in sorted(items, key=lambda category: category in OFFICE_ITEMS)
        for item in items[category]
        if item in known.get(category, ())
    ]
