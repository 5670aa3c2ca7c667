"""Which reports of a batch are taken, and why the others are refused: the gate of their device, and their time."""

from datetime import datetime, timedelta

from devices import eligibility, partitions
from devices.actions import binary_copy
from devices.actions.report_columns import AcceptedReports, shape_reports
from devices.actors import GatewayActor
from devices.batch_parser import ParsedBatch, RejectedReport
from devices.refusals import MESSAGES, Problem
from privacy.lib.postgres.invalidation import Invalidations

# How far a device's clock may run ahead, and how late a report may come: a device can be switched off for long.
MAX_CLOCK_SKEW = timedelta(minutes=5)
MAX_REPORT_AGE = timedelta(days=366)


def accept_reports(
    delivery: ParsedBatch, refused: list[RejectedReport], *, gateway: GatewayActor, heard: Invalidations, at: datetime
) -> tuple[AcceptedReports, set[str]]:
    """Sort out what may not be taken, and why; return also the devices that the gate did not ask about."""
    every = shape_reports(delivery)
    first_log, devices, kinds = every.first_log, every.devices, every.kinds
    reporting, logging = set(devices[:first_log]), set(devices[first_log:])
    obstacles, trusted = eligibility.check_eligibility(reporting, logging, gateway=gateway, heard=heard, at=at)
    oldest, newest = binary_copy.postgres_microseconds([at - MAX_REPORT_AGE, at + MAX_CLOCK_SKEW])
    moments, days, positions = every.moments, every.days, every.positions
    if not obstacles and (not moments or (oldest <= min(moments) and max(moments) <= newest)):
        return every, trusted
    shut: set[int] = set()
    for place, (device, kind, moment, day) in enumerate(zip(devices, kinds, moments, days, strict=True)):
        problem = _problem_of(obstacles.get(device), kind, day)
        if problem is None and not oldest <= moment <= newest:
            problem = ("/occurred_at", "clock")
        if problem is not None:
            pointer, code = problem
            shut.add(place)
            refusal = Problem(pointer, code, str(MESSAGES[code]))
            refused.append(RejectedReport(positions[place], refusal))
    return every.without(shut), trusted


def _problem_of(obstacle: eligibility.Blocker | None, kind: str, day: int) -> tuple[str, str] | None:
    if obstacle is None:
        return None
    if obstacle.code:
        return "/device", obstacle.code
    if kind in obstacle.refused_kinds:
        return "/kind", obstacle.refused_kinds[kind]
    if obstacle.ended_on is not None and partitions.day_of(day) > obstacle.ended_on:
        return "/device", "withdrawn"
    return None
