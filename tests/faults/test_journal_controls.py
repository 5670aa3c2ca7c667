"""A journal that is not flushed, and an error of it that somebody swallows, are each caught (positive controls)."""

import contextlib
import os
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from privacy.retention.destruction import journal, journal_file
from privacy.retention.refusals import GateClosed
from tests import factory
from tests.database import PortalDatabase
from tests.faults import surroundings
from tests.faults.invariants import Memory, violations

pytestmark = [pytest.mark.faults, pytest.mark.fault("FLT-09")]

DUE = date(2026, 11, 24)


def power_cut(patched: pytest.MonkeyPatch, *, flushing: bool) -> list[str]:
    """Destroy somebody, and let only what was flushed survive of the journal; return what is wrong then."""
    device = factory.make_expired_device(1, ended_on=date(2024, 5, 15))
    memory, flushed = Memory(destroyed=[device.subject_id]), [b""]

    class System:
        """The system's calls with an fsync that is watched, or skipped."""

        def fsync(self, descriptor: int) -> None:
            if flushing:
                os.fsync(descriptor)
                flushed[0] = Path(f"/proc/self/fd/{descriptor}").read_bytes()

        def __getattr__(self, name: str) -> Any:
            return getattr(os, name)

    patched.setattr(journal_file, "os", System())
    factory.carry_out_all(factory.sweep_on(DUE))
    journal_file.path().write_bytes(flushed[0])
    return violations(memory)


def test_what_was_flushed_is_enough(portal_database: PortalDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    assert power_cut(monkeypatch, flushing=True) == []
    assert [line.category for line in journal.lines()] == ["device-registration"]


def test_a_journal_that_is_not_flushed_is_caught(
    portal_database: PortalDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.faults.invariants.WORKS_AGAIN_SECONDS", 0.1)
    found = power_cut(monkeypatch, flushing=False)
    assert "I5: journal is behind the journal" in found, found


@surroundings.needs_mounts
def test_a_swallowed_error_of_the_journal_is_caught(
    portal_database: PortalDatabase, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = factory.make_expired_device(1, ended_on=date(2024, 5, 15))
    run, memory, right = factory.sweep_on(DUE), Memory(safe=[device.subject_id]), journal_file.append

    def swallowing(said: Mapping[str, object]) -> int:
        with contextlib.suppress(OSError):
            return right(said)
        return 1

    with surroundings.small_disk(tmp_path / "own", 1) as disk:
        settings.DESTRUCTION_JOURNAL_DIR = disk.folder / "destructions"
        settings.DESTRUCTION_JOURNAL_DIR.mkdir()
        disk.fill()
        monkeypatch.setattr(journal_file, "append", swallowing)
        monkeypatch.setattr("tests.faults.invariants.WORKS_AGAIN_SECONDS", 0.1)
        with contextlib.suppress(OSError, GateClosed):
            factory.carry_out_all(run)
        assert any(line.startswith("I6") for line in violations(memory))
