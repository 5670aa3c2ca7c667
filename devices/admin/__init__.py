"""What the officer sees and presses: devices, licences, gateways and their tokens."""

from devices.admin import app_permissions, devices, gateways, imports, statistics

__all__ = ["app_permissions", "devices", "gateways", "imports", "statistics"]
