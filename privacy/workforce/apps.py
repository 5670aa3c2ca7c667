from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class WorkforceConfig(AppConfig):
    name = "privacy.workforce"
    verbose_name = _("Workforce")

    def ready(self) -> None:
        from privacy.accounts import access_requirements
        from privacy.workforce import compliance

        access_requirements.add_requirement(compliance.missing_requirements)
