"""What the worker does for the policy: let versions take effect, and look for drift."""

import logging

from privacy.ledger.actors import SystemActor
from privacy.lib.dates import clock
from privacy.policies import actions as policies
from privacy.policies import drift

logger = logging.getLogger(__name__)


def take_effect() -> int:
    """Mark what a version in force supersedes, and report where text and rulebook differ (V-08)."""
    policies.record_shipped_seals(actor=SystemActor("policies"), at=clock.now())
    superseded = policies.take_effect(actor=SystemActor("policies"), at=clock.now())
    found = drift.find_drifts(clock.today())
    for one in found:
        logger.error("policy drift: %s in version %s", one.code, one.version)
    if found:
        policies.report_drift(found, actor=SystemActor("policies"), at=clock.now())
    return superseded
