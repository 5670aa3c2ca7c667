from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class VaultConfig(AppConfig):
    name = "privacy.vault"
    verbose_name = _("Access to personal data")

    def ready(self) -> None:
        from privacy.lib.crypto import document_signing
        from privacy.lib.display import display_names
        from privacy.vault import checks  # noqa: F401 - registers the checks
        from privacy.vault.keyservice.client import ServiceSigner
        from privacy.vault.purposes import purpose_name

        display_names.add_source("purpose", purpose_name)
        document_signing.use_signer(ServiceSigner())
