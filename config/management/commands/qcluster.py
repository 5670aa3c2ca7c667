"""The worker: django-q2's cluster, which does not start with a wrong or missing key."""

from typing import Any

from django_q.management.commands import qcluster

from config import boot


class Command(qcluster.Command):  # type: ignore[misc]  # django-q2 has no types
    def handle(self, *args: Any, **options: Any) -> None:
        boot.stop_on_wrong_keys()
        boot.stop_on_an_unguarded_trail()
        super().handle(*args, **options)
