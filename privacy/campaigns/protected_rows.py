"""For which tables the audit trail vouches, row by row (privacy/ledger/protected_tables.py)."""

from privacy.campaigns.models import Campaign, Delivery, KakaoTemplate, LetterBatch, UseNoticeRefusal
from privacy.ledger import protected_tables

protected_tables.declare(Campaign, Delivery, KakaoTemplate, LetterBatch, UseNoticeRefusal)
