"""Running the offline program as people run it."""

import subprocess
import sys
import time
from pathlib import Path

from privacy.ledger import verify

PROGRAM = Path(verify.__file__)


# Runs the program as it is, and says at the end how much memory it had needed.
MEASURED = """
import atexit, runpy, sys
def peak():
    with open("/proc/self/status") as status:
        sys.stderr.write(status.read().partition("VmHWM:")[2].split()[0])
atexit.register(peak)
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def run(*arguments: object) -> tuple[int, str, float, int]:
    """Run the program; return exit code, output, seconds and the most resident memory in bytes."""
    begun = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, str(PROGRAM), *map(str, arguments)], capture_output=True, text=True, timeout=60
    )
    return done.returncode, done.stdout, time.monotonic() - begun, int(done.stderr.split()[-1]) * 1024
