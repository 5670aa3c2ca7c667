from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class JobsConfig(AppConfig):
    name = "privacy.jobs"
    verbose_name = _("Jobs and deliveries")

    def ready(self) -> None:
        # Each app's tasks.py registers who delivers its kinds of outbox rows; without it nobody would.
        autodiscover_modules("tasks")
