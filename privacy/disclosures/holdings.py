"""This app holds no personal data: who was given what, by pseudonymous ids and keyed digests."""

from privacy.disclosures.models import DisclosedItem, Notice
from privacy.subjects import holdings

holdings.declare_pseudonymous(
    DisclosedItem, subject="subject_id", why="the register of provisions stays (law P-05); values are keyed digests"
)
holdings.declare_pseudonymous(Notice, subject="subject_id", why="proof that recipients were told (P1.6)")
