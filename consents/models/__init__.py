"""Agreements and their texts, and what each person decided about them (P3.6, law C-01 … C-12)."""

from consents.models.advertising import AdvertisingNotice, AdvertisingNoticeQuerySet
from consents.models.agreements import (
    NOTICES,
    Agreement,
    AgreementQuerySet,
    AgreementVersion,
    AgreementVersionQuerySet,
    agreements_covering,
)
from consents.models.children import (
    AgeStatement,
    AskedRepresentative,
    RepresentativeRequest,
    RepresentativeRequestQuerySet,
)
from consents.models.codes import ConsentCode, ConsentCodeQuerySet
from consents.models.decisions import (
    CurrentConsent,
    CurrentConsentQuerySet,
    Decision,
    DecisionQuerySet,
    Representative,
    new_receipt_reference,
)
from consents.models.destructions import PlannedDestruction, PlannedDestructionQuerySet
from consents.models.statistics import DailyDecisionCount

__all__ = [
    "NOTICES",
    "AdvertisingNotice",
    "AdvertisingNoticeQuerySet",
    "AgeStatement",
    "Agreement",
    "AgreementQuerySet",
    "AgreementVersion",
    "AgreementVersionQuerySet",
    "AskedRepresentative",
    "ConsentCode",
    "ConsentCodeQuerySet",
    "CurrentConsent",
    "CurrentConsentQuerySet",
    "DailyDecisionCount",
    "Decision",
    "DecisionQuerySet",
    "PlannedDestruction",
    "PlannedDestructionQuerySet",
    "Representative",
    "RepresentativeRequest",
    "RepresentativeRequestQuerySet",
    "agreements_covering",
    "new_receipt_reference",
]
