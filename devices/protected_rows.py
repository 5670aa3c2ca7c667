"""For which tables the audit trail vouches, row by row (privacy/ledger/protected_tables.py)."""

from devices.models import (
    AppLog,
    AppLogRemoval,
    AppPermission,
    Batch,
    Challenge,
    CountedSlice,
    DailyReportCount,
    Device,
    FleetImport,
    Gateway,
    GatewayToken,
    IdempotentResponse,
    ImportedRow,
    Licence,
    Report,
    RequestNonce,
    SettledError,
)
from privacy.ledger import protected_tables

protected_tables.declare(
    Gateway, GatewayToken, Challenge, FleetImport, Device, Licence, SettledError, AppLogRemoval, AppPermission
)

protected_tables.exempt(DailyReportCount, CountedSlice, because="counts of what intake received")
protected_tables.exempt(RequestNonce, IdempotentResponse, because="a call of a gateway, for minutes")

protected_tables.exempt(
    Report, AppLog, Batch, because="what intake stored: the entry of its call has the digest of the ids (decision 0366)"
)
protected_tables.exempt(ImportedRow, because="a preview, until it is continued or discarded")
