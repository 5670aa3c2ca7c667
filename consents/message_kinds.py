"""The words to people about their consents, as templates (privacy/policies/message_templates.py)."""

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

# Declares the e-mails about a destruction, too.
from consents.destruction_words import PAGE as CONSENTS_PAGE
from consents.models.children import PREFIX as QUESTION_PREFIX
from consents.models.decisions import PREFIX as RECEIPT_PREFIX
from privacy.lib.identifiers.access_codes import example_code
from privacy.lib.identifiers.ids import example_reference
from privacy.policies.message_templates import Placeholder
from privacy.subjects.message_kinds import declare_mail, declare_text

RESULT_LAW = gettext_lazy("Network Act art. 50(7); Decree art. 62-2")
CONFIRMATION_LAW = gettext_lazy("Network Act art. 50(8); Decree art. 62-3")
# The contents of a consent, and where the representative states theirs (C-01, C-12).
ASKED_LAW = gettext_lazy("PIPA arts. 15(2)·22-2(1); Decree art. 17-2(1)")
CHILDREN_PAGE = "https://privacy.example/consents/children/"


def _about_advertising(law: Promise, *, page: Promise, page_law: Promise | str = "") -> dict[str, Placeholder]:
    """Return what a notice about advertising consent says; the Decree lists sender, consent and day (C-18, C-19)."""
    return {
        "sender": Placeholder(gettext_lazy("name of the sender"), lambda: _("Extrus Inc."), law=law),
        "agreement": Placeholder(
            gettext_lazy("title of the agreement"), lambda: pgettext("example", "Advertising"), is_required=True
        ),
        "decision": Placeholder(
            gettext_lazy("what was decided: agreed, declined or withdrawn"), lambda: pgettext("example", "agreed"),
            law=law,
        ),
        "day": Placeholder(gettext_lazy("day of the decision"), lambda: "2026-03-01", law=law),
        "receipt": Placeholder(gettext_lazy("number of the receipt"), lambda: example_reference(RECEIPT_PREFIX)),
        "page": Placeholder(page, lambda: CONSENTS_PAGE, law=page_law, is_required=True),
    }  # fmt: skip


def _decision() -> str:
    return "\n".join(
        f"{name}: {{{value}}}"
        for name, value in (
            (_("Sender"), "sender"), (_("Agreement"), "agreement"), (_("Decision"), "decision"), (_("Date"), "day"),
            (_("Receipt"), "receipt"),
        )
    )  # fmt: skip


declare_mail(
    "consents.advertising-result",
    pgettext_lazy("template", "e-mail: decision about advertising recorded"),
    lambda: (
        _("Your decision about advertising information"),
        [
            _("We have recorded your decision about advertising information:"),
            _decision(),
            _("You can change it at any time:") + "\n{page}",
        ],
    ),
    _about_advertising(RESULT_LAW, page=gettext_lazy("page on which the decision is changed")),
)
declare_mail(
    "consents.advertising-confirmation",
    pgettext_lazy("template", "e-mail: does a consent to advertising still apply"),
    lambda: (
        _("Does your consent to advertising information still apply?"),
        [
            _(
                "You agreed to receive advertising information. The law requires us to check regularly whether your "
                "consent still applies:"
            ),
            _decision(),
            _("If it still applies, you don't need to do anything. To withdraw:") + "\n{page}",
        ],
    ),
    _about_advertising(
        CONFIRMATION_LAW, page=gettext_lazy("page on which the consent is kept or withdrawn"), page_law=CONFIRMATION_LAW
    ),
)
declare_mail(
    "consents.of-age",
    pgettext_lazy("template", "e-mail: a person who turned 14 decides alone"),
    lambda: (
        _("You decide about your consents yourself now"),
        [
            _("You are 14 or older now, so you decide about your consents yourself."),
            _(
                "What your legal representative agreed to for you stays in force until you withdraw it. You can see "
                "and change everything here:"
            )
            + "\n{page}",
            _("Your representative can no longer agree for you. You can also view, correct or delete your data:")
            + "\n{rights_page}",
        ],
    ),
    {
        "page": Placeholder(gettext_lazy("page of the consents"), lambda: CONSENTS_PAGE, is_required=True),
        "rights_page": Placeholder(
            gettext_lazy("page of the rights"), lambda: "https://privacy.example/rights/", is_required=True
        ),
    },
)
QUESTION_NUMBER = Placeholder(
    gettext_lazy("number of the question"), lambda: example_reference(QUESTION_PREFIX), is_required=True
)
CONFIRMED = {
    "day": Placeholder(
        gettext_lazy("day of the consent"), lambda: pgettext("example", "1 March 2026"), is_required=True
    ),
    "reference": QUESTION_NUMBER,
    "page": Placeholder(
        gettext_lazy("page on which a representative withdraws"), lambda: CHILDREN_PAGE, is_required=True
    ),
}
declare_mail(
    "consents.representative-mail",
    pgettext_lazy("template", "e-mail: consent for a child confirmed"),
    lambda: (
        _("We confirm your consent for a child"),
        [
            _(
                "We confirm that on %(day)s you consented, as the legal representative, to the use of a child's data "
                "(%(reference)s)."
            )
            % {"day": "{day}", "reference": "{reference}"},
            _("How to withdraw, and what you may ask for:") + "\n{page}",
            _("If this was not you, tell us at once."),
        ],
    ),
    CONFIRMED,
)
declare_text(
    "consents.representative-text",
    pgettext_lazy("template", "text message: consent for a child confirmed"),
    lambda: (
        pgettext(
            "text message",
            "[Extrus] We confirm that on %(day)s you consented, as the legal representative, to the use of a "
            "child's data (%(reference)s). Texts and withdrawal: %(page)s. If this was not you, call us at once.",
        )
        % {"day": "{day}", "reference": "{reference}", "page": "{page}"}
    ),
    CONFIRMED,
)


QUESTION = {
    "name": Placeholder(gettext_lazy("name of the representative"), lambda: pgettext("example", "Kim Bora")),
    "code": Placeholder(gettext_lazy("the code"), example_code, is_required=True),
    "page": Placeholder(
        gettext_lazy("page on which a representative reads and decides"),
        lambda: "https://privacy.example/consents/representative/",
        law=ASKED_LAW,
    ),
    "until": Placeholder(
        gettext_lazy("until when the representative can answer"), lambda: pgettext("example", "1 March, 09:00"),
        is_required=True,
    ),
    "reference": QUESTION_NUMBER,
}  # fmt: skip


def _asked_for() -> str:
    """Return a text to be decided, as an example; the portal puts in those that are asked for."""
    lines = (
        pgettext("example", "Analysis of the service") + f" ({_('optional')})",
        pgettext("example", "We find out from reports of the app why it stopped."),
        f"- {_('Purpose')}: " + pgettext("example", "mending faults"),
        f"- {_('Items')}: " + pgettext("example", "model, time of the fault"),
    )
    return "\n".join(lines)


declare_mail(
    "consents.representative-question-mail",
    pgettext_lazy("template", "e-mail: question to a child's representative"),
    lambda: (
        _("A child asks for your consent"),
        [
            _(
                "%(name)s,\n\na child under 14 named you as their parent or other legal representative. The child "
                "wants to use a device that our company looks after, and the law asks for your consent before we "
                "process their data (Personal Information Protection Act, art. 22-2)."
            )
            % {"name": "{name}"},
            _("What your consent is asked for:"),
            "{texts}",
            "\n".join(
                (
                    _("Decide about each text here:"),
                    "{page}",
                    f"{_('Your code')}: {{code}}",
                    f"{_('Number of the request')}: {{reference}}",
                    _(
                        "You can answer until %(until)s. You may also reply to this message and state what you agree "
                        "to. If you don't answer, we erase your name and address."
                    )
                    % {"until": "{until}"},
                )
            ),
        ],
    ),
    {
        **QUESTION,
        "texts": Placeholder(
            gettext_lazy("each text with what the law has people told before they consent"), _asked_for, law=ASKED_LAW
        ),
    },
)
declare_text(
    "consents.representative-question-text",
    pgettext_lazy("template", "text message: question to a child's representative"),
    lambda: (
        pgettext(
            "text message",
            "[Extrus] A child under 14 named you, %(name)s, as their legal representative and asks for your consent to "
            "the use of their data (%(reference)s). Read and decide until %(until)s at %(page)s with the code "
            "%(code)s. If you don't answer, we erase your number.",
        )
        % {"name": "{name}", "reference": "{reference}", "until": "{until}", "page": "{page}", "code": "{code}"}
    ),
    QUESTION,
)
