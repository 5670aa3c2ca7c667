"""``manage.py export_ledger``: a bundle that anyone can check with the ``verify.py`` inside it."""

import os
import shutil
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.dateparse import parse_date

from privacy.ledger.actors import SystemActor
from privacy.ledger.checkpoints import external_checkpoints
from privacy.ledger.entries.standalone_recording import append_entry
from privacy.ledger.events import Event
from privacy.ledger.exports import log_bundles
from privacy.ledger.merkle import log_reader
from privacy.lib.dates import clock
from privacy.lib.dates.form_fields import is_in_range
from privacy.lib.errors.refusals import Refusal


class Command(BaseCommand):
    help = "Write entries, hashes, the newest checkpoint, keys, README and verify.py into a folder."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, nargs="?", help="a folder that doesn't exist yet; default: a new one")
        parser.add_argument("--from", dest="since", help="first day (KST), YYYY-MM-DD; default: the beginning")
        parser.add_argument("--until", help="last day (KST), YYYY-MM-DD; default: now")
        parser.add_argument("--reason", default="command line", help="why, for the record of this export")

    def handle(self, *args: Any, **options: Any) -> None:
        since, until = _midnight(options["since"]), _midnight(options["until"], days=1)
        if since and until and until <= since:
            raise CommandError("The last day is before the first.")
        moment = f"{clock.now():%Y%m%dT%H%M%S}"
        folder: Path = options["folder"] or settings.PORTAL_HOME / "exports" / f"ledger-{moment}-{os.getpid()}"
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            raise CommandError(f"{folder} exists already.") from None
        with log_reader.connect() as connection:
            try:
                bundle = log_bundles.write(
                    connection, folder, since=since, until=until, vkeys=external_checkpoints.pinned_keys()
                )
            except (Refusal, LookupError) as refusal:
                shutil.rmtree(folder)
                raise CommandError(str(refusal)) from None
            size, sha256 = log_bundles.digest(folder)
            append_entry(
                connection,
                Event.EXPORTED,
                actor=SystemActor("export_ledger"),
                task="ledger.export",
                reason=options["reason"],
                facts={"from": bundle.start, "until": bundle.end, "bytes": size, "sha256": sha256},
            )
        keys = "".join(f" --key '{vkey}'" for vkey in external_checkpoints.pinned_keys() or ["VKEY"])
        self.stdout.write(
            f"{bundle.end - bundle.start} entries of {bundle.size} in {folder}; check with: python {folder}/verify.py"
            f" {folder}{bundle.part}{keys}"
        )


def _midnight(text: str | None, days: int = 0) -> datetime | None:
    if not text:
        return None
    try:
        day = parse_date(text)
    except ValueError:
        day = None
    if day is None or not is_in_range(day):
        raise CommandError(f"{text} is not a day: YYYY-MM-DD.")
    return clock.midnight(day + timedelta(days))
