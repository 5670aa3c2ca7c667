"""Deliveries are the machine's work list, not a register of the office."""

from privacy.lib.registries import registers

registers.declare_exempt(
    "jobs.generaloutbox",
    "jobs.heartbeat",
    "jobs.personaloutbox",
    why="the worker's list; what it delivered stands in the register of each kind",
)
