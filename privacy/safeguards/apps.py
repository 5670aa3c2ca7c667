from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class SafeguardsConfig(AppConfig):
    name = "privacy.safeguards"
    verbose_name = _("Safeguards")

    def ready(self) -> None:
        # Each app says what of its own has a date, and what its registers tell about a year (lib.agenda, lib.yearbook).
        autodiscover_modules("deadlines", "annual_report")
