"""Statements of a program under somebody else's control: tombstones, and lists and approvals that nobody made.

``{person}``, ``{listed}`` and so on stand for what the test has put there.
"""

NUMBER = "C-X"
NOW = "now()"
OF_PERSON = {"subject": "'{person}'", "category": "device-registration", "month": "NULL", "cause": "retention"}
OF_LISTED = OF_PERSON | {"subject": "'{listed}'"}
OF_MONTH = OF_PERSON | {"subject": "NULL", "category": "service-analytics", "month": "'{month}'"}
GONE = "DELETE FROM vault_subjectkey WHERE subject_id = '{person}' AND category = 'device-registration'"
GONE_MONTH = "DELETE FROM vault_monthkey WHERE category = 'service-analytics'"
SECOND_KEYS = (
    "INSERT INTO vault_subjectkey (id, subject_id, category, wrapped, generation, created_at)"
    " SELECT gen_random_uuid(), subject_id, category, 'x', 1, now() FROM vault_subjectkey"
)


def insert(table: str, **values: object) -> str:
    """Return a statement that adds a row; what is text is quoted, what is an expression is not."""
    columns = ", ".join(f'"{name}"' for name in values)
    return f"INSERT INTO {table} ({columns}) VALUES ({', '.join(str(value) for value in values.values())})"


def stone(of: dict[str, str], number: str = NUMBER) -> str:
    """Return the statement that says a key is destroyed."""
    return insert(
        "vault_tombstone", id="gen_random_uuid()", subject_id=of["subject"], category=f"'{of['category']}'",
        month=of["month"], generation=1, cause=f"'{of['cause']}'", certificate=f"'{number}'", destroyed_at="now()",
    )  # fmt: skip


def run(
    cause: str = "retention", case: str = "", by: str = "system:sweep", name: str = "run", as_of: str = "current_date"
) -> str:
    """Return the statement that adds a run, or an order on a case."""
    return insert(
        "retention_destructionrun", id=f"'{{{name}}}'", reference=f"'DR-{name}'", cause=f"'{cause}'",
        as_of=as_of, policy="'1'", case=f"'{case}'", ordered_by=f"'{by}'", started_at="now()",
        planned_at="now()", due=1, withheld="'{{}}'",
    )  # fmt: skip


def destruction_list(name: str = "list", of_run: str = "run", **changes: object) -> str:
    """Return the statement that adds a list of people of one category, as the sweep proposes it."""
    values: dict[str, object] = {
        "id": f"'{{{name}}}'", "reference": f"'DL-{name}'", "run_id": f"'{{{of_run}}}'",
        "category": "'device-registration'", "unit": "'people'", "plan": "'x'", "people": 1, "records": 1,
        "target_on": "current_date", "term": "'licence-expiry+2y0m'", "term_changed": "false", "needs_approval": "true",
        "over_ceiling": "false", "wait": "'0'", "state": "'proposed'", "step": "'none'", "proposed_at": "now()",
        "ordered_by": "''", "approved_by": "''", "seconded_by": "''", "aborted_by": "''", "abort_reason": "''",
        "delay_reason": "''", "certificate_number": "''", "executed_by": "''", "keys_destroyed": 0, "key_kept": "false",
        "rows_removed": "'{{}}'", "archived": 0, "attempts": "'{{}}'", "read_back": "'{{}}'", "residues": 0,
        "epochs": "'[]'", "journal_line": 0,
    }  # fmt: skip
    return insert("retention_destructionlist", **values | changes)


def line(
    person: str = "person", of_list: str = "list", category: str = "device-registration", state: str = "planned"
) -> str:
    """Return the statement that puts a person on a list."""
    return insert(
        "retention_destructionline", id="gen_random_uuid()", list_id=f"'{{{of_list}}}'",
        category=f"'{category}'", subject_id=f"'{{{person}}}'", state=f"'{state}'",
    )  # fmt: skip


def approve(by: str, *more: str, at: str = "now() - interval '2 days'", wait: str = "1 day") -> str:
    """Return the statement that approves the list in somebody's name, two days ago."""
    changes = [
        "state = 'approved'", f"approved_by = '{by}'", f"approved_at = {at}",
        f"not_before = {at} + interval '{wait}'", *more,
    ]  # fmt: skip
    return f"UPDATE retention_destructionlist SET {', '.join(changes)} WHERE id = '{{list}}'"


def number(of_ceiling: str, value: int, on: str) -> str:
    """Return the statement that sets a number of the ceiling from a day on."""
    return insert(
        "policies_parameter", id="gen_random_uuid()", code=f"'destruction.ceiling.{of_ceiling}'", value=value,
        unit="'count'", effective_on=on, basis="'x'",
    )  # fmt: skip


def change(of_ceiling: str, value: int, on: str) -> str:
    """Return the statement that says that two officers set it."""
    return insert(
        "policies_parameterchange", id="gen_random_uuid()", code=f"'destruction.ceiling.{of_ceiling}'", value=value,
        effective_on=on, basis="'x'", asked_by="'{odile}'", asked_at="now()", approved_by="'{omar}'",
        approved_at="now()", refused_by="''",
    )  # fmt: skip


def begin(name: str = "list") -> str:
    """Return the statement that begins to carry a list out."""
    return (
        f"UPDATE retention_destructionlist SET state = 'executing', step = 'intent', certificate_number = '{NUMBER}',"
        f" begun_at = now() WHERE id = '{{{name}}}'"
    )


def fleet_import() -> str:
    """Return the statement that adds an import that was discarded."""
    return insert(
        "devices_fleetimport", id="gen_random_uuid()", reference="'FI-X'", gateway_id="'{gateway}'", file_digest="''",
        state="'cancelled'", rows=1, accepted=1, refused=0, registered=0, findings="'[]'", made_by="'x'",
        made_at="now()", confirmed_by="''", counted_until=0,
    )  # fmt: skip


def proposed(
    by: str, *more: str, cause: str = "retention", case: str = "", ordered_by: str = "x", **changes: object
) -> list[str]:
    """Return the statements of a whole destruction whose list is approved in somebody's name."""
    of = OF_PERSON | {"cause": cause}
    return [
        run(cause, case, ordered_by), destruction_list(**changes), line(), approve(by, *more), begin(), stone(of), GONE
    ]  # fmt: skip


def archived(*more: str) -> list[str]:
    """Return the statements that destroy somebody's archive key, on the archive's list, which nobody approves."""
    archive = {"category": "'archive'", "unit": "'archive'", "needs_approval": "false"}
    return [
        run(), destruction_list(**archive), approve("rule:1"), begin(), *more,
        line(category="archive", state="counted"), stone(OF_PERSON | {"category": "archive-5y"}),
    ]  # fmt: skip


def by_rule(of: dict[str, str], unit: str = "people", month: str = "NULL", as_of: str = "current_date") -> list[str]:
    """Return the statements of a whole destruction that the policy's rule is said to let go."""
    category = of["category"]
    return [
        run(as_of=as_of),
        destruction_list(category=f"'{category}'", unit=f"'{unit}'", month=month, needs_approval="false"),
        *([line(category=category)] if unit == "people" else []),
        approve("rule:1", at=NOW, wait="0"), begin(), stone(of),
    ]  # fmt: skip


# A version that names no category, and so nothing that an officer would have to approve.
POLICY_OF_ITS_OWN = [
    insert(
        "policies_policyversion", id="gen_random_uuid()", number="'9.9'", state="'draft'", reason_ko="''",
        reason_en="''", adverse="false", drafted_at="now()", drafted_by="'{odile}'", submitted_by="''",
        published_by="''", seal="''",
    ),
    "UPDATE policies_policyversion SET state = 'review', submitted_at = now(), submitted_by = '{omar}'"
    " WHERE number = '9.9'",
    "UPDATE policies_policyversion SET state = 'published', effective_on = current_date, published_at = now(),"
    " published_by = '{odile}', seal = repeat('a', 64), document = '{{}}' WHERE number = '9.9'",
]  # fmt: skip
ALL_SAID = {
    "state": "'executing'", "step": "'intent'", "approved_by": "'{odile}'", "approved_at": "now()",
    "seconded_by": "'{omar}'", "seconded_at": "now()", "not_before": "now()", "certificate_number": f"'{NUMBER}'",
}  # fmt: skip
NO_APPROVAL = "needs_approval = false"
ATTACKS = {
    "a tombstone and no list": [stone(OF_PERSON), GONE],
    "both in one statement": [f"WITH gone AS ({GONE}) {stone(OF_PERSON)}"],
    "no tombstone at all": [GONE],
    "a month of everybody": [stone(OF_MONTH), GONE_MONTH],
    "a list that says it is being carried out": [run(), destruction_list(**ALL_SAID), line(), stone(OF_PERSON), GONE],
    "a list approved in two officers' names": proposed("{odile}", "seconded_by = '{omar}'", "seconded_at = now()"),
    "a list that the rule is said to let go": proposed("rule:1", needs_approval="false"),
    "a policy of its own that lets it go": [*POLICY_OF_ITS_OWN, *by_rule(OF_PERSON), GONE],
    "a category that no policy knows": by_rule(OF_PERSON | {"category": "face-images"}),
    "every category at once": by_rule(OF_PERSON | {"category": ""}),
    "an archive key on a list of people": by_rule(OF_PERSON | {"category": "archive-5y"}),
    "the archive on a list of people": by_rule(OF_PERSON | {"category": "archive"}),
    "a month of the archive on a list of months": by_rule(
        OF_MONTH | {"category": "archive-5y", "month": "'2031-01-01'"}, "month", "'2031-01-01'"
    ),
    "a month that is not over": by_rule(OF_MONTH | {"category": "app-log"}, "month", "'{month}'"),
    "a list of a day to come": by_rule(
        OF_MONTH | {"category": "app-log"}, "month", "'{month}'", as_of="current_date + 90"
    ),
    "a list that nobody has approved": [run(), destruction_list(), line(), begin(), stone(OF_PERSON), GONE],
    "an order of a case that is not there": proposed(
        "{omar}", NO_APPROVAL, cause="deletion", case="K7-0000-0000#1", ordered_by="{odile}"
    ),
    "an order of a withdrawal that nobody made": proposed(
        "case:R-0000", NO_APPROVAL, cause="withdrawal", case="R-0000"
    ),
    "an order for a cause that nobody orders": proposed("case:x", NO_APPROVAL, cause="replay", case="x"),
    "a person more on an approved list": [line(of_list="approved"), begin("approved"), stone(OF_PERSON), GONE],
    "an approved list before its wait is over": [begin("approved"), stone(OF_LISTED)],
    "a wait that is cut short": [
        "UPDATE retention_destructionlist SET not_before = now() - interval '1 day' WHERE id = '{approved}'",
        begin("approved"), stone(OF_LISTED),
    ],
    "an approved list that is said to have left something": [
        f"UPDATE retention_destructionlist SET state = 'residue', certificate_number = '{NUMBER}'"
        " WHERE id = '{approved}'",
        stone(OF_LISTED),
    ],
    "an archive key of somebody who is here": archived(),
    "an archive key of somebody who is said to be gone": archived(
        "UPDATE subjects_subject SET state = 'destroyed', destroyed_at = now() WHERE id = '{person}'"
    ),
    "an import of somebody who is registered": [fleet_import(), stone(OF_PERSON | {"category": ""}, "FI-X"), GONE],
    "an import of what belongs to a case": [
        fleet_import(),
        "WITH gone AS (DELETE FROM vault_subjectkey WHERE subject_id = '{stranger}') "
        + stone(OF_PERSON | {"subject": "'{stranger}'", "category": ""}, "FI-X"),
    ],
    "garbage in a key's place": ["UPDATE vault_subjectkey SET wrapped = 'x'"],
    "garbage under a later generation": ["UPDATE vault_subjectkey SET wrapped = 'x', generation = 2"],
    "garbage in a month's place": ["UPDATE vault_monthkey SET wrapped = 'x', generation = generation + 1"],
    "another generation's number": ["UPDATE vault_subjectkey SET generation = 7"],
    "a second key beside the first": [SECOND_KEYS],
    "a key replaced where it stands": [
        f"{SECOND_KEYS} ON CONFLICT (subject_id, category) DO UPDATE SET wrapped = 'x', generation = 2"
    ],
    "the tables emptied": ["TRUNCATE vault_subjectkey, vault_monthkey"],
    "triggers put out of force": ["SET session_replication_role = replica", GONE],
    "the end of a generation in use": ["UPDATE vault_keycheck SET current = false, emptied_at = now()"],
}  # fmt: skip
