from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class VaultConfig(AppConfig):
    name = "privacy.vault"
    verbose_name = _("Vault")

    def ready(self) -> None:
        from privacy.lib import names
        from privacy.vault import checks  # noqa: F401 - registers the checks
        from privacy.vault.purposes import purpose_name

        names.add_source("purpose", purpose_name)
