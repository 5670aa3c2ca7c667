"""Play the main job against the running portal and say what was seen."""

import sys
import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from config.demonstration import walk_context, walk_steps
from config.demonstration.http_client import UnexpectedAnswer


class Command(BaseCommand):
    help = "Play the main job over HTTP and SMTP against `make demo`: one line for each step; exits 1 if one fails."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--base", default=f"http://127.0.0.1:{settings.PORT}", help="the portal's address")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            state = walk_context.prepare(options["base"], walk_context.RunningPortal())
            for name, step in walk_steps.STEPS:
                began = time.monotonic()
                seen = step(state)
                self.stdout.write(f"✓ {name:<12} {seen}  [{time.monotonic() - began:.1f} s]")
                self.stdout.flush()
        except (walk_context.StepFailed, UnexpectedAnswer, OSError) as failure:
            self.stderr.write(f"✗ {failure}")
            sys.exit(1)
        except walk_context.NotDemo as failure:
            self.stderr.write(str(failure))
            sys.exit(1)
        self.stdout.write("Every step happened.")
