"""``python -m deploy.drill [STEP …]``: on the machine that ``deploy/drill/machine`` made; exit 1 if one fails."""

import sys
import time
from collections.abc import Callable

from deploy.drill import alerting, documented, operation, restoring, surroundings
from deploy.drill.installation import checked, installed, officers, planned, repeated
from deploy.drill.surroundings import Failed

NOT_DONE = (
    "a malware scanner: Debian's clamd needs signatures from the Internet, so what people send stays closed here",
    "several hosts: the four database servers, the witness and the portal stand on one machine",
)


def certificates() -> str:
    return surroundings.certificates()


def servers() -> str:
    return surroundings.database_servers()


def neighbours() -> str:
    vkey = surroundings.neighbours()
    surroundings.configuration(vkey)
    documented.carry_out("ports")
    return "a mail server with STARTTLS, a witness behind a TLS proxy"


STEPS: tuple[tuple[str, Callable[[], str]], ...] = (
    ("certificates", certificates),
    ("database servers", servers),
    ("neighbours", neighbours),
    ("install --dry-run", planned),
    ("install", installed),
    ("install again", repeated),
    ("two officers", officers),
    ("proxy", operation.proxied),
    ("check --deploy", checked),
    ("example data", operation.examples),
    ("walk", operation.walked),
    ("verify_ledger", operation.verified),
    ("backup", restoring.backed_up),
    ("alerts", alerting.alerted),
    ("SIGTERM", operation.ended),
    ("nightly", operation.nightly),
    ("a day", restoring.lived),
    ("restore", restoring.restored),
    ("replay", restoring.replayed),
)
# By hand: make production FULL=1.
FULL: tuple[tuple[str, Callable[[], str]], ...] = (
    ("slow alerts", alerting.alerted_slowly),
    ("lost notary", restoring.lost_notary),
    ("lost keys", restoring.lost_keys),
)


def main() -> int:
    """Carry out every step, with ``full`` the long ones too, or those that are named; stop at the first that fails."""
    begun, wanted = time.monotonic(), sys.argv[1:] or [*dict(STEPS)]
    if wanted == ["full"]:
        wanted = [*dict(STEPS + FULL)]
    for name, step in (one for one in STEPS + FULL if one[0] in wanted):
        started = time.monotonic()
        try:
            seen = step()
        except Failed as failure:
            print(f"✗ {name}: {failure}", flush=True)
            return 1
        print(f"✓ {name:<17} {seen}  [{time.monotonic() - started:.1f} s]", flush=True)
    print(f"\nEvery step happened, in {time.monotonic() - begun:.0f} s. Not done here:")
    for line in NOT_DONE:
        print(f"  – {line}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
