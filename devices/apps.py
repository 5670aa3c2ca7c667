from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DevicesConfig(AppConfig):
    name = "devices"
    verbose_name = _("Devices")

    def ready(self) -> None:
        from devices import checks, pseudonyms  # noqa: F401 - registers the checks
        from privacy.ledger.entries import pseudonyms as names

        names.add_source(pseudonyms.pseudonyms)
