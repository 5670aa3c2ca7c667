from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class CampaignsConfig(AppConfig):
    name = "privacy.campaigns"
    verbose_name = _("Individual notices")

    def ready(self) -> None:
        # Each app that knows people of a kind says how they are reached; nobody imports everybody.
        autodiscover_modules("recipients")
