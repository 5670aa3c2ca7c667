"""What a person is told of a deletion that waits, is on hold or was stopped: title, opening, fields, closing."""

from datetime import datetime

from django.utils.translation import gettext as _

from privacy.lib.display.badges import datetime_text
from privacy.rights.events import Event
from privacy.rights.models import Step

type Told = tuple[str, str, list[tuple[str, str]], list[str]]


def written(step: Step, *, kept: bool) -> Told:
    """Say what a step tells of a deletion; ``kept`` where a law preserves some of it."""
    return _stop(step) if step.word == Event.DESTRUCTION_STOPPED else _announcement(step, kept=kept)


def _announcement(step: Step, *, kept: bool) -> Told:
    """Say when the data is deleted or, under a hold, that no day is set; what is ``kept`` by a law is archived."""
    if "until" not in step.facts:
        return (
            _("The deletion of your data is on hold"),
            _(
                "We granted your request. The data is no longer used, but we must keep it for "
                "now because of litigation or an investigation. We will tell you the date before "
                "we delete it."
            ),
            [],
            [_("If you did not request this, call us or write to us. We can stop it.")],
        )
    archived = [_("What a law requires us to keep is moved to a separate archive instead.")] if kept else []
    return (
        _("Your data is going to be deleted"),
        _("We granted your request. The data is no longer used, and we delete it after the time below."),
        [(_("Destroyed after"), datetime_text(datetime.fromisoformat(step.facts["until"])))],
        [*archived, _("If you did not request this, call us or write to us before then. We can stop it.")],
    )


def _stop(step: Step) -> Told:
    """Say that the deletion was stopped."""
    return (
        _("The deletion of your data was stopped"),
        _("The deletion that we had granted was stopped. Nothing was deleted, and we will decide your request again."),
        [(_("Stopped"), datetime_text(step.at))],
        [_("If you no longer want the deletion, take the request back on the status page or tell us.")],
    )
