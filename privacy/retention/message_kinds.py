"""The words to people about a destruction on request, as templates (privacy/policies/message_templates.py).

What becomes of the data hangs on what stands when the e-mail goes out, so the portal says it.
"""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from privacy.lib.identifiers.ids import example_reference
from privacy.policies.message_templates import Placeholder
from privacy.subjects.message_kinds import declare_mail

LAW = gettext_lazy("PIPA arts. 21(3)·36(2)")
CASE = Placeholder(gettext_lazy("case number"), lambda: example_reference("K7"), is_required=True)


def to_be_destroyed(until: str, *, kept: bool) -> str:
    """Return from when the data is destroyed, and whether a law has some of it kept, in the active language."""
    said = [_("It is no longer used, and it is destroyed after %(until)s.") % {"until": until}]
    said += [_("What a law requires us to keep is moved to a separate archive instead.")] if kept else []
    return " ".join(said)


def on_hold() -> str:
    """Return that a hold keeps the data, in the active language."""
    return _(
        "It is no longer used, but we must keep it for now because of litigation or an investigation. We will tell you "
        "the date before we destroy it."
    )


def _asked() -> str:
    return _("In request %(case)s, we were asked to destroy your personal data.") % {"case": "{case}"} + " {fate}"


declare_mail(
    "retention.destruction-planned",
    pgettext_lazy("template", "e-mail: data is going to be destroyed on request"),
    lambda: (
        _("Your personal data is going to be destroyed"),
        [_asked(), _("If you did not request this, call us or write to us before then. We can stop it.")],
    ),
    {
        "case": CASE,
        "fate": Placeholder(
            gettext_lazy("from when the data is destroyed, and whether a law has some of it kept"),
            lambda: to_be_destroyed(pgettext("example", "1 March, 09:00"), kept=True),
            law=LAW,
        ),
    },
)
declare_mail(
    "retention.destruction-held",
    pgettext_lazy("template", "e-mail: destruction on request on hold"),
    lambda: (
        _("The destruction of your personal data is on hold"),
        [_asked(), _("If you did not request this, call us or write to us. We can stop it.")],
    ),
    {"case": CASE, "fate": Placeholder(gettext_lazy("that a hold keeps the data"), on_hold, law=LAW)},
)
declare_mail(
    "retention.destruction-stopped",
    pgettext_lazy("template", "e-mail: destruction on request stopped"),
    lambda: (
        _("The destruction of your personal data was stopped"),
        [
            _("The destruction of your personal data in request %(case)s was stopped. Nothing was destroyed.")
            % {"case": "{case}"},
            _("If you did not expect this, call us or write to us."),
        ],
    ),
    {"case": CASE},
)
