"""Running the offline program as people run it."""

import subprocess
import sys
from pathlib import Path

from privacy.ledger import verify

PROGRAM = Path(verify.__file__)


# Runs the program as it is, and says at the end how much memory and how many seconds of a processor it had needed.
MEASURED = """
import atexit, runpy, sys, time
def needed():
    with open("/proc/self/status") as status:
        peak = status.read().partition("VmHWM:")[2].split()[0]
    sys.stderr.write(f"{peak} {time.process_time()}")
atexit.register(needed)
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def run(*arguments: object, program: Path = PROGRAM) -> tuple[int, str, float, int]:
    """Run the program; return exit code, output, processor seconds and the most resident memory in bytes."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, str(program), *map(str, arguments)], capture_output=True, text=True, timeout=60
    )
    peak, seconds = done.stderr.split()[-2:]
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout + done.stderr.rpartition("\n")[0], float(seconds), int(peak) * 1024
