"""Whose device shows messages: those of gateways that hold a token for it (privacy/campaigns/recipients.py)."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from devices.models import Device, GatewayToken, Scope
from privacy.campaigns import recipients


def with_messages(ids: Collection[UUID], at: datetime) -> set[UUID]:
    """Return the people whose device is of a gateway that may fetch its messages: a device is its own subject."""
    tokens = GatewayToken.objects.usable(at=at).filter(scopes__contains=[Scope.MESSAGES.value])
    gateways = list(tokens.values_list("gateway_id", flat=True).distinct())
    if not gateways:
        return set()
    found = Device.objects.filter(gateway_id__in=gateways, subject_id__in=list(ids))
    return set(found.values_list("subject_id", flat=True))


recipients.declare_devices(with_messages)
