from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class PoliciesConfig(AppConfig):
    name = "privacy.policies"
    verbose_name = _("Policy and rulebook")

    def ready(self) -> None:
        from privacy.accounts import scopes
        from privacy.lib.dates import holidays
        from privacy.lib.display import display_names
        from privacy.lib.registries import parameters
        from privacy.policies import checks, extra_holidays, rulebook  # noqa: F401 - registers the checks
        from privacy.policies import display_names as naming

        holidays.add_source(extra_holidays.extra_days)
        scopes.add_source(rulebook.grantable_scopes)
        parameters.add_source(rulebook.parameter)
        display_names.add_source("category", naming.category_name)
        display_names.add_source("item", naming.item_name)
        display_names.add_source("preservation", naming.preservation_name)
        autodiscover_modules("message_kinds")
