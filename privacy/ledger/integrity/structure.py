"""Whether what stands around the rows is what this release ships: triggers, row security, policies, rules.

A trigger that keeps its name but not its event, its level or its condition guards nothing; a policy shows a reader
fewer rows. So each trigger's whole definition is compared with the file beside this one, and the rest must not be.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, LiteralString

PINNED = Path(__file__).with_name("triggers.txt")
# Table, trigger, whether it fires (A: always), and its definition. Those of foreign keys have none of ours.
TRIGGERS: LiteralString = (
    "SELECT n.nspname || '.' || c.relname, t.tgname, t.tgenabled::text, p.pronamespace::regnamespace::text,"
    " pg_get_triggerdef(t.oid) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
    " JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_proc p ON p.oid = t.tgfoid"
    " WHERE n.nspname IN ('public', 'ledger') AND NOT t.tgisinternal"
)
SCREENED: LiteralString = (
    "SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE n.nspname IN ('public', 'ledger') AND (c.relkind IN ('v', 'm', 'f') OR (c.relkind IN ('r', 'p') AND ("
    " c.relrowsecurity OR c.relforcerowsecurity OR EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid)"
    " OR EXISTS (SELECT FROM pg_rewrite r WHERE r.ev_class = c.oid)"
    " OR EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgisinternal AND t.tgenabled <> 'O'))))"
    " ORDER BY 1"
)
_MONTH = re.compile(r"\bledger\.entry_\d{4}_\d{2}\b")
# What a month of entries is called in the file: all have the same triggers.
MONTH = "ledger.entry_month"


# A list of texts that a column is compared with is put out in another way after a dump was restored.
_ELEMENT = r"'(?:[^']|'')*'::character varying"
_RESTORED = re.compile(rf"\(({_ELEMENT})\)::text(?!\[)")
_MIGRATED = re.compile(rf"\((ARRAY\[{_ELEMENT}(?:, {_ELEMENT})*\])\)::text\[\]")


def _as_text_array(definition: str) -> str:
    definition = _RESTORED.sub(lambda found: found[1].replace("::character varying", "::text"), definition)
    return _MIGRATED.sub(lambda found: found[1].replace("::character varying", "::text"), definition)


def described(rows: Iterable[tuple[Any, ...]]) -> dict[str, dict[str, str]]:
    """Return by table and trigger what ``TRIGGERS`` says of it, the same whatever is searched for names."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for table, name, fires, schema, definition in rows:
        said = _as_text_array(_MONTH.sub(MONTH, definition).replace("public.", ""))
        found[table][name] = f"{fires} {schema} {said}"
    return found


def deviations(triggers: Iterable[tuple[Any, ...]], screened: Iterable[tuple[Any, ...]]) -> list[str]:
    """Return a sentence about each table around which something else stands; give what the two queries say."""
    found = described(triggers)
    before = "row security, a policy, a rule or a view stands before its rows, or its foreign keys are switched off"
    said = [f"{table}: {before}" for (table,) in screened]
    for table in sorted({*found, *_pinned()} - {MONTH}):
        wanted = _pinned().get(_MONTH.sub(MONTH, table), {})
        have = found.get(table, {})
        if differing := sorted(name for name in {*wanted, *have} if wanted.get(name) != have.get(name)):
            said.append(f"{table}: triggers that are not those of this release: {', '.join(differing)}")
    return said


def as_text(rows: Iterable[tuple[Any, ...]]) -> str:
    """Return the file that pins the triggers of a release."""
    found = {_MONTH.sub(MONTH, table): triggers for table, triggers in described(rows).items()}
    lines = [f"{table}\t{name}\t{said}\n" for table, triggers in found.items() for name, said in triggers.items()]
    return "".join(sorted(lines))


@cache
def _pinned() -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for line in PINNED.read_text("utf-8").splitlines():
        table, name, said = line.split("\t", 2)
        found[table][name] = said
    return dict(found)
