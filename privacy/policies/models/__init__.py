"""The rulebook as it is remembered, split by noun."""

from privacy.policies.models.calendar import ExtraHoliday, Parameter
from privacy.policies.models.contacts import Agency, Notice, Officer
from privacy.policies.models.language import in_language
from privacy.policies.models.rules import Category, Clock, Item, PreservationRule, Purpose, RetentionRule, Section
from privacy.policies.models.version import PolicyVersion, Review

__all__ = [
    "Agency",
    "Category",
    "Clock",
    "ExtraHoliday",
    "Item",
    "Notice",
    "Officer",
    "Parameter",
    "PolicyVersion",
    "PreservationRule",
    "Purpose",
    "RetentionRule",
    "Review",
    "Section",
    "in_language",
]
