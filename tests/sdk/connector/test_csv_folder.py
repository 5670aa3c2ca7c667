"""A folder of CSV: whoever is not meant stays byte for byte, and what can't be read is never called empty."""

import os
from pathlib import Path
from typing import Any

import pytest

from exafe_connector.adapters.csv_folder import NEW, CsvFolder, FileUnreadable
from tests.sdk.connector.portal_side import MINA
from tests.sdk.connector.systems import CSV, LEADS, OTHERS, Folder


def test_other_records_stay_byte_for_byte(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    (tmp_path / "leads.csv").chmod(0o640)
    folder.adapter.destroy({"reference": None, "email": "mina@example.org"}, ["email"])
    # Her record of two lines is gone; the header's BOM, quotes, spaces and the missing line end are as they were.
    assert (tmp_path / "leads.csv").read_bytes() == LEADS.split(b"A7;")[0] + OTHERS
    assert (tmp_path / "leads.csv").stat().st_mode & 0o777 == 0o640
    assert (tmp_path / "empty.csv").read_bytes() == b"device;mail\n"


@pytest.mark.parametrize(
    "raw",
    [b"", b"device;other\nA7;x\n", b"device;mail\nA7;\xff\n", b'device;mail\nA7;"open\n', b"device;mail\nA7;m;more\n"],
)
def test_what_cannot_be_read_is_an_error(raw: bytes, tmp_path: Path) -> None:
    folder = CsvFolder(tmp_path, [CSV])
    (tmp_path / "leads.csv").write_bytes(raw)
    with pytest.raises(FileUnreadable):
        folder.locate(MINA, ["email"])
    with pytest.raises(FileUnreadable):
        CsvFolder(tmp_path / "gone", [CSV]).read_back(MINA, ["email"])


def test_what_a_kill_left_beside_a_file_is_found_and_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Folder(tmp_path)
    monkeypatch.setattr(os, "fsync", lambda _file: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        folder.adapter.destroy({"reference": "A71", "email": None}, ["email"])
    monkeypatch.undo()
    assert [path.name for path in tmp_path.glob(f"{NEW}*")] == [f"{NEW}leads.csv"]
    found: Any = folder.adapter.read_back(MINA, ["email"])
    assert len(found["email"]) == 5, "three in the files, two in what the kill left"
    folder.adapter.destroy(MINA, ["email"])
    assert list(tmp_path.glob(f"{NEW}*")) == []
    assert folder.held("A7") == 0
