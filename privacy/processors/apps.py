from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ProcessorsConfig(AppConfig):
    name = "privacy.processors"
    verbose_name = _("Processors and transfers abroad")

    def ready(self) -> None:
        from privacy.campaigns import lateness
        from privacy.campaigns.models import Campaign
        from privacy.policies import data_recipients as registers
        from privacy.processors import data_recipients
        from privacy.processors.models import BusinessTransfer

        handed_over = BusinessTransfer.objects.handed_over
        lateness.declare(Campaign.Kind.BUSINESS, lambda notice: handed_over().filter(campaign=notice).exists())
        registers.add_source("processors", data_recipients.processors)
        registers.add_source("transfers", data_recipients.transfers)
