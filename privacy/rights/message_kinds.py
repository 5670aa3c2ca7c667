"""The words of the letters to requesters, as templates (privacy/policies/message_templates.py).

The rows of a letter (case number, dates, what was asked and decided with its grounds, sender) are put in by the portal
and are no part of a template: the law has them said (PIPA arts. 35 to 38, forms F-2 and F-3).
"""

from collections.abc import Callable
from dataclasses import replace

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext, pgettext_lazy

from privacy.lib.identifiers.access_codes import example_code
from privacy.policies import message_templates
from privacy.policies.message_templates import MessageKind, Part, Placeholder
from privacy.rights import standing_texts
from privacy.rights.models.cases import EXAMPLE_NUMBER
from privacy.subjects.message_kinds import declare_mail, declare_text

OPENING, CLOSING = 1_500, 3_000
PARTS = {
    "title": Part(gettext_lazy("heading of the letter"), 120, is_one_line=True),
    "opening": Part(gettext_lazy("opening of the letter"), OPENING),
    "closing": Part(gettext_lazy("end of the letter"), CLOSING, is_optional=True),
}
ADDS = gettext_lazy(
    "Between the opening and the closing, the portal inserts the details itself: case number, dates, what was "
    "requested and decided with its grounds, and the sender."
)
REFUSALS = gettext_lazy("PIPA arts. 35(3)·36(4)·37(2)·38(5); Decree arts. 41(5)·42(2)·43(3)·44(2)")
NUMBER = Placeholder(gettext_lazy("case number"), lambda: EXAMPLE_NUMBER)
STATUS_PAGE = Placeholder(
    gettext_lazy("address of the status page"), lambda: "https://privacy.example/rights/case/"
)  # fmt: skip
AGENCIES = Placeholder(
    gettext_lazy("agencies that help, with their telephone numbers"), lambda: pgettext("example", "Agency 118")
)
COMMON = {"number": NUMBER, "status_page": STATUS_PAGE, "agencies": AGENCIES}
OBJECTION = Placeholder(
    gettext_lazy("how to object"), lambda: standing_texts.how_to_object("https://privacy.example/rights/case/"),
    law=REFUSALS,
)  # fmt: skip


def _declare(
    code: str,
    name: object,
    built_in: Callable[[], tuple[str, str, list[str]]],
    **placeholders: Placeholder,
) -> None:
    def parts() -> dict[str, str]:
        title, opening, closing = built_in()
        return {"title": title, "opening": opening, "closing": "\n\n".join(closing)}

    message_templates.declare(
        MessageKind(
            code=f"rights.{code}",
            name=name,  # type: ignore[arg-type]  # a lazy translation
            parts=PARTS,
            placeholders={**placeholders, **COMMON},
            built_in=parts,
            adds=ADDS,
        )
    )


def _follow() -> str:
    return standing_texts.follow("{status_page}")


def _remedies() -> str:
    return standing_texts.remedies("{agencies}")


TITLE = Placeholder(
    gettext_lazy("name of the official notice"), lambda: _("Notice of the result"), is_required=False
)  # fmt: skip

_declare(
    "accepted",
    pgettext_lazy("template", "letter: request accepted"),
    lambda: (
        _("We are reviewing your request"),
        _("We have confirmed your identity and are reviewing your request."),
        [_follow()],
    ),
)
_declare(
    "postponed",
    pgettext_lazy("template", "letter: access postponed"),
    lambda: (
        _("Notice of postponed access"),
        ngettext(
            "We can't give you access in time, for the reason below. Once the reason no longer applies, you get "
            "access within %(days)d day.",
            "We can't give you access in time, for the reason below. Once the reason no longer applies, you get "
            "access within %(days)d days.",
            10,
        ).replace("%(days)d", "{days}"),
        ["{objection}", _remedies()],
    ),
    days=Placeholder(gettext_lazy("days until access once the reason has ended"), lambda: "10"),
    objection=OBJECTION,
)
_declare(
    "extended",
    pgettext_lazy("template", "letter: extended deadline for the answer"),
    lambda: (
        _("Notice of an extended deadline"),
        _("We need more time for our answer, for the reason below."),
        [_follow(), _remedies()],
    ),
)
_declare(
    "result",
    pgettext_lazy("template", "letter: result"),
    lambda: ("{title}", _("This is our answer to your request."), []),
    title=TITLE,
)
_declare(
    "refusal",
    pgettext_lazy("template", "letter: result with a refusal"),
    lambda: ("{title}", _("This is our answer to your request."), ["{objection}", _remedies()]),
    title=TITLE,
    objection=OBJECTION,
)
_declare(
    "part-result",
    pgettext_lazy("template", "letter: result for part of the request"),
    lambda: (
        "{title}",
        _("This is our answer to part of your request. You will get a separate answer to the rest."),
        [],
    ),
    title=TITLE,
)
_declare(
    "part-refusal",
    pgettext_lazy("template", "letter: result for part of the request, with a refusal"),
    lambda: (
        "{title}",
        _("This is our answer to part of your request. You will get a separate answer to the rest."),
        ["{objection}", _remedies()],
    ),
    title=TITLE,
    objection=OBJECTION,
)
_declare(
    "identity-rejected",
    pgettext_lazy("template", "letter: identity not confirmed"),
    lambda: (
        _("We could not confirm your identity"),
        _(
            "We can't continue with your request because we could not confirm who made it. You can ask "
            "again at any time."
        ),
        [_remedies()],
    ),
)
_declare(
    "objection",
    pgettext_lazy("template", "letter: result of an objection"),
    lambda: (
        _("Result of your objection"),
        _("Someone other than the person who decided has reviewed your objection."),
        [_remedies()],
    ),
)
_declare(
    "document",
    pgettext_lazy("template", "letter: document requested"),
    lambda: (
        _("We need a document from you"),
        "{needed}",
        [
            _("Send it on the status page, with the number and code of your request: %(link)s")
            % {"link": "{status_page}"},
            _("Black out what we don't need, such as the last seven digits of a resident registration number."),
        ],
    ),
    needed=Placeholder(
        gettext_lazy("which document is needed"),
        lambda: _("We need a document that shows who you are, or who you are acting for."),
        is_required=True,
    ),
)
_declare(
    "joined",
    pgettext_lazy("template", "letter: joined with an earlier request"),
    lambda: (
        _("Your request is joined with an earlier one"),
        _("An earlier request asks for the same thing. Our answer to that request will answer both."),
        [
            _(
                "If you didn't make the earlier request, or don't receive the answer to it, tell us. We'll then "
                "answer this one."
            ),
            _remedies(),
        ],
    ),
)
_declare(
    "parted",
    pgettext_lazy("template", "letter: no longer joined with an earlier request"),
    lambda: (
        _("Your request is answered separately"),
        _("Your request is no longer joined with an earlier one. You will get a separate answer to it."),
        [_follow()],
    ),
)
_declare(
    "destruction",
    pgettext_lazy("template", "letter: deletion announced"),
    lambda: (
        _("Your data is going to be deleted"),
        _("We granted your request. The data is no longer used, and we delete it after the time below."),
        [
            "{archived}",
            _("If you did not request this, call us or write to us before then. We can stop it."),
            _follow(),
        ],
    ),
    archived=Placeholder(
        gettext_lazy("that a law has some of it kept"), standing_texts.kept_apart, may_be_empty=True
    ),
)  # fmt: skip
_declare(
    "destruction-held",
    pgettext_lazy("template", "letter: deletion on hold"),
    lambda: (
        _("The deletion of your data is on hold"),
        _(
            "We granted your request. The data is no longer used, but we must keep it for "
            "now because of litigation or an investigation. We will tell you the date before "
            "we delete it."
        ),
        [_("If you did not request this, call us or write to us. We can stop it."), _follow()],
    ),
)
_declare(
    "destruction-stopped",
    pgettext_lazy("template", "letter: deletion stopped"),
    lambda: (
        _("The deletion of your data was stopped"),
        _("The deletion that we had granted was stopped. Nothing was deleted, and we will decide your request again."),
        [_("If you no longer want the deletion, take the request back on the status page or tell us."), _follow()],
    ),
)


# What a person can't do without: which request it is about, and where to read on.
ABOUT = {
    "number": replace(NUMBER, is_required=True),
    "page": replace(STATUS_PAGE, is_required=True),
}
REPLIES = Placeholder(
    gettext_lazy("that one can reply to the e-mail, where the office reads replies"),
    standing_texts.may_reply,
    may_be_empty=True,
)

PICKUP_CODE = {
    **ABOUT,
    "code": Placeholder(gettext_lazy("the code"), example_code, is_required=True),
    "until": Placeholder(gettext_lazy("until when the code is valid"), lambda: pgettext("example", "1 March, 09:00")),
}

declare_mail(
    "rights.message-mail",
    pgettext_lazy("template", "e-mail: a message is on the status page"),
    lambda: (
        _("A message from the privacy office is waiting for you"),
        [
            _(
                "There is a message from the privacy office about request %(number)s. To protect your data, this "
                "e-mail doesn't contain it."
            )
            % {"number": "{number}"},
            _("Open the status page with your request's number and code to read it and to answer: %(page)s")
            % {"page": "{page}"},
            "{replies}",
        ],
    ),
    {**ABOUT, "replies": REPLIES},
)
declare_mail(
    "rights.pickup-code",
    pgettext_lazy("template", "e-mail: pick-up code for a copy"),
    lambda: (
        _("Your pick-up code for request %(number)s") % {"number": "{number}"},
        [
            _("With this code you can download the copy of your data (request %(number)s) until %(until)s:")
            % {"number": "{number}", "until": "{until}"},
            "{code}",
            _("Open the status page with your request's number and code, then enter this code there: %(page)s")
            % {"page": "{page}"}
            + "\n"
            + _(
                "Nobody at our office can see this code. If you did not request a copy of your data, call us or write "
                "to us."
            ),
        ],
    ),
    PICKUP_CODE,
)
declare_text(
    "rights.pickup-code-text",
    pgettext_lazy("template", "text message: pick-up code for a copy"),
    lambda: (
        "[Extrus] "
        + _(
            "Pick-up code for the copy of your data (request %(number)s), valid until %(until)s: %(code)s. Enter it on "
            "the status page, after your request's number and code: %(page)s"
        )
        % {"number": "{number}", "until": "{until}", "code": "{code}", "page": "{page}"}
        + "\n"
        + _("Nobody at our office can see this code. If you did not request a copy of your data, call us.")
    ),
    PICKUP_CODE,
)
declare_text(
    "rights.message-text",
    pgettext_lazy("template", "text message: a message is on the status page"),
    lambda: (
        "[Extrus] "
        + _(
            "There is a message about your request %(number)s. Read it on the status page, with number and code: "
            "%(page)s"
        )
        % {"number": "{number}", "page": "{page}"}
    ),
    ABOUT,
)
declare_text(
    "rights.answer-text",
    pgettext_lazy("template", "text message: an answer is on the status page"),
    lambda: (
        "[Extrus] "
        + _(
            "There is an answer about your request %(number)s. Read it on the status page, with number and code: "
            "%(page)s"
        )
        % {"number": "{number}", "page": "{page}"}
    ),
    ABOUT,
)
declare_text(
    "rights.notice-text",
    pgettext_lazy("template", "text message: a notice is on the status page"),
    lambda: (
        "[Extrus] "
        + _(
            "There is a notice about your request %(number)s. Read it on the status page, with number and code: "
            "%(page)s"
        )
        % {"number": "{number}", "page": "{page}"}
    ),
    ABOUT,
)
