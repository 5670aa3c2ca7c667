"""Make django-q2's schedules equal to ``config/schedules.py``."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils.module_loading import import_string
from django_q.models import Schedule

from config.schedules import SCHEDULES, Job
from privacy.ledger import actions as ledger
from privacy.ledger.actors import SystemActor
from privacy.lib.dates import clock


class Command(BaseCommand):
    help = "Make the schedules equal to config/schedules.py, and take up registers that are new or have other columns."

    def handle(self, *args: Any, **options: Any) -> None:
        # One malformed row stops every schedule of django-q2, so each function is looked up before it is written.
        for job in SCHEDULES:
            import_string(job.function)
        wanted = {job.name: _columns(job) for job in SCHEDULES}
        found = {row.name: row for row in Schedule.objects.order_by("pk")}
        in_place = {name for name, row in found.items() if _as_stored(row) == wanted.get(name)}
        gone = Schedule.objects.exclude(pk__in=[found[name].pk for name in in_place]).delete()[0]
        Schedule.objects.bulk_create(
            Schedule(name=name, **columns) for name, columns in wanted.items() if name not in in_place
        )
        adopted = ledger.adopt_registers(actor=SystemActor("release"), at=clock.now())
        if options.get("verbosity", 1):
            self.stdout.write(f"{len(SCHEDULES)} schedules in place, {gone} removed, {len(adopted)} registers adopted.")


def is_in_place() -> bool:
    """Whether the schedules are those of ``config/schedules.py``, whoever wrote them."""
    rows = [(row.name, _as_stored(row)) for row in Schedule.objects.order_by("name")]
    return rows == sorted((job.name, _columns(job)) for job in SCHEDULES)


def _columns(job: Job) -> dict[str, Any]:
    nothing = dict.fromkeys(("hook", "args", "kwargs", "minutes", "cluster", "intended_date_kwarg"))
    return {**nothing, "func": job.function, "schedule_type": Schedule.CRON, "cron": job.cron, "repeats": -1}


def _as_stored(row: Schedule) -> dict[str, Any]:
    return {column: getattr(row, column) for column in _columns(SCHEDULES[0])}
