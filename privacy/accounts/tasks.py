"""What runs later: notices about a person's own sign-in, and tidying. Called by the worker, safe to run twice."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import override

from privacy.accounts.events import Event
from privacy.accounts.models import Browser, User
from privacy.accounts.signin import actions as signin
from privacy.jobs import outbox
from privacy.lib import clock, mail


def sentence(what: str, browser: Browser | None) -> str:
    """Return what happened, as the mail says it."""
    if what == Event.BROWSER_SEEN:
        place = {"device": str(browser) if browser else "?", "address": browser.address if browser else "?"}
        return _("Somebody signed in as you from a device that was not seen before: %(device)s at %(address)s.") % place
    return {
        str(Event.FACTOR_ADDED): _("A second factor was added to your account."),
        str(Event.FACTOR_REMOVED): _("A second factor was removed from your account."),
        str(Event.IDENTITY_LINKED): _("Your company account can sign you in from now on."),
        str(Event.PASSWORD_CHANGED): _("Your password was changed."),
    }.get(what, _("A privacy officer reset your sign-in: your second factors are gone and your password is new."))


@outbox.deliverer(signin.NOTICE)
def deliver_notice(ids: Mapping[str, str], *, event: UUID, starts: int, at: datetime) -> None:
    """Tell a person by mail what happened to their sign-in; it carries no link that does anything."""
    user = User.objects.filter(pk=ids["user"], is_active=True).first()
    if user is None:
        return
    browser = Browser.objects.filter(pk=ids["browser"]).first() if "browser" in ids else None
    with override(settings.LANGUAGE_CODE):
        subject, told = _("About your sign-in to the privacy portal"), sentence(ids["what"], browser)
    mail.send(
        to=user.email,
        subject=subject,
        template="sign_in_notice",
        context={"told": told, "happened_at": datetime.fromisoformat(ids["at"])},
        language=settings.LANGUAGE_CODE,
        message_id=str(event),
    )


def tidy() -> None:
    """Remove sessions that are over and failures that are forgotten."""
    signin.tidy(at=clock.now())
