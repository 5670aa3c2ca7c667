"""Complaints and incidents as they are remembered, split by noun."""

from privacy.incidents.models.complaints import Complaint, ComplaintText, new_complaint_reference
from privacy.incidents.models.incidents import (
    AffectedPerson,
    Incident,
    Measure,
    Notification,
    Report,
    Stage,
    new_incident_reference,
)

__all__ = [
    "AffectedPerson",
    "Complaint",
    "ComplaintText",
    "Incident",
    "Measure",
    "Notification",
    "Report",
    "Stage",
    "new_complaint_reference",
    "new_incident_reference",
]
