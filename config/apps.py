from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps


class PortalConfig(AppConfig):
    """The composition root as an app: it brings the commands and checks that need every other app."""

    name = "config"
    default = True

    def ready(self) -> None:
        from django.apps import apps

        from config import (  # registers the deployment checks
            checks,  # noqa: F401
            constraint_messages,
            notice_constraint_messages,
            system_constraint_messages,
            transport_checks,  # noqa: F401
        )
        from privacy.lib.errors import constraint_messages as constraints
        from privacy.lib.http.control_characters import refuse_in_every_form

        constraints.declare(constraint_messages.CONSTRAINT_MESSAGES)
        constraints.declare(notice_constraint_messages.NOTICE_CONSTRAINT_MESSAGES)
        constraints.declare(system_constraint_messages.SYSTEM_CONSTRAINT_MESSAGES)
        constraints.attach_messages(apps.get_models())
        refuse_in_every_form()


class OfficeAdminConfig(admin_apps.AdminConfig):
    """Django's admin with the officer's console as its site."""

    default = False
    default_site = "config.admin.OfficeSite"
