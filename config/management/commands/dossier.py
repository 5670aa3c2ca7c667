"""``manage.py dossier``: everything that an inspector asks for, in one folder to be read and checked offline."""

import os
import shutil
from datetime import date
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.dateparse import parse_date

from config.dossier import writing
from config.dossier.parts import Scope
from privacy.ledger.actors import SystemActor
from privacy.lib.dates import clock
from privacy.lib.dates.form_fields import is_in_range
from privacy.lib.errors.refusals import Refusal

# Seconds for which the papers wait for their proofs: the notary signs every few seconds.
PATIENCE = 30.0


class Command(BaseCommand):
    help = "Write registers, criteria, policy, papers and the audit trail of a period into a folder for an inspector."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, nargs="?", help="a folder that doesn't exist yet; default: a new one")
        parser.add_argument("--period", default="", help="YYYY, or YYYY-MM-DD/YYYY-MM-DD; default: this year")
        parser.add_argument("--case", default="", help="the story of one case comes along, such as 2026-1234567")
        parser.add_argument("--criterion", default="", help="only what shows this criterion of ISMS-P, such as 3.2.1")
        parser.add_argument("--language", choices=("ko", "en"), default="ko")
        parser.add_argument("--reason", default="command line", help="why, for the record of this export")

    def handle(self, *args: Any, **options: Any) -> None:
        at = clock.now()
        first, last = _period(options["period"] or str(clock.today().year))
        scope = Scope(
            first, last, options["language"], options["reason"], SystemActor("dossier"), at, patience=PATIENCE
        )
        folder: Path = (
            options["folder"] or settings.PORTAL_HOME / "exports" / f"dossier-{at:%Y%m%dT%H%M%S}-{os.getpid()}"
        )
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            raise CommandError(f"{folder} exists already.") from None
        try:
            made = writing.write(folder, scope, case=options["case"], criterion=options["criterion"])
        except BaseException as error:
            shutil.rmtree(folder)
            if isinstance(error, Refusal | LookupError):
                raise CommandError(str(error)) from None
            raise
        self.stdout.write(
            f"{len(made.lines)} criteria, {made.register_count} registers in {folder}; begin with {folder}/index.html"
        )


def _period(text: str) -> tuple[date, date]:
    """Return the first and the last day of a year, or of two days with a slash between them."""
    first, slash, last = text.partition("/")
    days = (first, last) if slash else (f"{text}-01-01", f"{text}-12-31")
    try:
        found = [parse_date(day) for day in days]
    except ValueError:
        found = [None]
    begun, ended = found[0], found[-1]
    if begun is None or ended is None or not is_in_range(begun) or not is_in_range(ended):
        raise CommandError(f"{text} is no period: YYYY, or YYYY-MM-DD/YYYY-MM-DD.")
    if ended < begun:
        raise CommandError("The last day is before the first.")
    return begun, ended
