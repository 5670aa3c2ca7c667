from getpass import getpass
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from privacy.accounts import actions as accounts
from privacy.accounts.models import User
from privacy.ledger.actors import System
from privacy.lib import clock


class Command(BaseCommand):
    help = "Open the account of a new installation's first officer; every other account is opened in the console."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("name")

    def handle(self, *args: Any, **options: Any) -> None:
        if User.objects.holding("officer", on=clock.today()).exists():
            raise CommandError("There is an officer already, who opens accounts at /office/accounts/user/.")
        password = getpass("Password: ")
        try:
            validate_password(password)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        user = accounts.create_user(
            email=options["email"],
            name=options["name"],
            roles=["officer"],
            password=password,
            actor=System("installation"),
            at=clock.now(),
        )
        self.stdout.write(f"{user.reference}: sign in, then sign the pledge and take the training at /staff/.")
