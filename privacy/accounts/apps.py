from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "privacy.accounts"
    verbose_name = _("Accounts and access")

    def ready(self) -> None:
        from privacy.accounts import receivers
        from privacy.lib import stepup

        stepup.answered_by(receivers.confirmed_lately)
