"""Measures, inspections, areas and a plan, made by the verbs."""

from datetime import date, datetime
from typing import Any

from privacy.safeguards import actions as safeguards
from privacy.safeguards.models import Area, Inspection, InspectionFinding, ManagementPlan, Measure
from privacy.safeguards.models.management_plans import Section
from tests.factories.accounts import NOON, make_aram, make_hana, make_odile, make_omar

__all__ = ["make_approved_plan", "make_area", "make_finding", "make_held_inspection", "make_measure", "make_plan"]

TODAY = NOON.date()
SECTIONS = {section.value: f"{section.value} 에 관한 사항" for section in Section}


def make_plan(*, at: datetime = NOON) -> ManagementPlan:
    """A complete draft by Odile."""
    plan = safeguards.draft_plan(reason="최초 수립", actor=make_odile(granted=False), at=at)
    return safeguards.edit_plan(plan, sections=SECTIONS, actor=make_odile(granted=False), at=at)


def make_approved_plan(*, at: datetime = NOON, effective_on: date = TODAY) -> ManagementPlan:
    """A plan that Odile drafted and Omar approved."""
    plan = safeguards.submit_plan(make_plan(at=at), actor=make_odile(granted=False), at=at)
    return safeguards.approve_plan(plan, effective_on=effective_on, actor=make_omar(), at=at)


def make_measure(code: str = "door-locks", *, at: datetime = NOON, **changes: Any) -> Measure:
    """A measure that Hana answers for."""
    values: dict[str, Any] = {
        "title": "출입문 잠금장치", "kind": Measure.Kind.PHYSICAL, "clause": "P8.11",
        "owner": make_hana(granted=False).ref, "cycle_days": 90,
    }  # fmt: skip
    return safeguards.register_measure(code=code, actor=make_odile(granted=False), at=at, **(values | changes))


def make_held_inspection(*, at: datetime = NOON) -> Inspection:
    """An inspection that Aram held."""
    planned = safeguards.plan_inspection(
        kind=Inspection.Kind.IMPLEMENTATION, scope="16개 항목", method="서면·현장", inspector=make_aram().ref,
        planned_on=NOON.date(), actor=make_odile(granted=False), at=at,
    )  # fmt: skip
    return safeguards.hold_inspection(planned, held_on=NOON.date(), outcome="1건 부적합", actor=make_aram(), at=at)


def make_finding(*, due_on: date = date(2026, 12, 1), at: datetime = NOON, **changes: Any) -> InspectionFinding:
    """A finding that Hana is to correct."""
    values: dict[str, Any] = {
        "criterion": "11. 물리적 안전조치", "weight": "major", "seen": "자료보관실 잠금장치 고장",
        "correction": "잠금장치 교체", "responsible": make_hana(granted=False).ref,
    }  # fmt: skip
    return safeguards.record_finding(
        make_held_inspection(at=at), due_on=due_on, actor=make_aram(), at=at, **(values | changes)
    )


def make_area(code: str = "computer-room", *, at: datetime = NOON, **changes: Any) -> Area:
    """A computer room that Odile keeps."""
    values: dict[str, Any] = {
        "title": "전산실", "kind": Area.Kind.COMPUTER_ROOM, "place": "본사 3층", "lock": "출입카드와 지문",
        "keeper": make_odile(granted=False).ref,
    }  # fmt: skip
    return safeguards.register_area(code=code, actor=make_odile(granted=False), at=at, **(values | changes))
