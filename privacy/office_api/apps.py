from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OfficeApiConfig(AppConfig):
    name = "privacy.office_api"
    verbose_name = _("API of the office")

    def ready(self) -> None:
        from privacy.accounts import leaving
        from privacy.ledger import listeners
        from privacy.office_api.actions import write_event
        from privacy.office_api.actions.credentials import revoke_all_of
        from privacy.office_api.event_kinds import TOLD

        listeners.listen(TOLD, write_event)
        leaving.declare("programs", revoke_all_of)
