"""What the officer sees and presses: agreements, decisions and what they destroy, notices about advertising."""

from consents.admin import agreements, children, decisions, destructions

__all__ = ["agreements", "children", "decisions", "destructions"]
