from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class WorkforceConfig(AppConfig):
    name = "privacy.workforce"
    verbose_name = _("Workforce")

    def ready(self) -> None:
        from privacy.accounts import fitness
        from privacy.workforce import standing

        fitness.add_condition(standing.what_the_vault_asks)
