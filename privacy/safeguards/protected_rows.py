"""For which tables the audit trail vouches, row by row (privacy/ledger/protected_tables.py)."""

from privacy.ledger import protected_tables
from privacy.safeguards.models import (
    AnnualReport,
    ApplicabilityDecision,
    Area,
    AreaEntry,
    AreaPermit,
    Assessment,
    AssessmentExemption,
    AssessmentRisk,
    Calendar,
    CopyRecord,
    Evidence,
    Exposure,
    Inspection,
    InspectionFinding,
    ManagementPlan,
    ManagementReport,
    Measure,
    MediaMovement,
    Meeting,
    Member,
    OfficerAppointment,
    OfficerFiling,
    YearFigures,
)

protected_tables.declare(
    ManagementPlan, Measure, Evidence, Inspection, InspectionFinding, Area, AreaPermit, MediaMovement, Member, Meeting,
    AnnualReport, Calendar, AreaEntry, ManagementReport, OfficerAppointment, YearFigures,
    ApplicabilityDecision, OfficerFiling, CopyRecord, Assessment, AssessmentRisk,
    AssessmentExemption, Exposure,
)  # fmt: skip
