"""What the API of the office remembers: who may call it, how often they did, and which programs are told of events."""

from privacy.office_api.models.credentials import Credential, CredentialUse, Scope
from privacy.office_api.models.events import EventDelivery, OutgoingEvent, Subscription

__all__ = ["Credential", "CredentialUse", "EventDelivery", "OutgoingEvent", "Scope", "Subscription"]
