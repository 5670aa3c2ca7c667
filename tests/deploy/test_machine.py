"""The bare machine of the drill: what happens on it stays on it (decision 0241)."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import NamedTemporaryFile, TemporaryDirectory

import pytest

ROOT = Path(__file__).resolve().parents[2]
MACHINE = ROOT / "deploy" / "drill" / "machine"


@pytest.fixture
def machine() -> Iterator[Path]:
    """The folder of one that runs, with nothing installed on it."""
    if subprocess.run([MACHINE, "possible"], capture_output=True, check=False).returncode:
        pytest.skip("no machine can be made here")
    with TemporaryDirectory(prefix="portal-drill.", dir="/var/tmp") as place:
        folder, empty = Path(place) / Path(place).name, Path(place) / "empty"
        empty.mkdir()
        try:
            subprocess.run([MACHINE, "start", folder, empty, empty], check=True, timeout=60)
            yield folder
        finally:
            subprocess.run([MACHINE, "stop", folder], check=True, timeout=60)


def shared_memory(folder: Path) -> set[str]:
    listed = subprocess.run([MACHINE, "run", folder, "ls", "/dev/shm"], capture_output=True, text=True, check=True)
    return set(listed.stdout.split())


def test_its_shared_memory_is_its_own(machine: Path) -> None:
    """A service's end looked through all of this machine's, and removed there what was of a user of that number."""
    with NamedTemporaryFile(prefix="portal-outside-", dir="/dev/shm") as outside:
        assert Path(outside.name).name not in shared_memory(machine)
        subprocess.run([MACHINE, "run", machine, "touch", "/dev/shm/portal-inside"], check=True)
        assert "portal-inside" in shared_memory(machine)
        assert not Path("/dev/shm/portal-inside").exists()
