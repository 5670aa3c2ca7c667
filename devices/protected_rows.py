"""For which tables the audit trail vouches, row by row (privacy/ledger/protected_tables.py)."""

from devices.models import (
    Challenge,
    CountedSlice,
    DailyReportCount,
    FleetImport,
    Gateway,
    GatewayToken,
    IdempotentResponse,
    RequestNonce,
)
from privacy.ledger import protected_tables

protected_tables.declare(Gateway, GatewayToken, Challenge, FleetImport)

protected_tables.exempt(DailyReportCount, CountedSlice, because="counts of what intake received")
protected_tables.exempt(RequestNonce, IdempotentResponse, because="a call of a gateway, for minutes")
