"""Complaints and incidents as they are remembered, split by noun."""

from privacy.incidents.models.complaints import Complaint, ComplaintText, new_complaint_reference
from privacy.incidents.models.incidents import Affected, Incident, Measure, Report, new_incident_reference

__all__ = [
    "Affected",
    "Complaint",
    "ComplaintText",
    "Incident",
    "Measure",
    "Report",
    "new_complaint_reference",
    "new_incident_reference",
]
