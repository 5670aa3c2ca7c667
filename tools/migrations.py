"""Take the migrations into the release that is not out yet (CONTRIBUTING.md, Migrations).

    python tools/migrations.py pin

It writes down the files of the release, its databases and their triggers for ``tests/releases`` and for the checks of
what stands around the rows.
"""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def pin() -> int:
    """Write down the files and the databases of the release (tests/releases)."""
    command = [sys.executable, "-m", "tests.releases.first_release"]
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


def main() -> int:
    """Run the command that was named."""
    if sys.argv[1:] == ["pin"]:
        return pin()
    print(__doc__)
    return 2


if __name__ == "__main__":
    sys.exit(main())
