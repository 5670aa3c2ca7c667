from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class ConsentsConfig(AppConfig):
    name = "consents"
    verbose_name = _("Consents")

    def ready(self) -> None:
        from consents import checks  # noqa: F401 - registers the checks

        # Apps above say how else a person proves that these are her consents.
        autodiscover_modules("identity_verification")
