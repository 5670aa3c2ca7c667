from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps


class ConfigConfig(AppConfig):
    """The composition root as an app: it brings the commands and checks that need every other app."""

    name = "config"
    default = True

    def ready(self) -> None:
        from config import checks  # noqa: F401 - registers the deployment checks


class OfficeAdminConfig(admin_apps.AdminConfig):
    """Django's admin with the officer's console as its site."""

    default = False
    default_site = "config.admin.OfficeSite"
