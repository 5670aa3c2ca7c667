"""What of the devices has a date: tokens of gateways that expire."""

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from devices.models import GatewayToken
from privacy.lib.registries import deadlines


def unrevoked_tokens() -> QuerySet[GatewayToken]:
    """The tokens that nobody revoked; each opens the API until it expires."""
    return GatewayToken.objects.filter(revoked_at=None, gateway__closed_at=None)


deadlines.add_query(
    "devices.token",
    unrevoked_tokens,
    at="expires_at",
    reference="gateway__reference",
    page="admin:devices_gatewaytoken_change",
    title=_("Gateway token expires:"),
    permission="devices.view_gatewaytoken",
    owed=False,
)
