"""Deliveries point to people by their pseudonymous id and hold nothing else about them."""

from privacy.campaigns.models import Delivery, UseNoticeRefusal
from privacy.subjects import holdings

holdings.declare_pseudonymous(Delivery, subject="subject_id", why="proof that a person was told, by her id only")
holdings.declare_pseudonymous(
    UseNoticeRefusal, subject="subject_id", why="that a person wants no yearly notice, by her id only"
)
