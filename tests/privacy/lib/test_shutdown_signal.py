"""A process that waits ends when it is told to, at whatever step the signal finds it."""

import signal
import subprocess
import sys

import pytest

WAITING = """
import sys
from privacy.lib.processes.shutdown_signal import ShutdownSignal
ending = ShutdownSignal()
print("ready", flush=True)
while not ending.wait({seconds}):
    pass
sys.stdin.read()
"""


def begun(seconds: float | None) -> subprocess.Popen[bytes]:
    """A process that waits, then works until its input ends: an interpreter going down hears no second signal."""
    process = subprocess.Popen(
        [sys.executable, "-c", WAITING.format(seconds=seconds)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    return process


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("seconds", [None, 3600])
def test_a_long_wait_ends_at_once(seconds: float | None, number: signal.Signals) -> None:
    with begun(seconds) as process:
        process.send_signal(number)
        process.send_signal(number)
        process.communicate(timeout=20)
        assert process.returncode == 0


def test_it_ends_wherever_the_signal_finds_it() -> None:
    """Most of what this loop does is to begin and to end a wait."""
    for _turn in range(30):
        with begun(0) as process:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=20)
            assert process.returncode == 0
