"""What this app holds: identifiers of people whose data was destroyed here, until the last system has confirmed."""

from django.utils.translation import gettext_lazy as _

from privacy.policies.categories import CONNECTED_SYSTEM
from privacy.subjects import holdings
from privacy.systems.models import Envelope, SystemTask

holdings.declare(
    Envelope,
    category=CONNECTED_SYSTEM,
    subject="system_id",
    clock="system-confirmation",
    using="personal",
    items={"identifiers": "identifiers"},
    has_own_end=True,
    duty=_("to have copies in other systems destroyed and to verify it (PIPA, art. 21)"),
)
holdings.declare_pseudonymous(
    SystemTask, subject="subject_id", why="what other systems were asked and what they proved, never values"
)
