"""The words of connected systems as people say them."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

SYSTEM_EVENT_DESCRIPTIONS: dict[str, Promise | str] = {
    "systems.system.registered": gettext_lazy("Connected system registered"),
    "systems.system.changed": gettext_lazy("Connected system changed"),
    "systems.system.ended": gettext_lazy("Connected system ended"),
    "systems.change.asked": gettext_lazy("Change or end of a connected system requested"),
    "systems.change.approved": gettext_lazy("Change or end of a connected system approved"),
    "systems.change.refused": gettext_lazy("Change or end of a connected system refused"),
    "systems.connection.asked": gettext_lazy("Connection of a system requested"),
    "systems.connection.approved": gettext_lazy("Connection of a system approved"),
    "systems.connection.refused": gettext_lazy("Connection of a system refused"),
    "systems.secret.shown": gettext_lazy("Shared secret of a system shown"),
    "systems.task.ordered": gettext_lazy("Connected system asked"),
    "systems.identifiers.sealed": gettext_lazy("Identifiers kept for connected systems"),
    "systems.identifiers.removed": gettext_lazy("Identifiers for connected systems removed"),
    "systems.task.answered": gettext_lazy("Connected system answered, to be read back"),
    "systems.task.confirmed": gettext_lazy("Connected system confirmed"),
    "systems.task.not-held": gettext_lazy("Connected system holds nothing"),
    "systems.task.kept": gettext_lazy("Connected system keeps data, with a reason"),
    "systems.task.contradicted": gettext_lazy("Connected system contradicted by the read-back"),
    "systems.task.failed": gettext_lazy("Connected system could not do it"),
    "systems.task.dropped": gettext_lazy("Task of a connected system no longer needed"),
    "systems.task.asked-again": gettext_lazy("Connected system asked again"),
    "systems.task.done-by-hand": gettext_lazy("Task of a connected system reported as done"),
    "systems.task.given-up": gettext_lazy("Task of a connected system given up"),
    "systems.evidence.shown": gettext_lazy("Evidence of a connected system opened"),
}
