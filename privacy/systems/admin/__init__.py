"""Connected systems in the console: the register, where each answers, and what each is asked."""

from privacy.systems.admin.entry_changes import EntryChangeAdmin
from privacy.systems.admin.systems import ConnectedSystemAdmin, ConnectionAdmin
from privacy.systems.admin.tasks import AnswerAdmin, SystemTaskAdmin

__all__ = ["AnswerAdmin", "ConnectedSystemAdmin", "ConnectionAdmin", "EntryChangeAdmin", "SystemTaskAdmin"]
