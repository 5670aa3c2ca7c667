"""Complaints and incidents in the console, split by noun."""

from privacy.incidents.admin import complaints, incidents

__all__ = ["complaints", "incidents"]
