"""``manage.py rehearse_law``: what the dated rules of a day would change, in both languages; nothing is written."""

from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.dateparse import parse_date
from django.utils.translation import override

from privacy.lib.dates.form_fields import is_in_range
from privacy.policies import rehearsal


class Command(BaseCommand):
    help = "Say which open matters, lists, texts, numbers and duties the dated rules of a day would change, and how."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--on", required=True, type=_day, help="YYYY-MM-DD: the day on which the rules begin")
        parser.add_argument("--language", choices=("ko", "en"), default="", help="default: both")

    def handle(self, *args: Any, **options: Any) -> None:
        for language in [options["language"]] if options["language"] else ["ko", "en"]:
            with override(language):
                self.stdout.write("\n".join(rehearsal.lines(rehearsal.rehearse(options["on"]))) + "\n")


def _day(text: str) -> date:
    try:
        day = parse_date(text)
    except ValueError:
        day = None
    if day is None or not is_in_range(day):
        raise CommandError(f"{text} is no day: YYYY-MM-DD.")
    return day
