"""Where personal data comes from, as its rows say it: what a declaration in the register of holdings answers."""

from dataclasses import dataclass

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Source(TextChoices):
    """Kinds of sources (PIPA, art. 20(1)1)."""

    DEVICE = "device", _("your device, through a gateway")
    DEVICE_OR_LIST = "device-or-list", _("your device through a gateway, or a list of the organisation that runs it")
    LIST = "list", _("a list of the organisation that runs your device")
    PERSON = "person", _("you, or whoever acts for you")
    OFFICE = "office", _("a document that you gave our office")
    CORRECTION = "correction", _("a correction that you asked for")
    OUR_RECORDS = "our-records", _("our own records, kept apart because a law requires it")
    CONTROLLER = "controller", _("another organisation that processes your data")


@dataclass(frozen=True, order=True)
class DataSource:
    """One source. ``name`` is the title of the gateway that brought the data, or of the other controller."""

    source: str
    name: str = ""
