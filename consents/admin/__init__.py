"""What the officer sees and presses: agreements and their texts, decisions, notices about advertising consent."""

from consents.admin import agreements, decisions

__all__ = ["agreements", "decisions"]
