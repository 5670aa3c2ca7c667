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
    "Agreement",
    "AgreementQuerySet",
    "AgreementVersion",
    "AgreementVersionQuerySet",
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
    "agreements_covering",
    "new_receipt_reference",
]
