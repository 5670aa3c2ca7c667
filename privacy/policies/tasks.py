"""What the worker does for the policy: let versions take effect, and look for drift."""

import logging

from privacy.ledger.actors import System
from privacy.lib import clock
from privacy.policies import actions as policies
from privacy.policies import drift

logger = logging.getLogger(__name__)


def take_effect() -> int:
    """Mark what a version in force supersedes, and report where text and rulebook differ (V-08)."""
    policies.adopt(actor=System("policies"), at=clock.now())
    superseded = policies.take_effect(actor=System("policies"), at=clock.now())
    found = drift.drifts(clock.today())
    for one in found:
        logger.error("policy drift: %s in version %s", one.code, one.version)
    if found:
        policies.report_drift(found, actor=System("policies"), at=clock.now())
    return superseded
