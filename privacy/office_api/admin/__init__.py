"""The API of the office in the console."""

from privacy.office_api.admin.credentials import CredentialAdmin
from privacy.office_api.admin.deliveries import EventDeliveryAdmin
from privacy.office_api.admin.webhooks import SubscriptionAdmin

__all__ = ["CredentialAdmin", "EventDeliveryAdmin", "SubscriptionAdmin"]
