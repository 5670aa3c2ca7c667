"""For which tables the audit trail vouches, row by row (privacy/ledger/protected_tables.py)."""

from privacy.ledger import protected_tables
from privacy.scim.models import ProvisionedAccount, ProvisioningCredential, ProvisioningUse

protected_tables.declare(ProvisioningCredential, ProvisionedAccount)
protected_tables.exempt(ProvisioningUse, because="counts of a minute; each call is an entry of its own")
