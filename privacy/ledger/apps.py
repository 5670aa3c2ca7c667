from django.apps import AppConfig
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate, pre_migrate
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class LedgerConfig(AppConfig):
    name = "privacy.ledger"
    verbose_name = _("Audit trail")

    def ready(self) -> None:
        from privacy.ledger import (  # noqa: F401 - registers the checks
            checks,
            columns_of_a_release,
            row_statements,
            stated_commits,
            write_capture,
        )

        # Each app's register.py says how its registers leave the portal (privacy.lib.registries.registers).
        autodiscover_modules("register")
        # Each app's issued_documents.py says which documents it hands out and how they are checked.
        autodiscover_modules("issued_documents")
        # Each app's captured_writes.py says which entries explain a write to its tables of personal data.
        autodiscover_modules("captured_writes")
        # Each app's protected_rows.py says for which of its tables an entry vouches, and of the others why not.
        autodiscover_modules("protected_rows")
        pre_migrate.connect(columns_of_a_release.announce, sender=self, dispatch_uid="ledger-announce-columns")
        post_migrate.connect(write_capture.install_write_capture, sender=self, dispatch_uid="ledger-watch-tables")
        post_migrate.connect(row_statements.install_triggers, sender=self, dispatch_uid="ledger-protect-tables")
        connection_created.connect(write_capture.install_request_id_wrapper, dispatch_uid="ledger-mark-connection")
        connection_created.connect(stated_commits.install_on_connection, dispatch_uid="ledger-state-rows")
