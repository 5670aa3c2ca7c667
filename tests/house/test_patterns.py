"""No regular expression takes for ever, whatever it is read against."""

import ast
import re
import sys
import time
from collections.abc import Iterator
from re import _parser as sre  # type: ignore[attr-defined]
from typing import Any

import pytest
from django.urls import get_resolver

from privacy.ledger.integrity import structure
from privacy.scim import filters as scim_filters
from tests.house.test_secure_code import SERVED, SOURCES, calls


def repeats(tree: Any, *, inside: bool = False) -> Iterator[bool]:
    """Yield once for each repetition without a bound that stands in another one: what can take for ever."""
    for operation, value in tree:
        match str(operation):
            case "MAX_REPEAT" | "MIN_REPEAT":
                many = value[1] == sre.MAXREPEAT or value[1] > 50
                yield from [True] if many and inside else []
                yield from repeats(value[2], inside=inside or many)
            case "SUBPATTERN":
                yield from repeats(value[3], inside=inside)
            case "BRANCH":
                yield from [True] if inside else []  # where two of them fit, either does
                for branch in value[1]:
                    yield from repeats(branch, inside=inside)
            case "ASSERT" | "ASSERT_NOT":
                yield from repeats(value[1], inside=inside)


# There is one way to read a text by each, however long: a dot, a quotation mark or a backslash says which.
NESTED = {
    r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_-]*)+": "a." * 1_000 + "!",
    structure._RESTORED.pattern: "('" + "''" * 20_000,
    structure._MIGRATED.pattern: "(ARRAY['" + "a'::character varying, '" * 5_000,
    scim_filters.FILTER.pattern: 'a eq "' + "\\a" * (scim_filters.LONGEST // 2),
}


@pytest.mark.asvs("1.3.12")
def test_no_pattern_takes_for_ever() -> None:
    assert any(repeats(sre.parse("(a+)+b"))) and any(repeats(sre.parse("(a|aa)+b")))
    assert get_resolver().url_patterns  # every page's module is loaded
    compiled = {
        held.pattern
        for name, module in list(sys.modules.items())
        if name.split(".")[0] in SERVED
        for held in list(vars(module).values())
        if isinstance(held, re.Pattern) and isinstance(held.pattern, str)
    }
    patterns = compiled | {
        node.args[0].value
        for path, source in SOURCES.items()
        if path.startswith(SERVED)
        for name, node in calls(source)
        if re.match(r"re\.\w+$|RegexValidator$", name) and node.args and isinstance(node.args[0], ast.Constant)
    }
    assert len(compiled) > 50
    assert {one for one in patterns if any(repeats(sre.parse(one)))} == set(NESTED)
    for pattern, hostile in NESTED.items():
        begun = time.process_time()
        assert not re.search(rf"{pattern}\Z", hostile)
        assert time.process_time() - begun < 0.5
