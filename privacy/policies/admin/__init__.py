"""The policy in the officer's console, split by noun."""

from privacy.policies.admin import calendar, contacts, drafts, notices, versions

__all__ = ["calendar", "contacts", "drafts", "notices", "versions"]
