"""``portal-backup [full|incr]``: back up every cluster of this host by pgBackRest, as the user postgres.

Without a word it is full on Sundays and Wednesdays in Korea and where the last full one is older than four days, else
what changed since. No cluster waits for another that fails. At the end no backup may be left that is older than
``KEY_BACKUP_DAYS`` before the next night. Exit 1: something failed, or the last backup of a cluster, which pgBackRest
never removes, is one of those.
"""

import configparser
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

FOLDER = Path("/etc/pgbackrest")
KOREA = timezone(timedelta(hours=9))
WEDNESDAY, SUNDAY = 3, 7
FULL_SECONDS = 4 * 86_400
DAY = 86_400


class Failed(Exception):
    """Something of one cluster did not happen; the message says what."""


class Cluster:
    """One cluster's backups. ``seconds`` is how old one may be."""

    def __init__(self, name: str, seconds: int) -> None:
        self.name, self.seconds = name, seconds

    def run(self, *arguments: str) -> str:
        """Run pgBackRest. Raises ``Failed``."""
        done = subprocess.run(
            ["pgbackrest", f"--stanza={self.name}", *arguments], stdout=subprocess.PIPE, text=True, check=False
        )
        if done.returncode:
            raise Failed(f"{self.name}: pgbackrest {' '.join(arguments)}: exit {done.returncode}\n{done.stdout}")
        return done.stdout

    def full(self) -> list[dict[str, Any]]:
        """Return the full backups that there are, oldest first; each of the others rests on one of them."""
        found = json.loads(self.run("--output=json", "info"))
        return [one for stanza in found for one in stanza["backup"] if one["type"] == "full"]

    def expire(self) -> None:
        """Remove what the configuration's retention no longer keeps."""
        self.run("expire")

    def back_up(self, kind: str) -> None:
        """Back up, in full where that is due."""
        self.run(f"--type={kind or self._due()}", "backup")

    def _due(self) -> str:
        now = time.time()
        if datetime.fromtimestamp(now, KOREA).isoweekday() in (WEDNESDAY, SUNDAY):
            return "full"
        recent = any(_began(one) > now - FULL_SECONDS for one in self.full())
        return "incr" if recent else "full"

    def outlived(self) -> list[str]:
        """Return the full backups that would be too old before the next night."""
        return [one["label"] for one in self.full() if _began(one) < time.time() - self.seconds + DAY]

    def remove_outlived(self) -> None:
        """Remove what is too old, whatever retention says, and the log of before the rest. Raises ``Failed``."""
        for label in self.outlived():
            if len(self.full()) > 1:
                self.run(f"--set={label}", "expire")
        if kept := self.full():
            # The log of before the oldest goes only where its retention is said in backups, not in days.
            self.run(f"--repo1-retention-archive={len(kept)}", "expire")
        if left := self.outlived():
            until = datetime.fromtimestamp(min(map(_began, self.full())) + self.seconds, KOREA)
            raise Failed(
                f"{self.name}: {', '.join(left)} is the last full backup, and pgBackRest keeps it. Certificates count "
                f"on its end by {until:%Y-%m-%d %H:%M} in Korea: make a full backup before, or empty the repository "
                "(docs/operations.md, Runbooks, backup)."
            )


def _began(backup: dict[str, Any]) -> float:
    return float(backup["timestamp"]["start"])


def _failures(steps: Iterator[Callable[[], None]]) -> Iterator[str]:
    for step in steps:
        try:
            step()
        except Failed as failure:
            yield str(failure)


def main() -> int:
    """Take each step for every cluster before the next step."""
    kind = sys.argv[1] if len(sys.argv) > 1 else ""
    said = configparser.ConfigParser(interpolation=None)
    said.read_string((FOLDER / "pgbackrest.conf").read_text())
    seconds = int((FOLDER / "key-backup-days").read_text()) * DAY
    clusters = [Cluster(name, seconds) for name in said.sections() if name != "global"]
    failed = [
        *_failures(one.expire for one in clusters),
        *_failures((lambda one=one: one.back_up(kind)) for one in clusters),  # type: ignore[misc]
        *_failures(one.remove_outlived for one in clusters),
    ]
    for failure in failed:
        print(failure, file=sys.stderr)
    return 1 if failed or not clusters else 0


if __name__ == "__main__":
    sys.exit(main())
