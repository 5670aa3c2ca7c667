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
    for found in drift.drifts(clock.today()):
        logger.error("policy drift: %s in version %s", found.code, found.version)
    return superseded
