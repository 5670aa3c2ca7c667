"""Devices, their licences, what they report, and the gateways that speak for them (P3.1 … P3.5).

Each device is a data subject of its own: the policy's data names no person (law file §12.8). So ``subject_id`` equals
the device's id, and every key and every query of the big tables carries the device (a database that is spread over
several servers would be spread by it).
"""

from devices.models.app_permissions import AppPermission, AppPermissionQuerySet, new_app_permission_reference
from devices.models.devices import Device, DeviceQuerySet, Licence, LicenceQuerySet, new_device_reference
from devices.models.gateways import (
    Challenge,
    ChallengeQuerySet,
    Gateway,
    GatewayQuerySet,
    GatewayToken,
    GatewayTokenQuerySet,
    IdempotentResponse,
    RequestNonce,
    Scope,
    new_gateway_reference,
)
from devices.models.imports import FleetImport, ImportedRow, new_import_reference
from devices.models.reports import (
    AppLog,
    Batch,
    BatchQuerySet,
    CountedSlice,
    DailyReportCount,
    DailyReportCountQuerySet,
    Kind,
    Report,
)
from devices.models.settled_errors import AppLogRemoval, SettledError, SettledErrorQuerySet

__all__ = [
    "AppLog",
    "AppLogRemoval",
    "AppPermission",
    "AppPermissionQuerySet",
    "Batch",
    "BatchQuerySet",
    "Challenge",
    "ChallengeQuerySet",
    "CountedSlice",
    "DailyReportCount",
    "DailyReportCountQuerySet",
    "Device",
    "DeviceQuerySet",
    "FleetImport",
    "Gateway",
    "GatewayQuerySet",
    "GatewayToken",
    "GatewayTokenQuerySet",
    "IdempotentResponse",
    "ImportedRow",
    "Kind",
    "Licence",
    "LicenceQuerySet",
    "Report",
    "RequestNonce",
    "Scope",
    "SettledError",
    "SettledErrorQuerySet",
    "new_app_permission_reference",
    "new_device_reference",
    "new_gateway_reference",
    "new_import_reference",
]
