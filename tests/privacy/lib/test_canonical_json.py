"""One spelling for each value."""

import json
from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacy.lib.crypto import canonical_json

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner),
)


@pytest.mark.asvs("1.2.3")
def test_the_spelling_is_fixed() -> None:
    spelled = canonical_json.dumps({"나": [1, True, None], "a": {"z": "값", "b": 2}})
    assert spelled == '{"a":{"b":2,"z":"값"},"나":[1,true,null]}'
    assert canonical_json.digest({}) == "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"


@given(values)
def test_reading_and_spelling_again_changes_nothing(value: object) -> None:
    spelled = canonical_json.dumps(value)
    assert canonical_json.dumps(json.loads(spelled)) == spelled


def test_the_order_of_keys_does_not_matter() -> None:
    assert canonical_json.digest({"a": 1, "b": 2}) == canonical_json.digest({"b": 2, "a": 1})


def test_days_moments_and_ids_have_their_iso_text() -> None:
    ident = UUID("019370c0-0000-7000-8000-000000000000")
    moment = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
    assert canonical_json.dumps([date(2026, 11, 24), moment, ident]) == (
        '["2026-11-24","2026-11-24T03:00:00+00:00","019370c0-0000-7000-8000-000000000000"]'
    )


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {1: "a"}, {"a": [{None: 1}]}, {1, 2}, b"x", object()])
def test_what_has_no_one_spelling_is_refused(value: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        canonical_json.dumps(value)
