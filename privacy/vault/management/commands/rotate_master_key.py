"""``manage.py rotate_master_key``: turn the master key."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from privacy.ledger.actors import SystemActor
from privacy.lib.dates import clock
from privacy.vault import actions as vault

REFUSALS = (vault.WrongKey, vault.KeysRefused, vault.KeyServiceUnavailable, vault.GenerationNotEverywhere)


class Command(BaseCommand):
    help = "Carry all living keys over to a new generation of the master key. Goes on where it was interrupted."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--prepare", action="store_true", help="only make the next generation, to bring it to every host first"
        )
        parser.add_argument(
            "--destroy-old",
            action="store_true",
            help="begin no turn: finish one that was begun, and destroy the generations that no backup needs any more",
        )

    def handle(self, *args: Any, prepare: bool, destroy_old: bool, **options: Any) -> None:
        """Turn and tell how many keys were carried over, or destroy the old generations on demand."""
        at, actor = clock.now(), SystemActor("rotate-master-key")
        try:
            if prepare:
                self.stdout.write(f"generation {vault.prepare_generation()} is made and waits")
                return
            turn = vault.finish_turn(actor=actor, at=at) if destroy_old else vault.rotate(actor=actor, at=at)
            if turn is not None:
                self.stdout.write(f"generation {turn.generation}: {turn.carried} keys carried over")
            elif not destroy_old:
                raise CommandError("Another process is turning the master key.")
            if destroy_old:
                ended = vault.destroy_emptied_generations(actor=actor, at=at)
                told = [f"generation {number} destroyed" for number in ended]
                self.stdout.write(
                    "\n".join(told or ["nothing to destroy: no generation was emptied, or another host still holds it"])
                )
        except REFUSALS as refusal:
            raise CommandError(str(refusal)) from refusal
