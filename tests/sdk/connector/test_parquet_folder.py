"""A folder of Parquet: nothing of a record stays behind in its file, and what can't be read is never called empty."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from exafe_connector.adapters.adapter import Unsupported
from exafe_connector.adapters.csv_folder import FileUnreadable
from exafe_connector.adapters.parquet_folder import ParquetFiles, ParquetFolder
from tests.sdk.connector.portal_side import MINA
from tests.sdk.connector.systems import Parquet


def test_nothing_of_a_record_stays_in_the_file_and_its_shape_does(tmp_path: Path) -> None:
    folder = Parquet(tmp_path)
    path = tmp_path / "leads.parquet"
    path.chmod(0o640)
    before = pq.ParquetFile(path)
    assert b"mina@example.org" in path.read_bytes()
    folder.adapter.destroy(MINA, ["email", "imei"])
    after = pq.ParquetFile(path)
    # Neither in a page nor in a dictionary nor in the statistics.
    assert b"mina" not in path.read_bytes().lower()
    assert after.schema_arrow.equals(before.schema_arrow, check_metadata=True)
    assert after.metadata.row_group(0).column(0).compression == "UNCOMPRESSED"
    assert after.read().to_pylist() == [{"device": "A71", "mail": "hana@example.org", "imei": 222, "note": "c"}]
    assert path.stat().st_mode & 0o777 == 0o640
    unchanged = path.stat().st_ino
    folder.adapter.destroy({"reference": "NOBODY"}, ["email", "imei"])
    assert path.stat().st_ino == unchanged


def test_a_value_that_a_column_can_not_hold_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    folder = Parquet(tmp_path)
    held = (tmp_path / "leads.parquet").read_bytes()
    with pytest.raises(Unsupported):
        folder.adapter.correct(MINA, {"imei": "not a number"})
    assert (tmp_path / "leads.parquet").read_bytes() == held
    folder.adapter.correct(MINA, {"imei": "333"})
    assert folder.adapter.read_back(MINA, ["imei"]) == {"imei": ["333", "333"]}


def test_numbers_with_gaps_and_texts_as_bytes_are_found_and_what_is_neither_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "old.parquet"
    files = ParquetFiles("*", {"imei": "imei", "email": "mail"}, {"imei": "imei", "email": "mail"}, "blank")
    folder = ParquetFolder(tmp_path, [files])
    pq.write_table(pa.table({"imei": [490154203237518.0, None], "mail": [b"mina@example.org", None]}), path)
    by_number, by_mail = {"imei": "490154203237518"}, {"email": "mina@example.org"}
    for person in (by_number, by_mail):
        assert folder.locate(person, ["imei", "email"]) == {"imei": 1, "email": 1}
    folder.correct(by_number, {"email": "new@example.org"})
    folder.destroy(by_number, ["imei", "email"])
    assert pq.read_table(path).to_pylist() == [{"imei": None, "mail": None}] * 2
    for strange in ([490154203237518.5], [True], [{"number": "1"}], [["1"]]):
        pq.write_table(pa.table({"imei": strange, "mail": ["x"]}), path)
        with pytest.raises(FileUnreadable):
            folder.locate(by_number, ["imei"])
        with pytest.raises(FileUnreadable):
            folder.read_back(by_number, ["imei"])


@pytest.mark.parametrize("raw", [b"", b"PAR1 and then nothing", b"device,mail\nA7,x\n"])
def test_what_cannot_be_read_is_an_error(raw: bytes, tmp_path: Path) -> None:
    folder = Parquet(tmp_path)
    (tmp_path / "visits2.parquet").write_bytes(raw)
    for look in (folder.adapter.locate, folder.adapter.read_back):
        with pytest.raises(FileUnreadable):
            look(MINA, ["email"])
