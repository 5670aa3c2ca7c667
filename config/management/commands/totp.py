"""The code that an example account's authenticator app shows now, for whoever tries the demo without a telephone."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.demonstration.walk_context import next_code
from privacy.accounts.models import User
from privacy.accounts.signin import second_factors
from privacy.lib.dates import clock


class Command(BaseCommand):
    help = "Print the code of an account's authenticator app (development only)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--wait", action="store_true", help="print the code only when it works")

    def handle(self, *args: Any, email: str, wait: bool, **options: Any) -> None:
        if not settings.DEVELOPMENT:
            raise CommandError("Only in development: elsewhere the code is on its owner's telephone and nowhere else.")
        user = User.objects.filter(email=email.strip().lower()).first()
        secret = second_factors.totp_secret(user) if user is not None else None
        if user is None or secret is None:
            raise CommandError(f"{email} has no authenticator app here.")
        if wait:
            self.stdout.write(next_code(user))
            return
        at = clock.now()
        step = second_factors.next_time_step(user, at=at)
        self.stdout.write(second_factors.totp_code(secret, step))
        early = step - int(at.timestamp()) // second_factors.PERIOD_SECONDS - second_factors.TOLERATED_STEPS
        if early > 0:
            self.stderr.write(f"It works in {early * second_factors.PERIOD_SECONDS} s: the one before it is used up.")
