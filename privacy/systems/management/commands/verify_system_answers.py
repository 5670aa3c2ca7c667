"""Check signed answers of connected systems: those of this portal, or a file of them, without any database."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from privacy.systems import evidence
from privacy.systems.models import SystemTask


class Command(BaseCommand):
    help = "Check the signed answers of connected systems, in the database or in a file from the console."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", nargs="?", type=Path, help="a file of signed answers; without it, the database")
        parser.add_argument("--key", action="append", default=[], help="a public key that may have signed (base64)")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["file"]:
            said = json.loads(options["file"].read_text(encoding="utf-8"))
        else:
            tasks = SystemTask.objects.select_related("system").prefetch_related("answers")
            said = evidence.file_of(tasks.iterator(chunk_size=500))
        wrong = evidence.check(said)
        answers = [answer for task in said.get("tasks", ()) for answer in task["answers"]]
        if options["key"]:
            wrong += [f"{one['call']}: other-key" for one in answers if one["public_key"] not in options["key"]]
        for line in wrong:
            self.stderr.write(line)
        if wrong:
            raise CommandError(f"{len(wrong)} of {len(answers)} answers are not what they should be.")
        self.stdout.write(f"{len(answers)} signed answers are right.")
