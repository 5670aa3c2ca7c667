from enum import StrEnum


class Event(StrEnum):
    """Words of the ledger for deliveries."""

    PARKED = "jobs.delivery.parked"
    RETRIED = "jobs.delivery.retried"
