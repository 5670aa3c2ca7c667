"""For which tables the audit trail vouches, row by row (privacy/ledger/protected_tables.py)."""

from privacy.ledger import protected_tables
from privacy.policies.models import (
    Agency,
    Category,
    ExtraHoliday,
    Item,
    LegalBasis,
    MessageTemplate,
    NoConsignment,
    Notice,
    Officer,
    Parameter,
    ParameterChange,
    PolicyVersion,
    PreservationRule,
    PublishedText,
    Purpose,
    RetentionRule,
    Review,
    Section,
)

protected_tables.declare(
    PolicyVersion, Review, PublishedText, Section, Category, Category.purposes.through, Item, LegalBasis, RetentionRule,
    PreservationRule, Purpose, Parameter, ParameterChange, ExtraHoliday, Officer, Agency, Notice, NoConsignment,
    MessageTemplate,
)  # fmt: skip
