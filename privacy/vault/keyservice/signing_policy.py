"""What the portal's signature may stand under: a certificate that says what the tables say, and what is handed out.

The key service reads the list, its lines, the tombstones and the generations itself (decision 0189). What it can't see,
because it is in other databases, is the worker's word: how many rows were removed, and where the read-back searched.
"""

import json
import threading
import time
from collections.abc import Collection
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from privacy.lib.crypto import canonical_json
from privacy.lib.dates import clock
from privacy.vault.keyservice import system_states
from privacy.vault.keyservice.holders import host_name
from privacy.vault.keyservice.reading_policy import Query
from privacy.vault.keyservice.refusals import KeysRefused, StillChecking

CERTIFICATE = "extrus-privacy-portal/destruction-certificate/2"
CONTROLLER = "Extrus Inc."
PACKAGE = "https://privacy.extrus.example/schemas/access-package-1"
PAPER = "extrus-privacy-portal/paper/1"
# Documents that are handed out, with these names alone.
HANDED_OUT: tuple[tuple[str, str, frozenset[str]], ...] = (
    ("type", PAPER, frozenset({"type", "kind", "number", "issued_at", "sha256"})),
    ("format", PACKAGE, frozenset({"format", "case", "made_at", "files"})),
    # One that leaves out what concerns other people says where and why.
    ("format", PACKAGE, frozenset({"format", "case", "made_at", "files", "redacted"})),
)
# Of these kinds a paper is signed for a certificate that is there alone.
CERTIFICATE_PAPERS = {
    "destruction-certificate": "destruction", "finality-certificate": "finality",
    "certificate-addendum": "addendum",
}  # fmt: skip
# How far a certificate's moment may be from the database's.
TOLERANCE = timedelta(minutes=5)
CARRIED_OUT = {"executing", "residue", "done"}
DONE = {"removed"}
PASSED_OVER = {"held", "frozen", "open-request", "not-due", "dropped"}

LIST = """
SELECT n.id, n.reference, run.reference, run.cause, run."case", run.policy, run.as_of, n.category, n.unit, n.month,
       n.term, n.plan, n.target_on, n.people, n.approved_by, n.approved_at, n.seconded_by, n.seconded_at, n.executed_by,
       n.begun_at, n.keys_at, n.rows_at, n.proposed_at, n.keys_destroyed, n.key_kept, n.people_removed,
       n.rows_removed::text, n.archived, n.attempts::text, n.epochs::text, n.state, n.step
FROM retention_destructionlist n JOIN retention_destructionrun run ON run.id = n.run_id WHERE n.certificate_number = %s
"""
NAMES = (
    "id", "list", "run", "cause", "case", "policy", "as_of", "category", "unit", "month", "rule", "plan", "target_on",
    "people", "approved_by", "approved_at", "seconded_by", "seconded_at", "executed_by", "begun_at", "keys_at",
    "rows_at", "proposed_at", "keys_destroyed", "key_kept", "people_removed", "rows_removed", "archived", "attempts",
    "epochs", "state", "step",
)  # fmt: skip
CERTIFIED = "SELECT digest FROM retention_certificate WHERE list_id = %s AND kind = %s"
THERE = "SELECT EXISTS (SELECT FROM retention_certificate WHERE number = %s AND kind = %s)"
LINES = "SELECT state, count(*) FROM retention_destructionline WHERE list_id = %s GROUP BY state"
# Of the people of a list, in slices: the last of them, how many keys stand, and for how many no tombstone does.
PEOPLE = """
SELECT max(l.subject_id::text), count(k.subject_id), count(*) FILTER (WHERE NOT EXISTS (
    SELECT FROM vault_tombstone t WHERE t.subject_id = l.subject_id AND t.category IN ('', l.category)))
FROM (SELECT subject_id, category FROM retention_destructionline WHERE list_id = %s AND state = 'removed'
      AND subject_id > %s ORDER BY subject_id LIMIT 5000) AS l
LEFT JOIN vault_subjectkey k USING (subject_id, category)
"""
FIRST = "00000000-0000-0000-0000-000000000000"
# An answer is waited for 2 s; what is left is looked at by the next call.
SECONDS = 1.0
KEYS_LEFT = {
    "month": "SELECT count(*) FROM vault_monthkey WHERE category = %(category)s AND month = %(month)s",
    "archive": """
SELECT count(*) FROM vault_monthkey k JOIN jsonb_array_elements(%(epochs)s::jsonb) AS gone
  ON k.category = gone ->> 0 AND k.month = (gone ->> 1)::date
""",
}
ENDED_MONTH = """
SELECT EXISTS (SELECT FROM vault_tombstone WHERE subject_id IS NULL AND category = %(category)s AND month = %(month)s
               AND generation IS NOT NULL)
"""
STONES = """
SELECT count(*), count(*) FILTER (WHERE generation IS NOT NULL), max(generation), max(destroyed_at)
FROM vault_tombstone WHERE certificate = %s
"""
# Whether another host has said that it holds a generation, and nothing else since.
HELD = "SELECT EXISTS (SELECT FROM vault_keyholder WHERE host <> %s AND generations ? %s)"
ENDED = "SELECT ended_at FROM vault_keycheck WHERE kind = 'master' AND generation = %s"
REWRITE = """
SELECT done_at, log_turned FROM retention_rewrite WHERE begun_at >= %s AND done_at IS NOT NULL
ORDER BY log_turned DESC, begun_at LIMIT 1
"""
PARAMETER = """
SELECT value FROM policies_parameter WHERE code = %s ORDER BY effective_on <= %s DESC, abs(effective_on - %s) LIMIT 1
"""
CATEGORY = """
SELECT c.name_ko, c.name_en FROM policies_category c JOIN policies_policyversion v ON v.id = c.version_id
WHERE c.code = %s AND v.state IN ('published', 'superseded')
"""
HEAD = "SELECT EXISTS (SELECT FROM ledger.tree WHERE size = %s AND encode(root, 'hex') = %s)"
NOTE = "SELECT EXISTS (SELECT FROM ledger.checkpoint WHERE note = %s)"
NOW = "SELECT clock_timestamp()"


class SigningPolicy:
    """Says whether a document may be signed. ``dated``: certificates are of this moment, by the database's clock."""

    def __init__(self, query: Query, *, dated: bool) -> None:
        self.query = query
        self.dated = dated
        self._lock = threading.Lock()
        # How far the people of a list were looked at: the last of them, keys that stand, missing tombstones.
        self._looked: dict[Any, tuple[str, int, int]] = {}

    def refuse_unfit(self, process: str, body: str, *, generations: Collection[int]) -> None:
        """Raise KeysRefused unless this process may have this document signed; StillChecking, while not all people of
        its list were looked at.
        """
        said = _read(body)
        # Canonical: a name that stands twice would be read in two ways.
        if said and canonical_json.dumps(said) == body:
            if any(said.get(name) == value and said.keys() == names for name, value, names in HANDED_OUT):
                self._refuse_paper_of_nothing(said)
                return
            if process != "pages" and said.get("type") == CERTIFICATE:
                self._refuse_untrue(said, body, generations)
                return
        raise KeysRefused(_("This process may not ask the key service for that."))

    def _refuse_paper_of_nothing(self, said: dict[str, Any]) -> None:
        """Raise KeysRefused for a paper that names a certificate which was never issued."""
        if said.get("type") != PAPER:
            return
        kind, number = said["kind"], said["number"]
        known = isinstance(kind, str) and isinstance(number, str)
        if known and kind in CERTIFICATE_PAPERS:
            known = "\0" not in number and self.query(THERE, [number, CERTIFICATE_PAPERS[kind]])[0][0]
        if not known:
            raise KeysRefused(_("The certificate doesn't match the records. Nothing was signed."), code="untrue")

    def _refuse_untrue(self, said: dict[str, Any], body: str, generations: Collection[int]) -> None:
        try:
            kind = said["kind"]
            row = self._list(said["number"] if kind == "destruction" else said["certificate"])
            # A list has one certificate of a kind, and an addendum for each system that was late.
            issued = [] if kind == "addendum" else self.query(CERTIFIED, [row["id"], kind])
            if issued:
                # Signed before: the same again is the same, anything else never was.
                agrees = issued == [(sha256(body.encode()).hexdigest(),)]
            else:
                known = self._known(kind, row, said, generations)
                agrees = (
                    self._is_now(said["issued_at"]) and _plain(known) == _plain(said) and self._ledger(said["ledger"])
                )
        except (KeyError, TypeError, ValueError, AttributeError):
            agrees = False
        if not agrees:
            raise KeysRefused(_("The certificate doesn't match the records. Nothing was signed."), code="untrue")

    def _known(
        self, kind: str, row: dict[str, Any], said: dict[str, Any], generations: Collection[int]
    ) -> dict[str, Any]:
        if kind == "destruction":
            return self._destruction(row, said)
        return self._addendum(row, said) if kind == "addendum" else self._finality(row, said, generations)

    def _systems(self, row: dict[str, Any], code: str = "") -> list[dict[str, Any]]:
        return system_states.stated(self.query(system_states.STATES, [row["id"], code, code]))

    def _addendum(self, row: dict[str, Any], said: dict[str, Any]) -> dict[str, Any]:
        (system,) = self._systems(row, said["systems"][0]["code"])
        if row["state"] != "done" or not system_states.is_settled(system):
            raise ValueError("That system has not come to its end.")
        return {
            "type": CERTIFICATE,
            "kind": "addendum",
            **{name: said[name] for name in ("number", "issued_at", "certificate", "ledger")},
            "controller": CONTROLLER,
            "list": row["list"],
            "certificate_digest": self.query(CERTIFIED, [row["id"], "destruction"])[0][0],
            "systems": [system],
        }

    def _list(self, number: str) -> dict[str, Any]:
        ((*values,),) = self.query(LIST, [number])
        row = dict(zip(NAMES, values, strict=True))
        for name in ("rows_removed", "attempts", "epochs"):
            row[name] = json.loads(row[name])
        return row

    def _destruction(self, row: dict[str, Any], said: dict[str, Any]) -> dict[str, Any]:
        """Return what the tables say that a certificate of destruction has to say. Raises ValueError before that."""
        lines: dict[str, int] = dict(self.query(LINES, [row["id"]]))
        passed_over = {state: count for state, count in lines.items() if state in PASSED_OVER}
        carried_out = row["approved_by"] and row["state"] in CARRIED_OUT and row["step"] in ("rows", "proven")
        if lines.keys() - DONE - PASSED_OVER or not carried_out:
            raise ValueError("It was not approved, or is not carried out.")
        listed = sum(lines.values()) if row["unit"] == "people" else row["people"]
        people = lines.get("removed", 0)
        if row["unit"] == "month":
            people = row["people"] if row["people_removed"] is None else row["people_removed"]
        counted_by_list = row["unit"] == "month" and row["people_removed"] is None
        return {
            "type": CERTIFICATE,
            "kind": "destruction",
            "number": said["number"],
            "issued_at": said["issued_at"],
            "controller": CONTROLLER,
            **{
                name: row[name]
                for name in ("list", "run", "cause", "case", "policy", "rule", "as_of", "category", "unit")
            },
            "month": row["month"] or "",
            "due_since": row["target_on"] - timedelta(days=self._parameter("destruction.within.days", row["as_of"])),
            "category_names": self._category_names(row["category"], said["category_names"]),
            "approval": {
                name: row[name] or "" for name in ("approved_by", "approved_at", "seconded_by", "seconded_at", "plan")
            },
            "carried_out": {
                "by": row["executed_by"],
                "begun_at": row["begun_at"],
                "keys_destroyed_at": (row["keys_at"] if row["keys_destroyed"] else None) or "",
                "rows_removed_at": row["rows_at"] or "",
                "done_at": said["issued_at"],
            },
            "destroyed": {
                "listed": listed,
                "people": people,
                "counted_at": row["proposed_at"] if counted_by_list else row["begun_at"],
                "keys": row["keys_destroyed"],
                **({"month_keys": len(row["epochs"])} if row["unit"] == "archive" else {}),
                "key_kept": row["key_kept"],
                "rows": row["rows_removed"],
                "archived": row["archived"],
                "passed_over": passed_over,
            },
            "read_back": self._read_back(row, people, said),
            "finality": self._copies(row, said["number"]),
            **({"systems": systems} if (systems := self._systems(row)) else {}),
            "ledger": said["ledger"],
        }

    def _read_back(self, row: dict[str, Any], people: int, said: dict[str, Any]) -> dict[str, Any]:
        """Return what the read-back has to have found: no key, as asked here, and no row in any place it names."""
        bare = 0
        asked = {"category": row["category"], "month": row["month"], "epochs": json.dumps(row["epochs"])}
        if row["unit"] == "people":
            standing, bare = self._people(row["id"])
        else:
            ((standing,),) = self.query(KEYS_LEFT[row["unit"]], asked)  # type: ignore[arg-type]
        kept = row["unit"] == "month" and row["key_kept"]
        ((stones, with_key, _newest, _at),) = self.query(STONES, [said["number"]])
        left = (standing and not kept) or (stones and kept) or bare or row["attempts"].get("opened")
        if left or row["keys_destroyed"] != with_key:
            raise ValueError("A key is left, or other keys were destroyed.")
        had_key = row["unit"] != "month" or standing or self.query(ENDED_MONTH, asked)[0][0]  # type: ignore[arg-type]
        if people and not had_key:
            raise ValueError("Nobody's data was sealed in a month that never had a key.")
        attempts = row["attempts"].get("attempts", 0)
        return {
            "searched": [{**place, "left": 0} for place in said["read_back"]["searched"]],
            "people": people,
            "keys_left": 0,
            "keys_kept": standing if kept else 0,
            "tombstones_missing": 0,
            "attempts": attempts,
            "opened": 0,
            "rows_left": 0,
            "nothing_left": True,
            "sound": attempts > 0,
        }

    def _people(self, number: Any) -> tuple[int, int]:
        """Return how many keys of a list's people stand, and for how many of them no tombstone does."""
        until = time.monotonic() + SECONDS
        with self._lock:
            last, standing, bare = self._looked.get(number, (FIRST, 0, 0))
            while True:
                ((behind, keys, missing),) = self.query(PEOPLE, [number, last])
                if behind is None:
                    self._looked.pop(number, None)
                    return standing, bare
                self._looked[number] = last, standing, bare = behind, standing + keys, bare + missing
                if time.monotonic() > until:
                    raise StillChecking

    def _finality(self, row: dict[str, Any], said: dict[str, Any], generations: Collection[int]) -> dict[str, Any]:
        copies = self._copies(row, said["certificate"])
        generation = copies["master_key_generation"]
        held = self.dated and (generation in generations or self.query(HELD, [host_name(), str(generation)])[0][0])
        if row["state"] != "done" or not copies["generation_ended_at"] or held:
            raise ValueError("It is not final.")
        return {
            "type": CERTIFICATE,
            "kind": "finality",
            "number": said["number"],
            "issued_at": said["issued_at"],
            "controller": CONTROLLER,
            "list": row["list"],
            "certificate": said["certificate"],
            "certificate_digest": self.query(CERTIFIED, [row["id"], "destruction"])[0][0],
            "finality": copies,
            "ledger": said["ledger"],
        }

    def _copies(self, row: dict[str, Any], number: str) -> dict[str, Any]:
        ((_stones, _with_key, generation, destroyed_at),) = self.query(STONES, [number])
        ended = destroyed_at if generation is None else next((at for (at,) in self.query(ENDED, [generation])), None)
        keys_at = row["keys_at"] if row["keys_destroyed"] else None
        rewritten, turned = next(iter(self.query(REWRITE, [keys_at]) if keys_at else ()), (None, False))
        return {
            "master_key_generation": generation,
            "generation_ended_at": ended or "",
            "key_tables_rewritten_at": rewritten or "",
            "log_turned_over": turned,
            "last_key_dump_ends_on": _days_after(keys_at, settings.KEY_BACKUP_DAYS),
            "last_data_backup_ends_on": _days_after(row["rows_at"], settings.DATA_BACKUP_DAYS),
        }

    def _parameter(self, code: str, on: date) -> int:
        ((value,),) = self.query(PARAMETER, [code, on, on])
        return int(value)

    def _category_names(self, category: str, said: dict[str, str]) -> dict[str, str]:
        known = {tuple(names) for names in self.query(CATEGORY, [category])} or {("", "")}
        return said if (said["ko"], said["en"]) in {*known, ("", "")} else {}

    def _ledger(self, said: dict[str, Any]) -> bool:
        head = (said["size"], said["root"]) == (0, "") or self.query(HEAD, [said["size"], said["root"]])[0][0]
        note = said["checkpoint"] == "" or self.query(NOTE, [said["checkpoint"]])[0][0]
        return bool(head and note) and said["origin"] == settings.LEDGER_ORIGIN and len(said) == 4

    def _is_now(self, said: str) -> bool:
        ((now,),) = self.query(NOW, [])
        return not self.dated or abs(datetime.fromisoformat(said) - now) <= TOLERANCE


def _read(text: str) -> dict[str, Any]:
    try:
        said = json.loads(text)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _days_after(moment: datetime | None, days: int) -> date | str:
    return clock.kst_date(moment) + timedelta(days=days) if moment else ""


def _plain(value: Any) -> Any:
    """Return a value as it is compared: moments in one zone, wherever they stand."""
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, datetime):
        return value.astimezone(clock.KST).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str) and "T" in value:
        try:
            return datetime.fromisoformat(value).astimezone(clock.KST).isoformat()
        except ValueError:
            return value
    return value
