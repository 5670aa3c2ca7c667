"""``manage.py rotate_master_key``: turn the master key."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from privacy.ledger.actors import SystemActor
from privacy.lib.dates import clock
from privacy.vault import actions as vault


class Command(BaseCommand):
    help = "Carry all living keys over to a new generation of the master key. Goes on where it was interrupted."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--prepare", action="store_true", help="only make the next generation, to bring it to every host first"
        )
        parser.add_argument(
            "--destroy-old",
            action="store_true",
            help="then destroy the emptied generations at once: older backups of the keys can't be opened any more",
        )

    def handle(self, *args: Any, prepare: bool, destroy_old: bool, **options: Any) -> None:
        """Turn, tell how many keys were carried over, and destroy the old generations on demand."""
        at, actor = clock.now(), SystemActor("rotate-master-key")
        try:
            if prepare:
                self.stdout.write(f"generation {vault.prepare_generation()} is made and waits")
                return
            turn = vault.rotate(actor=actor, at=at)
            if turn is None:
                raise CommandError("Another process is turning the master key.")
            self.stdout.write(f"generation {turn.generation}: {turn.carried} keys carried over")
            if destroy_old:
                for number in vault.destroy_emptied_generations(actor=actor, at=at):
                    self.stdout.write(f"generation {number} destroyed")
        except (vault.WrongKey, vault.KeysRefused, vault.KeyServiceUnavailable) as refusal:
            raise CommandError(str(refusal)) from refusal
