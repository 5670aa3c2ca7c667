"""What is destroyed in part stays found for the rest, and a row ends with the last item that it held."""

import csv
from pathlib import Path
from typing import Any, Literal

import pytest

from exafe_connector.adapters.csv_folder import CsvFolder, Files
from exafe_connector.adapters.sql_mapping import Table
from tests.sdk.connector.conftest import KINDS
from tests.sdk.connector.systems import Folder, Held, Rows

pytestmark = pytest.mark.parametrize("held", KINDS[:2] + KINDS[3:4], indirect=True)
FIND = {"imei": "imei", "serial_number": "serial"}
ITEMS = FIND | {"app_log": "log"}
PERSON = {"imei": "111", "serial_number": "S1"}
type Destroy = Literal["row", "blank"]


def system(held: Any, rows: list[list[str | None]], destroy: Destroy, items: dict[str, str]) -> tuple[Any, Any]:
    """Return an adapter of one table with these rows (IMEI, serial, log, and a note that no item names), and a look."""
    if isinstance(held, Folder):
        path = Path(held.folder, "part.txt")
        with path.open("w", newline="") as file:
            csv.writer(file).writerows([["imei", "serial", "log", "note"], *rows])
        folder = CsvFolder(held.folder, [Files("*.txt", FIND, items, destroy)])
        return folder, lambda: [[text or None for text in row] for row in csv.reader(path.read_text().splitlines())][1:]
    assert isinstance(held, Rows)
    held.run("CREATE TABLE part (imei varchar(9), serial varchar(9), log varchar(9), note varchar(9))")
    for row in rows:
        held.run(f"INSERT INTO part VALUES ({', '.join('NULL' if one is None else repr(one) for one in row)})")
    adapter: Any = held.adapter
    address = getattr(adapter, "dsn", None) or adapter.connection
    made = type(adapter)(address, [Table("part", FIND, items, destroy)])
    return made, lambda: [list(row) for row in held.run("SELECT * FROM part ORDER BY imei")]


@pytest.mark.truth("a-part-hides-the-rest")
def test_the_rest_is_not_hidden(held: Held, connect: Any) -> None:
    """A row counts by the identifiers that this call gives, and by those that agree in it."""
    rows = [["111", None, "secret", "n"]]
    adapter, look = system(held, rows, "blank", ITEMS)
    portal = connect(adapter)
    for serial in (None, "S1"):
        refused = portal.call("destroy", ["imei"], person={**PERSON, "serial_number": serial})
        assert (refused.status, refused.told["errors"][0]["pointer"]) == (422, "/items"), serial
    assert look() == rows
    assert portal.call("destroy", ["app_log"], person=PERSON).state == "destroyed"
    assert portal.call("destroy", sorted(FIND), person=PERSON).state == "destroyed"
    assert look() == [[None, None, None, "n"]]


@pytest.mark.truth("a-row-of-two-categories-stays")
@pytest.mark.parametrize("destroy", ["row", "blank"])
def test_a_row_ends_with_its_last_item(held: Held, connect: Any, destroy: Destroy) -> None:
    """Items of one row come in several calls, each of one category; another's row stays as it is."""
    other: list[str | None] = ["222", "S2", "theirs", "n"]
    adapter, look = system(held, [["111", "S1", "secret", "n"], other], destroy, {"imei": "imei", "app_log": "log"})
    portal = connect(adapter)
    assert portal.call("destroy", ["imei"], person=PERSON).told["counts"] == {"imei": 1}
    assert portal.call("destroy", ["app_log"], person=PERSON).told["counts"] == {"app_log": 1}
    left = [row for row in look() if row != other]
    assert left == ([] if destroy == "row" else [[None, "S1", None, "n"]])
    assert other in look()
