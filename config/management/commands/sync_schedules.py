"""Make django-q2's schedules equal to ``config/schedules.py``."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils.module_loading import import_string
from django_q.models import Schedule

from config.schedules import SCHEDULES


class Command(BaseCommand):
    help = "Make the schedules of the queue equal to config/schedules.py."

    def handle(self, *args: Any, **options: Any) -> None:
        # One malformed row stops every schedule of django-q2, so each function is looked up before it is written.
        for job in SCHEDULES:
            import_string(job.function)
        for job in SCHEDULES:
            existing = Schedule.objects.filter(name=job.name).first()
            if existing and (existing.func, existing.cron) == (job.function, job.cron):
                continue
            Schedule.objects.update_or_create(
                name=job.name,
                defaults={"func": job.function, "schedule_type": Schedule.CRON, "cron": job.cron, "repeats": -1},
            )
        gone = Schedule.objects.exclude(name__in=[job.name for job in SCHEDULES]).delete()[0]
        self.stdout.write(f"{len(SCHEDULES)} schedules in place, {gone} removed.")
