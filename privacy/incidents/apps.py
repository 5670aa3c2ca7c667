from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class IncidentsConfig(AppConfig):
    name = "privacy.incidents"
    verbose_name = _("Complaints and incidents")

    def ready(self) -> None:
        from privacy.campaigns import stand_ins
        from privacy.campaigns.models import Campaign
        from privacy.incidents import actions as incidents
        from privacy.incidents import notifications
        from privacy.policies import extra_holidays

        extra_holidays.on_change(incidents.move_targets)
        stand_ins.declare(Campaign.Kind.BREACH, notifications.told_by_website)
