from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ProcessorsConfig(AppConfig):
    name = "privacy.processors"
    verbose_name = _("Processors and transfers abroad")

    def ready(self) -> None:
        from privacy.policies import data_recipients as registers
        from privacy.processors import data_recipients

        registers.add_source("processors", data_recipients.processors)
        registers.add_source("transfers", data_recipients.transfers)
