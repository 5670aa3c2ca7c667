"""What the officer sees and presses: devices, licences, gateways and their tokens."""

from devices.admin import devices, gateways, imports, statistics

__all__ = ["devices", "gateways", "imports", "statistics"]
