"""Deliveries are the machine's work list, not a register of the office."""

from privacy.lib import registers

registers.not_needed(
    "jobs.archiveoutbox",
    "jobs.generaloutbox",
    "jobs.heartbeat",
    "jobs.personaloutbox",
    why="the worker's list; what it delivered stands in the register of each kind",
)
