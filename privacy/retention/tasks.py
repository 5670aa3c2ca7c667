"""What the worker's alarm clock rings for: the nightly sweep, and going on with what was begun. No arguments."""

import logging

from privacy.ledger.actors import System
from privacy.lib import clock
from privacy.lib.refusals import Refusal
from privacy.policies import rulebook
from privacy.retention import actions as retention
from privacy.retention.clockface import look
from privacy.vault.refusals import WrongKey

log = logging.getLogger("portal.retention")
SWEEPER = System("sweep")


def sweep() -> str:
    """Select what is due today and begin with what may be destroyed; then count ahead for the forecast."""
    at = clock.now()
    today = clock.kst_date(at)
    try:
        swept = retention.sweep(as_of=today, look=look(at), actor=SWEEPER, at=at)
        retention.count_ahead(rules=rulebook.in_force(today), on=today, at=at)
    except WrongKey:
        raise
    except Refusal as refusal:
        log.warning("the sweep was refused: %s", refusal.code)
        return refusal.code
    return f"{swept.run.reference}: {swept.run.due} due, {swept.carried_out} lists carried out"


def resume() -> str:
    """Go on with lists that are ready or were interrupted, and certify what has become final. Safe to run twice."""
    at = clock.now()
    try:
        if not retention.note_clock(look(at), actor=SWEEPER):
            return "clock"
        done = retention.carry_out_ready(actor=SWEEPER, at=at)
        final = retention.certify_finality(actor=SWEEPER, at=at)
    except WrongKey:
        raise
    except Refusal as refusal:
        log.warning("going on was refused: %s", refusal.code)
        return refusal.code
    return f"{done} lists carried out, {final} final"


def reconcile() -> str:
    """Compare the databases and keep the list of differences."""
    findings = retention.reconcile(actor=System("reconcile"), at=clock.now())
    return f"{len(findings)} findings"
