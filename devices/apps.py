from datetime import date

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


def _cause_name(code: str, on: date) -> object:
    """What a cause is called for which keys of an import are destroyed."""
    causes = {"import-discarded": _("fleet import discarded"), "import-refused": _("fleet import: row refused")}
    return causes.get(code)


class DevicesConfig(AppConfig):
    name = "devices"
    verbose_name = _("Devices")

    def ready(self) -> None:
        from devices import app_permissions, checks, pseudonyms  # noqa: F401 - registers the checks
        from privacy.ledger.entries import pseudonyms as names
        from privacy.lib.display import display_names
        from privacy.policies import data_recipients

        names.add_source(pseudonyms.pseudonyms)
        display_names.add_source("cause", _cause_name)
        data_recipients.add_source("app-permissions", app_permissions.app_permissions)
