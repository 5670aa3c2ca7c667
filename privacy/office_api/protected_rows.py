"""For which tables the audit trail vouches, row by row (privacy/ledger/protected_tables.py)."""

from privacy.ledger import protected_tables
from privacy.office_api.models import Credential, CredentialUse, EventDelivery, OutgoingEvent, Subscription

protected_tables.declare(Credential)
# Whether an address answers changes without an act.
protected_tables.declare(Subscription, without=["failing_since"])
protected_tables.exempt(CredentialUse, because="counts of a minute; each call is an entry of its own")
protected_tables.exempt(OutgoingEvent, because="what is told outside of an act that is an entry itself")
protected_tables.exempt(EventDelivery, because="the worker's list; what a person decides of it is an entry")
