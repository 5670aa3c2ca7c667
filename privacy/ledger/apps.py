from django.apps import AppConfig
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class LedgerConfig(AppConfig):
    name = "privacy.ledger"
    verbose_name = _("Audit trail")

    def ready(self) -> None:
        from privacy.ledger import checks, touches  # noqa: F401 - registers the checks

        # Each app's register.py says how its registers leave the portal (privacy.lib.registers).
        autodiscover_modules("register")
        post_migrate.connect(touches.watch_tables, sender=self, dispatch_uid="ledger-watch-tables")
        connection_created.connect(touches.mark_connection, dispatch_uid="ledger-mark-connection")
