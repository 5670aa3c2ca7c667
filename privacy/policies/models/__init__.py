"""The rulebook as it is remembered, split by noun."""

from privacy.policies.models.localized_fields import in_language
from privacy.policies.models.message_templates import MessageTemplate
from privacy.policies.models.officers import Agency, Notice, Officer
from privacy.policies.models.parameters import ExtraHoliday, Parameter, ParameterChange
from privacy.policies.models.published_texts import NoConsignment, PublishedText
from privacy.policies.models.rulebook import (
    Category,
    Item,
    LegalBasis,
    LegalGround,
    PreservationRule,
    Purpose,
    RetentionRule,
    RetentionTrigger,
    Section,
)
from privacy.policies.models.versions import PolicyVersion, Review

__all__ = [
    "Agency",
    "Category",
    "ExtraHoliday",
    "Item",
    "LegalBasis",
    "LegalGround",
    "MessageTemplate",
    "NoConsignment",
    "Notice",
    "Officer",
    "Parameter",
    "ParameterChange",
    "PolicyVersion",
    "PreservationRule",
    "PublishedText",
    "Purpose",
    "RetentionRule",
    "RetentionTrigger",
    "Review",
    "Section",
    "in_language",
]
