"""The words of breach notices and around answers to complaints, as templates.

The contents that the law lists are placeholders that must be there.
"""

from collections.abc import Callable

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from privacy.incidents import standing_texts
from privacy.incidents.models.complaints import PREFIX as COMPLAINT_PREFIX
from privacy.incidents.models.incidents import PREFIX
from privacy.lib.errors.refusals import sentence
from privacy.lib.identifiers.ids import example_reference
from privacy.policies import message_templates
from privacy.policies.message_templates import MessageKind, Part, Placeholder
from privacy.subjects.message_kinds import declare_mail

PARTS = {
    "title": Part(gettext_lazy("heading of the notice"), 200, is_one_line=True),
    "text": Part(gettext_lazy("text of the notice"), 8_000),
}
REFERENCE = Placeholder(gettext_lazy("number of the incident"), lambda: example_reference(PREFIX))


def _contents(law: Promise) -> dict[str, Placeholder]:
    """Return what a notice must say (law B-03, B-04, B-07); ``law`` with the number of the content in it."""
    said: dict[str, tuple[Promise, Callable[[], str]]] = {
        "items": (gettext_lazy("items affected"), lambda: pgettext("example", "IMEI, serial number")),
        "course": (gettext_lazy("time and circumstances"), lambda: pgettext("example", "What happened, and when.")),
        "advice": (gettext_lazy("what people can do"), lambda: pgettext("example", "Change your password.")),
        "response": (
            gettext_lazy("what the company does, and how to get redress"),
            lambda: pgettext("example", "What we did. How to claim damages."),
        ),
        "contact": (gettext_lazy("department to contact"), lambda: pgettext("example", "Privacy office, 02-000-0000")),
        "legal_rights": (
            gettext_lazy("legal rights: damages, statutory damages, mediation"), standing_texts.legal_rights_text
        ),
    }  # fmt: skip
    told = {
        name: Placeholder(meaning, example, law=sentence(law, number=number))
        for number, (name, (meaning, example)) in enumerate(said.items(), 1)
    }
    told["aware_at"] = Placeholder(
        gettext_lazy("when the company became aware"), lambda: pgettext("example", "1 March 2026, 09:00")
    )
    return told


def _numbered(first: str) -> str:
    return "\n\n".join(
        (
            f"{first}\n{{items}}",
            f"{_('2. Time and circumstances')}\n{{course}}\n"
            + _("We became aware of it on %(moment)s.") % {"moment": "{aware_at}"},
            f"{_('3. What you can do')}\n{{advice}}",
            f"{_('4. What we are doing, and how you can get redress')}\n{{response}}",
            f"{_('5. Who to contact')}\n{{contact}}",
            f"{_('6. Your rights under the law')}\n{{legal_rights}}",
        )
    )


KIND = Placeholder(pgettext_lazy("incident", "kind of the incident"), lambda: pgettext("example", "leak"))
BREACH = _contents(gettext_lazy("PIPA art. 34(1)%(number)d"))


def _declare(code: str, name: Promise, built_in: Callable[[], tuple[str, str]], **known: Placeholder) -> None:
    message_templates.declare(
        MessageKind(
            code=f"incidents.{code}",
            name=name,
            parts=PARTS,
            placeholders={**known, "reference": REFERENCE},
            built_in=lambda: dict(zip(PARTS, built_in(), strict=True)),
        )
    )


_declare(
    "breach",
    pgettext_lazy("template", "notice of a breach"),
    lambda: (
        _("Notice of a breach of personal information"),
        _("Your personal information was affected by a breach (%(kind)s). We apologise.") % {"kind": "{kind}"}
        + "\n\n"
        + _numbered(_("1. Items affected")),
    ),
    kind=KIND,
    **BREACH,
)
_declare(
    "breach-supplement",
    pgettext_lazy("template", "supplement to the notice of a breach"),
    lambda: (
        _("Supplement to the notice of a breach of personal information"),
        _("This supplements our first notice with what has become known since.")
        + "\n\n"
        + _numbered(_("1. Items affected")),
    ),
    kind=KIND,
    **BREACH,
)
_declare(
    "possible-breach",
    pgettext_lazy("template", "notice of a possible breach"),
    lambda: (
        _("Notice of a possible breach of personal information"),
        "\n\n".join(("{suspicion}", _numbered(_("1. Items that may be affected")), "{further_notice}")),
    ),
    suspicion=Placeholder(
        gettext_lazy("what is suspected"),
        lambda: standing_texts.suspicion(pgettext("example", "leak")),
        is_required=True,
    ),
    further_notice=Placeholder(
        gettext_lazy("that a further notice follows if a breach is confirmed"), standing_texts.further_notice,
        law=gettext_lazy("PIPA art. 34(2); Decree art. 39-2"),
    ),
    **_contents(gettext_lazy("PIPA art. 34(2), 34(1)%(number)d; Decree art. 39-2")),
)  # fmt: skip
_declare(
    "no-breach",
    pgettext_lazy("template", "notice that there was no breach"),
    lambda: (
        _("Notice: there was no breach of personal information"),
        _("We told you of a possible breach of your personal information (%(reference)s).")
        % {"reference": "{reference}"}
        + "\n\n"
        + _("We have since investigated and found that there was no breach. You don't need to do anything."),
    ),
)
declare_mail(
    "incidents.complaint-answer",
    pgettext_lazy("template", "e-mail: answer to a complaint"),
    lambda: (
        _("Answer to your complaint %(reference)s") % {"reference": "{reference}"},
        [
            _("Your complaint %(reference)s") % {"reference": "{reference}"},
            "{answer}",
            _("You can also contact: %(agencies)s.") % {"agencies": "{agencies}"},
        ],
    ),
    {
        "reference": Placeholder(
            gettext_lazy("number of the complaint"), lambda: example_reference(COMPLAINT_PREFIX), is_required=True
        ),
        "answer": Placeholder(
            gettext_lazy("the answer, as it was written"),
            lambda: pgettext("example", "We looked into it and found the following."),
            is_required=True,
        ),
        "agencies": Placeholder(
            gettext_lazy("agencies that help, with their telephone numbers"),
            lambda: pgettext("example", "Agency 118"),
            is_required=True,
        ),
    },
)
