from django.apps import AppConfig
from django.db.models.signals import post_save
from django.utils.translation import gettext_lazy as _


class SystemsConfig(AppConfig):
    name = "privacy.systems"
    verbose_name = _("Connected systems")

    def ready(self) -> None:
        from privacy.systems import receivers
        from privacy.vault.models import Freeze

        post_save.connect(receivers.freeze_was_saved, sender=Freeze, dispatch_uid="systems.freezes")
