"""The words to contacts, by e-mail and text message, as templates (privacy/policies/message_templates.py)."""

from collections.abc import Callable

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from privacy.lib.identifiers.access_codes import example_code
from privacy.lib.identifiers.ids import example_reference
from privacy.policies import message_templates
from privacy.policies.message_templates import MessageKind, Part, Placeholder
from privacy.subjects.models import PREFIX

MAIL = {
    "subject": Part(gettext_lazy("subject line"), 120, is_one_line=True),
    "text": Part(gettext_lazy("text of the e-mail"), 3_000),
}
# What fits into one long message, with its placeholders.
TEXT = {"text": Part(gettext_lazy("text message"), 500)}
REFERENCE = Placeholder(gettext_lazy("number of the registration"), lambda: example_reference(PREFIX))
OFFICE_PAGE = Placeholder(gettext_lazy("address of the portal"), lambda: "https://privacy.example/")
# The address of a page is written with the portal's own, so that no other can stand there.
CODE = {
    "code": Placeholder(gettext_lazy("the code"), example_code, is_required=True),
    "page": Placeholder(
        gettext_lazy("page on which the code is entered"),
        lambda: "https://privacy.example/consents/contacts/verify/",
        is_required=True,
    ),
    "until": Placeholder(gettext_lazy("until when the code is valid"), lambda: pgettext("example", "1 March, 09:00")),
    "reference": REFERENCE,
}
PROVEN = Placeholder(
    gettext_lazy("that a proven address is still told of a destruction for some time"),
    lambda: _("For some time, we still tell it if the data is going to be destroyed."),
    may_be_empty=True,
)


def declare_mail(
    code: str, name: Promise, built_in: Callable[[], tuple[str, list[str]]], placeholders: dict[str, Placeholder]
) -> None:
    """Make an e-mail known whose own words are a subject and paragraphs."""

    def parts() -> dict[str, str]:
        subject, told = built_in()
        return {"subject": subject, "text": "\n\n".join(told)}

    message_templates.declare(MessageKind(code, name, MAIL, placeholders, parts))


def declare_text(code: str, name: Promise, built_in: Callable[[], str], placeholders: dict[str, Placeholder]) -> None:
    """Make a text message known."""
    message_templates.declare(MessageKind(code, name, TEXT, placeholders, lambda: {"text": built_in()}))


declare_mail(
    "subjects.code-mail",
    pgettext_lazy("template", "e-mail: code that proves an address"),
    lambda: (
        _("Your code to verify this e-mail address"),
        [
            _(
                "This address was given for notices about the personal data of registration %(reference)s. With this "
                "code you confirm until %(until)s that it is yours:"
            )
            % {"reference": "{reference}", "until": "{until}"},
            "{code}",
            _("Enter it on this page: %(page)s") % {"page": "{page}"}
            + "\n"
            + _("If you did not give this address, ignore this message or tell us."),
        ],
    ),
    CODE,
)
declare_mail(
    "subjects.replaced-mail",
    pgettext_lazy("template", "e-mail: another address was given"),
    lambda: (
        _("This e-mail address no longer receives notices about your personal data"),
        [
            _(
                "Another address was given for notices about the personal data of registration %(reference)s. This "
                "address no longer receives them."
            )
            % {"reference": "{reference}"},
            "{still_told}",
            _(
                "If you did not request this, call us or write to us at once. For some time, codes for copies of the "
                "data are not sent to a new address."
            ),
        ],
    ),
    {"reference": REFERENCE, "still_told": PROVEN},
)
declare_mail(
    "subjects.removed-mail",
    pgettext_lazy("template", "e-mail: the address was removed"),
    lambda: (
        _("This e-mail address no longer receives notices about your personal data"),
        [
            _(
                "This address was removed as a contact for notices about the personal data of registration "
                "%(reference)s. It no longer receives them."
            )
            % {"reference": "{reference}"},
            "{still_told}",
            _(
                "If you did not request this, call us or write to us at once. For some time, codes for copies of the "
                "data are not sent to a new address."
            ),
        ],
    ),
    {"reference": REFERENCE, "still_told": PROVEN},
)
declare_text(
    "subjects.code-text",
    pgettext_lazy("template", "text message: code that proves a number"),
    lambda: (
        pgettext(
            "text message",
            "[Extrus] Code %(code)s. Enter it until %(until)s at %(page)s to confirm that this number is yours "
            "(registration %(reference)s). If you did not give this number, ignore this message.",
        )
        % {"code": "{code}", "until": "{until}", "page": "{page}", "reference": "{reference}"}
    ),
    CODE,
)
declare_text(
    "subjects.replaced-text",
    pgettext_lazy("template", "text message: another number was given"),
    lambda: (
        "[Extrus] "
        + pgettext(
            "text message",
            "Another number was given for notices about the personal data of registration %(reference)s. This number "
            "no longer receives them.",
        )
        % {"reference": "{reference}"}
        + " "
        + pgettext("text message", "If you did not request this, write to us at once: %(portal)s")
        % {"portal": "{portal}"}
    ),
    {"reference": REFERENCE, "portal": OFFICE_PAGE},
)
declare_text(
    "subjects.removed-text",
    pgettext_lazy("template", "text message: the number was removed"),
    lambda: (
        "[Extrus] "
        + pgettext(
            "text message",
            "This number was removed as a contact for notices about the personal data of registration %(reference)s.",
        )
        % {"reference": "{reference}"}
        + " "
        + pgettext("text message", "If you did not request this, write to us at once: %(portal)s")
        % {"portal": "{portal}"}
    ),
    {"reference": REFERENCE, "portal": OFFICE_PAGE},
)
