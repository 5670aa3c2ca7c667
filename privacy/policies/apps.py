from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PoliciesConfig(AppConfig):
    name = "privacy.policies"
    verbose_name = _("Policy and rulebook")

    def ready(self) -> None:
        from privacy.accounts import scopes, terms
        from privacy.lib import holidays, names
        from privacy.policies import calendar, checks, naming, rulebook  # noqa: F401 - registers the checks

        holidays.add_source(calendar.extra_days)
        scopes.add_source(rulebook.openable)
        terms.add_source(rulebook.parameter)
        names.add_source("category", naming.category_name)
        names.add_source("item", naming.item_name)
        names.add_source("preservation", naming.preservation_name)
