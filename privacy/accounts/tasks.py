"""What runs later: notices about a person's own sign-in, and tidying. Called by the worker, safe to run twice."""

from collections.abc import Mapping
from datetime import date, datetime
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override

from privacy.accounts import actions as accounts
from privacy.accounts.actions.deactivation import OFFICE_UNMANNED
from privacy.accounts.actions.emergency_approvals import OFFICER_TOLD
from privacy.accounts.actions.invitations import INVITATION
from privacy.accounts.actions.representative_links import REPRESENTATIVE_TOLD
from privacy.accounts.actions.work_reminders import WORK_REMINDER
from privacy.accounts.display_names import name_with_reference
from privacy.accounts.events import Event
from privacy.accounts.models import Browser, EmergencyApproval, Invitation, RepresentativeLink, User
from privacy.accounts.signin import actions as signin
from privacy.jobs import outbox
from privacy.jobs.retry_policy import RetryPolicy
from privacy.ledger.actors import SystemActor
from privacy.lib.dates import clock
from privacy.lib.integrations import mail

WORKER = SystemActor("accounts")


def notice_text(what: str, browser: Browser | None) -> str:
    """Return what happened, as the mail says it."""
    if what == Event.BROWSER_SEEN:
        place = {"device": str(browser) if browser else "?", "address": browser.address if browser else "?"}
        return _("Someone signed in to your account from a new device: %(device)s at %(address)s.") % place
    return {
        str(Event.FACTOR_ADDED): _("A second factor was added to your account."),
        str(Event.FACTOR_REMOVED): _("A second factor was removed from your account."),
        str(Event.IDENTITY_LINKED): _("You can now sign in with your company account."),
        str(Event.PASSWORD_CHANGED): _("Your password was changed."),
    }.get(
        what,
        _(
            "Your sign-in was reset. Your password and second factors no longer work. You'll "
            "receive an invitation in a separate e-mail."
        ),
    )


@outbox.deliverer(WORK_REMINDER, destination=outbox.MAIL)
def deliver_work_reminder(ids: Mapping[str, str], *, event: UUID, starts: int, at: datetime) -> None:
    """Remind a colleague of a record on the day on which that was asked for; later it would say what may be over."""
    user = User.objects.filter(reference=ids["to"], is_active=True).first()
    if user is None or date.fromisoformat(ids["on"]) != clock.kst_date(at):
        return
    with override("ko"):
        subject = _("Reminder: %(record)s") % {"record": ids["name"]}
    due_on = date.fromisoformat(ids["due_on"]) if ids["due_on"] else None
    mail.send(
        to=user.email,
        subject=subject,
        template="work_reminder",
        context={
            "owed": ids, "due_on": due_on, "by": name_with_reference(ids["by"]), "languages": ("ko", "en"),
        },
        language="ko",
        message_id=f"work-reminder-{event}",
    )  # fmt: skip


@outbox.deliverer(signin.NOTICE, destination=outbox.MAIL)
def deliver_notice(ids: Mapping[str, str], *, event: UUID, starts: int, at: datetime) -> None:
    """Tell a person by mail what happened to their sign-in; it carries no link that does anything."""
    user = User.objects.filter(pk=ids["user"], is_active=True).first()
    if user is None:
        return
    browser = Browser.objects.filter(pk=ids["browser"]).first() if "browser" in ids else None
    with override(settings.LANGUAGE_CODE):
        subject, told = _("About your sign-in to the privacy portal"), notice_text(ids["what"], browser)
    mail.send(
        to=user.email,
        subject=subject,
        template="sign_in_notice",
        context={"told": told, "happened_at": datetime.fromisoformat(ids["at"])},
        language=settings.LANGUAGE_CODE,
        message_id=str(event),
    )


@outbox.deliverer(INVITATION, destination=outbox.MAIL)
def deliver_invitation(ids: Mapping[str, str], *, event: UUID, starts: int, at: datetime) -> None:
    """Send the link of an invitation to its owner's address; each sending makes a new link."""
    invitation = Invitation.objects.select_related("user").get(pk=ids["invitation"])
    token = accounts.issue_invitation_token(invitation.pk, actor=WORKER, at=at)
    if token is None:
        return
    with override(settings.LANGUAGE_CODE):
        subject, path = _("Your invitation to the privacy portal"), reverse("accept-invitation", args=[token])
    mail.send(
        to=invitation.user.email,
        subject=subject,
        template="invitation",
        context={"name": invitation.user.name, "path": path, "expires_at": invitation.expires_at},
        language=settings.LANGUAGE_CODE,
        message_id=f"{event}.{starts}",
    )


@outbox.deliverer(OFFICER_TOLD, destination=outbox.MAIL)
def deliver_emergency(ids: Mapping[str, str], *, event: UUID, starts: int, at: datetime) -> None:
    """Tell an officer what a colleague approved alone, and that it must be reviewed."""
    made = EmergencyApproval.objects.get(pk=ids["emergency"])
    officer = User.objects.filter(reference=ids["to"], is_active=True).first()
    if officer is None:
        return
    with override(settings.LANGUAGE_CODE):
        subject = _("Approved by one officer alone: %(reference)s") % {"reference": made.reference}
        page = reverse("admin:accounts_emergencyapproval_change", args=[made.pk])
    mail.send(
        to=officer.email,
        subject=subject,
        template="emergency_approval",
        context={"made": made, "who": name_with_reference(made.made_by), "path": page},
        language=settings.LANGUAGE_CODE,
        message_id=str(event),
    )


@outbox.deliverer(OFFICE_UNMANNED, destination=outbox.MAIL, patience=RetryPolicy(starts=1))
def deliver_unmanned(ids: Mapping[str, str], *, event: UUID, starts: int, at: datetime) -> None:
    """Tell the representative that nobody is officer; what can't be sent raises the alarm of stopped deliveries."""
    if not settings.REPRESENTATIVE_EMAIL:
        raise accounts.NoRepresentative("REPRESENTATIVE_EMAIL")
    with override(settings.LANGUAGE_CODE):
        subject = _("Nobody is protection officer in the privacy portal")
    mail.send(
        to=settings.REPRESENTATIVE_EMAIL,
        subject=subject,
        template="office_unmanned",
        context={"since": datetime.fromisoformat(ids["at"])},
        language=settings.LANGUAGE_CODE,
        message_id=str(event),
    )


@outbox.deliverer(REPRESENTATIVE_TOLD, destination=outbox.MAIL)
def deliver_representative_link(ids: Mapping[str, str], *, event: UUID, starts: int, at: datetime) -> None:
    """Send the representative a one-time link; each sending makes a new one."""
    link = RepresentativeLink.objects.select_related("emergency", "user").get(pk=ids["link"])
    token = accounts.issue_representative_token(link.pk, actor=WORKER, at=at)
    if token is None:
        return
    with override(settings.LANGUAGE_CODE):
        path = reverse("representative", args=[token])
        if link.emergency is not None:
            subject = _("Approved by one officer alone: %(reference)s") % {"reference": link.emergency.reference}
        else:
            subject = _("Please confirm a colleague of the privacy office")
    mail.send(
        to=settings.REPRESENTATIVE_EMAIL,
        subject=subject,
        template="representative_link",
        context={
            "link": link,
            "who": name_with_reference(link.act_of),
            "path": path,
        },
        language=settings.LANGUAGE_CODE,
        message_id=f"{event}.{starts}",
    )


def escalate_emergencies() -> None:
    """Hand approvals by emergency that nobody reviewed in time to the representative. Safe to run twice."""
    accounts.escalate_overdue(actor=WORKER, at=clock.now())


def delete_expired() -> None:
    """Remove sessions that are over, the marks of their forms, and failures that are forgotten."""
    signin.delete_expired(at=clock.now())
