from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "privacy.accounts"
    verbose_name = _("Accounts and access")

    def ready(self) -> None:
        from privacy.accounts import receivers
        from privacy.accounts.display_names import display_name, display_names_by_reference
        from privacy.lib.display import display_names
        from privacy.lib.http import step_up_authentication

        display_names.add_source("account", display_name)
        display_names.add_bulk_source("account", display_names_by_reference)
        step_up_authentication.add_check(receivers.recently_reauthenticated)
