"""What of the devices has a date: tokens of gateways that expire."""

from collections.abc import Iterator
from datetime import date, timedelta

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from devices.models import GatewayToken
from privacy.lib import agenda, clock
from privacy.lib.agenda import Dated


def expiring_tokens(first: date, last: date) -> Iterator[Dated]:
    """Yield the tokens that still open the API, on the day they stop."""
    begin = clock.midnight(first)
    end = clock.midnight(last + timedelta(1))
    for row in GatewayToken.objects.filter(revoked_at=None, expires_at__gte=begin, expires_at__lt=end):
        path = reverse("admin:devices_gatewaytoken_change", args=[row.pk])
        yield Dated(clock.kst_date(row.expires_at), str(row.pk), row.gateway.reference, path, at=row.expires_at)


agenda.add_source(
    "devices.token", expiring_tokens, title=_("Token of a gateway expires:"), permission="devices.view_gatewaytoken"
)
