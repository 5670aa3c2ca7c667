"""Which evidence of who they are people are asked for at most: no more than was asked at collection (law R-05).

The portal knows a device by its numbers and a contact by its address. Neither was collected with an identity card, so
none is asked for. Who acts for another proves that too (``Request.PROOFS``).
"""

from collections.abc import Mapping
from types import MappingProxyType

from django.db import models
from django.utils.translation import gettext as now_
from django.utils.translation import gettext_lazy as _

from privacy.rights.models import Request


class Collection(models.TextChoices):
    """By which way what identifies a person came here."""

    DEVICE = "device", _("reported by the device, or listed by whoever runs it")
    LICENCE = "licence", _("issued with the licence")
    CONTACT = "contact", _("entered by the person as a contact")


class Evidence(models.TextChoices):
    """What can show that somebody is the one whom the data is about."""

    DEVICE_CODE = "device-code", _("a code confirmed on the device")
    DEVICE_PAPER = "device-paper", _("a receipt, a contract, or a photo of the box or screen that shows the number")
    LICENCE_PAPER = "licence-paper", _("an invoice or message that shows the licence key")
    CONTACT_PAPER = (
        "contact-paper",
        _("a bill, or a screenshot of the mailbox or phone, that shows the address or number"),
    )


T, C, E = Request.Target, Collection, Evidence
COLLECTED_BY: Mapping[str, Collection] = MappingProxyType(
    {
        T.IMEI: C.DEVICE, T.SERIAL_NUMBER: C.DEVICE, T.ADB_NUMBER: C.DEVICE, T.LICENCE_KEY: C.LICENCE,
        T.EMAIL: C.CONTACT, T.PHONE: C.CONTACT,
    }
)  # fmt: skip
MOST: Mapping[Collection, tuple[Evidence, ...]] = MappingProxyType(
    {
        C.DEVICE: (E.DEVICE_CODE, E.DEVICE_PAPER),
        C.LICENCE: (E.DEVICE_CODE, E.LICENCE_PAPER),
        C.CONTACT: (E.CONTACT_PAPER,),
    }
)


def most_for(case: Request) -> tuple[Evidence, ...]:
    """Return what may be asked at most of whoever makes a request, by how what identifies them was collected."""
    return MOST[COLLECTED_BY[case.target_kind]]


def papers_for(case: Request) -> list[str]:
    """Return in words which papers prove it; any one of them is enough."""
    return [str(one.label) for one in most_for(case) if one is not Evidence.DEVICE_CODE]


def at_most(case: Request) -> str:
    """Say which papers are enough, and that no identity card is needed."""
    papers = "; ".join(papers_for(case))
    return now_("Any one of these is enough: %(papers)s. We don't need an identity card.") % {"papers": papers}
