"""The second reading: what is so, read plainly from tables and the test's memory, beside what the portal says.

Nothing here calls what makes a sentence: rows are counted in SQL, values come from the memory, days from the calendar.
Each check yields a line for what differs.
"""

import io
import json
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import holidays
from django.contrib import admin
from django.db import connections, transaction
from django.test import RequestFactory
from django.utils import translation

from config import dashboard_counts
from consents import receipts
from consents.models import Decision
from privacy.disclosures.models import Notice
from privacy.incidents import duties
from privacy.incidents.models import Incident
from privacy.lib.registries import deadlines
from privacy.retention.certificates import documents
from privacy.retention.models import Certificate
from privacy.rights import actions as rights
from privacy.rights import status_page
from privacy.rights.models import Package, Request, Right
from tests.config.test_dashboard_histories import MEANING
from tests.factories.rights import pickup_code
from tests.histories.steps import ITEMS, Office

# Where rows of personal data are, by database; counted before and after.
PLACES = {
    "personal": ("devices_device", "devices_licence", "devices_report", "devices_applog", "rights_particulars",
                 "incidents_complainttext", "vault_encryptedfile", "subjects_contact"),
    "default": ("vault_subjectkey", "vault_monthkey"),
    "archive": ("retention_archivedrecord",),
}  # fmt: skip
UNANSWERED = {"received", "identity-pending", "verified", "in-review", "decided", "carried-out"}
KOREAN = holidays.country_holidays("KR", years=range(2023, 2030))


def rows(alias: str, statement: str, *values: Any) -> list[tuple[Any, ...]]:
    with connections[alias].cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())


def counted() -> Counter[str]:
    """Count the rows of every place, and the people who have a row in each."""
    return Counter(
        {
            table: rows(alias, f"SELECT count(*) FROM {table}")[0][0]
            for alias, tables in PLACES.items()
            for table in tables
        }
    )


def working_day(day: date) -> date:
    """Return the day, or the next that is neither Saturday, Sunday nor a holiday (Civil Act 161)."""
    while day.weekday() >= 5 or day in KOREAN:
        day += timedelta(days=1)
    return day


class Oracle:
    """Compares after each step; remembers what was there before it."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.before = counted()
        self.certificates: set[UUID] = set()
        self.packages: set[UUID] = set()

    def differences(self) -> list[str]:
        found = [f"{check.__name__.lstrip('_')}: {line}" for check in CHECKS for line in check(self)]
        self.before = counted()
        return found


# --- papers --------------------------------------------------------------------------------------------------


def _certificates(reader: Oracle) -> Iterator[str]:
    """What a certificate counts is what is no longer there; what it says of keys is so; who was kept is told."""
    new = [one for one in Certificate.objects.filter(kind="destruction") if one.id not in reader.certificates]
    reader.certificates |= {one.id for one in new}
    if not new:
        return
    gone = reader.before - counted()
    said_rows, said_keys = Counter[str](), 0
    for one in new:
        said = one.statement
        for label, number in said["destroyed"]["rows"].items():
            said_rows[label.replace(".", "_")] += number
        said_keys += said["destroyed"]["keys"]
        yield from _one_certificate(one)
    keys = gone["vault_subjectkey"] + gone["vault_monthkey"]
    if said_keys != keys:
        yield f"{[one.number for one in new]} say {said_keys} keys destroyed, {keys} are gone"
    for table, number in said_rows.items():
        if table in gone and number != gone[table]:
            yield f"{[one.number for one in new]} say {number} rows of {table} destroyed, {gone[table]} are gone"


def _one_certificate(one: Certificate) -> Iterator[str]:
    said = one.statement
    listed = rows(
        "default", "SELECT state, count(*) FROM retention_destructionline WHERE list_id = %s GROUP BY 1", one.list_id
    )
    states = dict(listed)
    over = {state: number for state, number in states.items() if state in said["destroyed"]["passed_over"]}
    if said["destroyed"]["passed_over"] != over:
        yield f"{one.number} says passed over {said['destroyed']['passed_over']}, its lines say {states}"
    for language in ("ko", "en"):
        with translation.override(language):
            text = "\n".join(f"{label}: {value}" for label, value in documents.statement_rows(one))
        if said["destroyed"]["keys"] == 0 and KEYS_CLAIMED[language] in text:
            yield f"{one.number} ({language}) says that keys were destroyed, and counts none:\n{text}"
    whole = said["destroyed"]["people"] + sum(said["destroyed"]["passed_over"].values())
    if whole != said["destroyed"]["listed"] or (listed and whole != sum(states.values())):
        yield f"{one.number}: {said['destroyed']} do not add up to the list, whose lines say {states}"
    if said["read_back"].get("sound") and not said["read_back"].get("attempts") and said["destroyed"]["keys"]:
        yield f"{one.number} calls a read-back sound that tried nothing: {said['read_back']}"


KEYS_CLAIMED = {"ko": "암호학적", "en": "cryptographic erasure"}


def _packages(reader: Oracle) -> Iterator[str]:
    """A package that can be fetched holds what is so now: values, decisions, provisions, what is frozen."""
    office, memory = reader.office, reader.office.memory
    for package in Package.objects.filter(removed_at=None, downloaded_at=None).select_related("right__request"):
        person = package.right.request.subject_id
        if person not in memory.values or not package.can_be_downloaded(at=office.at):
            continue
        with transaction.atomic(), transaction.atomic(using="personal"):
            content = _fetched(reader, package)
            transaction.set_rollback(True)
            transaction.set_rollback(True, using="personal")
        if content is None:
            continue
        for record in content.get("held", {}).get("device-registration", ()):
            for item in ITEMS:
                if item in record and record[item] != memory.values[person][item]:
                    is_so = memory.values[person][item]
                    yield f"package of {content['case']}: {item} is {record[item]}, and it is {is_so}"
        decided = Counter(f"{one['agreement']} {one['decision']}" for one in content.get("consents", ()))
        meant = Counter(
            f"{code} {choice}" for (who, code), told in memory.choices.items() if who == person for choice in told
        )
        if {key: number for key, number in decided.items() if key.split()[0] in ("activation", "app-log")} != meant:
            yield f"package of {content['case']}: decisions {dict(decided)}, made were {dict(meant)}"


def _fetched(reader: Oracle, package: Package) -> dict[str, Any] | None:
    """Return what the person would read; nothing where the portal refuses to hand it out."""
    try:
        code = pickup_code(package, at=reader.office.at)
        content = b"".join(rights.download(package, code=code, at=reader.office.at))
    except (rights.PackageGone, rights.WrongState, rights.ContentChanged):
        return None
    return dict(json.loads(zipfile.ZipFile(io.BytesIO(content)).read("content.json")))


def _receipts(reader: Oracle) -> Iterator[str]:
    """The newest receipt of each agreement says what was decided last, and as many were given as decisions made."""
    for (person, code), choices in reader.office.memory.choices.items():
        made = list(
            Decision.objects.filter(subject_id=person, agreement__code=code).order_by("decided_at", "recorded_at")
        )
        said = [receipts.for_decision(one)["events"][-1]["decision"] for one in made]
        if said != choices:
            yield f"{code}: receipts say {said}, decided was {choices}"


# --- pages ---------------------------------------------------------------------------------------------------


def _status_pages(reader: Oracle) -> Iterator[str]:
    """A status page says what was done, by when it is answered, and whether the item rests."""
    office = reader.office
    for case in Request.objects.all():
        with translation.override("en"):
            page = status_page.context(case, at=office.at)
            story = [str(step["what"]) for step in page["story"]]
            told = {one["right"].id: " ".join(map(str, one["decision"])) for one in page["rights"]}
        if page["settled"] == (case.state in UNANSWERED):
            yield f"{case.number}: settled {page['settled']} in the state {case.state}"
        due = working_day(case.received_on + timedelta(days=_days(case)))
        if case.due_on != due and case.state in UNANSWERED:
            yield f"{case.number}: due {case.due_on}, its days after {case.received_on} are {due}"
        corrected = [right for right in page["rights"] if right["right"].kind == "correction"]
        done = any(one["right"].id in office.memory.corrected for one in corrected)
        if ("Corrected" in story) != done:
            yield f"{case.number}: the story says {story}, corrected is {done}"
        for one in corrected:
            text = told[one["right"].id]
            if one["right"].id in office.memory.corrected and "being corrected" in text:
                yield f"{case.number}: “{text}”, and it was corrected"


def _days(case: Request) -> int:
    """Three days for the source of data until an answer told it, apart or with all; 30 for a decision, else ten."""
    if [right.kind for right in case.rights.all()] == ["decision-review"]:
        return 30
    source = next((right for right in case.rights.all() if right.kind == "source"), None)
    if source is None:
        return 10
    done_at = source.decided_at if source.decision == "refused" else source.carried_out_at
    answers = [one for one in case.letters.all() if one.kind in ("part-result", "result") and one.sent_at]
    return 10 if done_at and any(letter.queued_at >= done_at for letter in answers) else 3


def _today(reader: Oracle) -> Iterator[str]:
    """The figures of the first page are the rows, counted one by one."""
    office = reader.office
    request = RequestFactory().get("/office/")
    request.user = office.odile
    board = dashboard_counts.visible_counts(admin.site, request, office.on)
    dashboard_counts.run_counts(board)
    with translation.override("en"):
        found = {str(figure.label): figure for figure in board}
    for label, meaning in MEANING.items():
        if (figure := found.get(label)) is None:
            yield f"{label} is not on the page"
            continue
        meant = sum(meaning(row, office.on) for row in figure.model._default_manager.all())
        if figure.count != meant:
            yield f"{label}: {figure.count} on the page, {meant} in the register"


def _calendar(reader: Oracle) -> Iterator[str]:
    """The calendar's lines are the rows with a date, each once."""
    office = reader.office
    first, last = office.on - timedelta(days=500), office.on + timedelta(days=500)
    lines = deadlines.deadlines_between(first, last, on=office.on, may=lambda permission: True, names=DATED)
    said = Counter((line.source.name, line.dated.on, line.dated.reference) for line in lines)
    for source, statement in DATED.items():
        meant = Counter((source, on, reference) for on, reference in rows("default", statement))
        seen = Counter({key: number for key, number in said.items() if key[0] == source})
        if seen != meant:
            yield f"{source}: the calendar says {dict(seen - meant)} too much and lacks {dict(meant - seen)}"


DATED = {
    "rights.request": "SELECT due_on, number FROM rights_request WHERE state IN ('received', 'identity-pending',"
    " 'verified', 'in-review', 'decided', 'carried-out')",
    "rights.objection": "SELECT o.target_on, c.number FROM rights_objection o JOIN rights_right r ON r.id = o.right_id"
    " JOIN rights_request c ON c.id = r.request_id WHERE o.outcome = 'pending'",
    "incidents.complaint": "SELECT target_on, reference FROM incidents_complaint WHERE state = 'received'",
    "retention.list": "SELECT target_on, reference FROM retention_destructionlist"
    " WHERE state IN ('proposed', 'approved', 'executing')",
}


# --- what others are told --------------------------------------------------------------------------------------


def _notices(reader: Oracle) -> Iterator[str]:
    """A correction told each earlier recipient of the item, once."""
    for right_id, (_person, item, told) in reader.office.memory.corrected.items():
        case = Right.objects.values_list("request_id", flat=True).get(id=right_id)
        notices = Notice.objects.filter(case_id=case, kind="corrected").values_list("third_party__code", "items")
        found = Counter(code for code, items in notices if item in items)
        if set(found) != told or any(number > 1 for number in found.values()):
            yield f"correction of {item}: notices to {dict(found)}, it had been given to {sorted(told)}"


def _incidents(reader: Oracle) -> Iterator[str]:
    """An incident is closed, or says that nothing is left to do, only when everybody listed was told of the breach."""
    for incident in Incident.objects.filter(certainty="confirmed"):
        ((untold,),) = rows("default", UNTOLD, incident.pk, incident.pk)
        ((posted,),) = rows("default", POSTED, incident.pk)
        if untold and not posted and (incident.closed_at or not duties.closing_blockers(incident)):
            yield f"{incident.reference}: {untold} people were not told; closed {incident.closed_at}, nothing undone"


OF_THE_BREACH = "n.incident_id = %s AND n.stage IN ('first', 'full', 'supplement')"
UNTOLD = f"""
SELECT count(*) FROM incidents_affectedperson a WHERE a.incident_id = %s AND NOT EXISTS (
    SELECT FROM incidents_notification n JOIN campaigns_delivery d ON d.campaign_id = n.campaign_id
     WHERE {OF_THE_BREACH} AND d.subject_id = a.subject_id AND d.settled_at IS NOT NULL)
"""
POSTED = f"SELECT count(*) FROM incidents_notification n WHERE {OF_THE_BREACH} AND n.notice_id IS NOT NULL"


CHECKS: tuple[Callable[[Oracle], Iterator[str]], ...] = (
    _certificates, _packages, _receipts, _status_pages, _today, _calendar, _notices, _incidents,
)  # fmt: skip
