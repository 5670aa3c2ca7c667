from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.urls import reverse

from privacy.accounts import actions as accounts
from privacy.accounts.models import User
from privacy.ledger.actors import SystemActor
from privacy.lib.dates import clock
from privacy.lib.errors.refusals import Refusal

FIRST_OFFICERS = 2


class Command(BaseCommand):
    help = "Invite the first two officers of a new installation, each at an address of their own."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("name")

    def handle(self, *args: Any, **options: Any) -> None:
        """Open the account without a password and send its invitation; nobody at the host learns the secret."""
        installation, at = SystemActor("installation"), clock.now()
        if User.objects.holding("officer", on=clock.today()).count() >= FIRST_OFFICERS:
            raise CommandError("There are two officers already, who open accounts at /office/accounts/user/.")
        by_mail = not settings.DEVELOPMENT or bool(settings.EMAIL_URL)
        try:
            with transaction.atomic():
                user = accounts.create_user(
                    email=options["email"],
                    name=options["name"],
                    roles=["officer"],
                    password=None,
                    actor=installation,
                    at=at,
                )
                invitation = accounts.invite(
                    user, asked_by=installation.ref, actor=installation, at=at, by_mail=by_mail
                )
        except Refusal as refusal:
            raise CommandError(str(refusal)) from None
        if by_mail:
            self.stdout.write(f"{user.reference}: invited at {user.email}.")
            return
        token = accounts.issue_invitation_token(invitation.pk, actor=installation, at=at)
        assert token is not None
        link = settings.PORTAL_URL + reverse("accept-invitation", args=[token])
        self.stdout.write(f"{user.reference}: no mail server is set. In development only, the invitation is: {link}")
