"""What of the connected systems has a date: what nobody has confirmed yet; late ones are the protection officer's."""

from django.db.models import CharField, QuerySet, Value
from django.db.models.functions import Concat
from django.utils.translation import gettext_lazy as _

from privacy.lib.registries import deadlines
from privacy.systems.models import SystemTask


def open_tasks() -> QuerySet[SystemTask]:
    """The tasks of which nobody has proof yet."""
    return SystemTask.objects.open()


deadlines.add_query(
    "systems.task",
    open_tasks,
    on="due_on",
    reference=Concat("reference", Value(" "), "system__code", output_field=CharField()),
    page="admin:systems_systemtask_change",
    title=_("Confirmation by a connected system:"),
    permission="systems.view_systemtask",
)
