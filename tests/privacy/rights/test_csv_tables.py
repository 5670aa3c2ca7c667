"""What stands in a package's table: every value of a record in a column of its own, and nothing that could run."""

import pytest

from privacy.rights.access_package.csv_tables import table


def test_columns_of_all_records_and_what_lies_within_a_value() -> None:
    text = table([{"a": "1", "body": {"from": "x", "more": [1, 2]}}, {"b": None, "rows": [{"c": True}]}])
    assert text == "\ufeffa,body.from,body.more,b,rows.1.c\r\n1,x,1; 2,,\r\n,,,,True\r\n"


@pytest.mark.asvs("1.2.10")
def test_nothing_runs_and_nothing_turns_round() -> None:
    text = table([{"message": "=HYPERLINK(1)", "=name": "a\u202eb"}])
    assert "'=HYPERLINK(1)" in text
    assert "'=name" in text
    assert "\u202e" not in text


def test_two_values_whose_paths_read_alike_both_stay() -> None:
    text = table([{"a.b": "1", "a": {"b": "2"}}, {"a.b": "3"}])
    assert text == "\ufeffa.b,a.b (2)\r\n1,2\r\n3,\r\n"
