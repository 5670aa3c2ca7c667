"""Every decision is in the table of decisions, which says whether it still stands."""

import re
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "decisions"
ROWS = re.findall(
    r"^\| \[(\d{4})\]\(([^)]+)\) \| ([^|]+) \| ([^|]+) \|$", (FOLDER / "README.md").read_text("utf-8"), re.MULTILINE
)


def test_the_table_names_each_file_once_and_in_order() -> None:
    assert [name for _number, name, _title, _status in ROWS] == sorted(path.name for path in FOLDER.glob("[0-9]*.md"))
    assert all(name.startswith(f"{number}-") for number, name, _title, _status in ROWS)


def test_each_says_whether_it_stands_and_what_took_its_place() -> None:
    numbers = {number for number, _name, _title, _status in ROWS}
    for number, name, _title, status in ROWS:
        found = re.fullmatch(r"stands(?:; .+)?|superseded by (\d{4})", status)
        assert found, f"{name}: {status}"
        if found[1]:
            assert found[1] in numbers and found[1] > number
            assert found[1] in (FOLDER / name).read_text("utf-8"), f"{name} doesn't say that {found[1]} took its place"
