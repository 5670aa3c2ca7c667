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
from consents.models.counts import DailyDecisions
from consents.models.decisions import (
    Decision,
    DecisionQuerySet,
    Representative,
    Standing,
    StandingQuerySet,
    new_receipt_reference,
)

__all__ = [
    "NOTICES",
    "AdvertisingNotice",
    "AdvertisingNoticeQuerySet",
    "Agreement",
    "AgreementQuerySet",
    "AgreementVersion",
    "AgreementVersionQuerySet",
    "DailyDecisions",
    "Decision",
    "DecisionQuerySet",
    "Representative",
    "Standing",
    "StandingQuerySet",
    "agreements_covering",
    "new_receipt_reference",
]
