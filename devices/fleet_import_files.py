"""Files of an existing fleet: CSV or XLSX, one device a row, read and judged row by row and never kept."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import zip_longest
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from consents import actions as consents
from devices.items import IMPORT_COLUMNS, INDEXED, LICENCE_KEY, NAMES_DEVICE, undeclared
from devices.models import Device, Licence
from devices.prohibited_data import is_sensitive_name
from devices.refusals import Problem
from privacy.lib.dates import periods
from privacy.lib.dates.form_fields import EARLIEST
from privacy.lib.errors.refusals import Refusal
from privacy.lib.sandbox import rejection, runner
from privacy.lib.sandbox.rejection import Rejected
from privacy.lib.sandbox.runner import Limits
from privacy.vault import actions as vault

# A column of the file for each declared item, and when the person agreed, on paper, before the portal stood. The date
# of birth tells who was a child; it is kept no longer than the row.
COLUMNS = (
    *IMPORT_COLUMNS, "licence_key", "licence_starts_on", "licence_ends_on",
    "activation_agreed_on", "analytics_agreed_on", "app_log_agreed_on", "birth_date",
)  # fmt: skip
AGREEMENT_OF_COLUMN = {
    "activation_agreed_on": "activation",
    "analytics_agreed_on": "service-analytics",
    "app_log_agreed_on": "app-log",
}
OLDEST_BIRTH = date(1900, 1, 1)
MAX_ROWS = 50_000
MAX_BYTES = 12 * 1024 * 1024
# 50,000 rows of every column take half of this; the officer waits for the preview.
LIMITS = Limits(seconds=20, clock_seconds=45, memory=512 * 2**20, output=64 * 2**20)
# A spreadsheet keeps 15 digits of a number and writes others, or none, for the rest (tables.ROUNDED); into a CSV file
# it writes 8.9049E+31, or ### in a column that is too narrow.
ROUNDED_NUMBER = re.compile(r"#+|-?[0-9]([.,][0-9]+)?[eE]\+[0-9]+")
REASONS = {
    rejection.NO_TABLE: gettext_lazy("This is not a CSV file."),
    rejection.UNKNOWN_ENCODING: gettext_lazy(
        "The file's encoding is neither UTF-8 nor CP949. Save it in one of them and send it again."
    ),
    rejection.TOO_LARGE_UNPACKED: gettext_lazy(
        "The workbook is larger than allowed when unpacked. Split it, or send it as CSV."
    ),
    rejection.TOO_COSTLY: gettext_lazy("Reading the file takes too long. Split it, or send it as CSV."),
    rejection.DAMAGED: gettext_lazy("This is not an XLSX workbook."),
}


class UnreadableFile(Refusal):
    """Not a CSV or XLSX file with the columns that are asked for."""

    code = "malformed"


def read_rows(name: str, content: bytes) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield (row number in the file, column → text) for each row that isn't empty. Raises UnreadableFile.

    What stands under no heading is told under ``""``: a comma without quotation marks moves all that follows it.
    """
    if len(content) > MAX_BYTES:
        raise UnreadableFile(_("The file is larger than 12 MB. Split it."))
    kind = rejection.XLSX if name.lower().endswith(".xlsx") else rejection.CSV
    lines = _lines(kind + content)
    heading = [text.lower() for text in next(lines, [])]
    unknown = [cell for cell in heading if cell and cell not in COLUMNS]
    if unknown or "model" not in heading:
        raise UnreadableFile(
            _("The first row names the columns: %(columns)s. Other columns are not accepted.")
            % {"columns": ", ".join(COLUMNS)}
        )
    if twice := sorted({cell for cell in heading if cell and heading.count(cell) > 1}):
        raise UnreadableFile(
            _("A column appears twice: %(columns)s. Keep one of each.") % {"columns": ", ".join(twice)}
        )
    taken = 0
    for number, line in enumerate(lines, start=2):
        values = {column: text for column, text in zip_longest(heading, line, fillvalue="") if text}
        if not values:
            continue
        taken += 1
        if taken > MAX_ROWS:
            raise UnreadableFile(_("The file has more than %(most)d rows. Split it.") % {"most": MAX_ROWS})
        yield number, values


def _lines(table: bytes) -> Iterator[list[str]]:
    """Yield the rows that the confined process reads of a table. Raises UnreadableFile."""
    try:
        yield from runner.answers("spreadsheet_files", table, LIMITS)
    except Rejected as rejected:
        reason = REASONS.get(rejected.code, REASONS[rejection.DAMAGED])
        raise UnreadableFile(str(reason)) from None
    except runner.NoVerdict:
        raise UnreadableFile(_("Too many files are being read right now. Send yours again in a minute.")) from None


def validate_row(values: dict[str, str], today: date) -> tuple[dict[str, Any], list[Problem]]:
    """Return what can be registered of a row, or what is wrong with it, by column."""
    if "" in values:
        return {}, [Problem("", "no-column", "")]
    if rounded := [column for column, text in values.items() if ROUNDED_NUMBER.fullmatch(text)]:
        return {}, [Problem(column, "rounded-number", "") for column in rounded]
    sent: dict[str, Any] = {name: values[name] for name in values if name in IMPORT_COLUMNS}
    sent["licence"] = {name: values.get(f"licence_{name}", "") for name in ("key", "starts_on", "ends_on")}
    # Pydantic is loaded with the API, and here with the first row that somebody imports.
    from pydantic import ValidationError

    from devices import schemas

    try:
        checked = schemas.Registration.model_validate(sent)
    except ValidationError as error:
        return {}, [_problem(one) for one in error.errors(include_url=False, include_input=False)]
    registration = checked.model_dump(exclude_none=True, mode="json")
    registration["agreed"] = {code: values[column] for column, code in AGREEMENT_OF_COLUMN.items() if column in values}
    if "birth_date" in values:
        registration["birth_date"] = values["birth_date"]
    return registration, [*_problems(registration, values, today), *_problems_of_birth(values, today)]


def problems_of_age(registration: Mapping[str, Any], *, anybody: bool, today: date) -> list[Problem]:
    """Return why a row's consents can't be taken for the age of whoever gave them (law C-12).

    ``anybody``: children may use the devices too, so who agreed has to say when they were born. A child's consent is
    its representative's, which no list has.
    """
    if not registration.get("agreed"):
        return []
    if "birth_date" not in registration:
        return [Problem("birth_date", consents.AgeNotStated.code, "")] if anybody else []
    child = periods.age(date.fromisoformat(registration["birth_date"]), today) < consents.OF_AGE
    return [Problem("birth_date", consents.RepresentativeNeeded.code, "")] if child else []


def _problems_of_birth(values: Mapping[str, str], today: date) -> list[Problem]:
    try:
        if "birth_date" in values and not OLDEST_BIRTH <= date.fromisoformat(values["birth_date"]) <= today:
            return [Problem("birth_date", "clock", "")]
    except ValueError:
        return [Problem("birth_date", "malformed", "")]
    return []


type Indexes = dict[bytes, str]


def indexes(registrations: Sequence[dict[str, Any]]) -> list[Indexes]:
    """Return the blind indexes of each device's identifiers and licence key, each with its item, in one question."""
    asked = [
        (place, item, registration[item])
        for place, registration in enumerate(registrations)
        for item in INDEXED
        if item in registration
    ]
    asked += [
        (place, LICENCE_KEY.code, registration["licence"]["key"])
        for place, registration in enumerate(registrations)
        if "licence" in registration
    ]
    digests = vault.blind_indexes_of((item, value) for _place, item, value in asked)
    found: list[Indexes] = [{} for _registration in registrations]
    for (place, item, _value), digest in zip(asked, digests, strict=True):
        found[place][item.encode() + digest] = item
    return found


def duplicates(found: Indexes, seen: set[bytes], corrected: set[bytes]) -> list[Problem]:
    """Return which identifiers stand twice in the file, or belong to a device that is registered, or did.

    Several devices may have one licence key. What a correction has replaced may be another device's all the same: its
    gateway registers it.
    """
    held = {index for index, item in found.items() if item in INDEXED} & seen
    return [
        Problem(item, "already-registered" if index in held else "was-corrected", "")
        for index, item in found.items()
        if index in held or index in corrected
    ]


def registered_indexes(found: Iterable[Indexes], *, besides: Sequence[UUID] = ()) -> set[bytes]:
    """Return the indexes that devices ``besides`` these have already, in one question for each identifier."""
    asked = [index for of_device in found for index in of_device]
    known: set[bytes] = set()
    for item in INDEXED:
        prefix = item.encode()
        wanted = [index[len(prefix) :] for index in asked if index.startswith(prefix)]
        name = f"{item}_index"
        held = Device.objects.filter(**{f"{name}__in": wanted}).exclude(id__in=besides).values_list(name, flat=True)
        known |= {prefix + bytes(index) for index in held}
    return known


def corrected_indexes(found: Iterable[Indexes], *, besides: Sequence[UUID] = ()) -> set[bytes]:
    """Return those of these indexes whose value a correction of a registered device has replaced (decision 0435).

    Devices ``besides`` these are asked, and their licences.
    """
    asked = {index for of_device in found for index in of_device}
    known: set[bytes] = set()
    of_devices = Device.objects.exclude(replaced={}).exclude(id__in=besides)
    of_licences = Licence.objects.exclude(replaced={}).exclude(device_id__in=besides)
    for item in (*INDEXED, LICENCE_KEY.code):
        prefix = item.encode()
        digits = [index[len(prefix) :].hex() for index in asked if index.startswith(prefix)]
        held = of_devices if item in INDEXED else of_licences
        kept = held.filter(**{f"replaced__{item}__has_any_keys": digits})
        for replaced in kept.values_list("replaced", flat=True):
            known |= {prefix + bytes.fromhex(one) for one in replaced[item]}
    return known & asked


def _problems(registration: dict[str, Any], values: dict[str, str], today: date) -> list[Problem]:
    problems = [Problem(item, "unknown-item", "") for item in undeclared(registration, today)]
    if not any(registration.get(item) for item in NAMES_DEVICE):
        problems.append(Problem("imei", "malformed", ""))
    for item, value in [(item, registration.get(item)) for item in INDEXED] + [
        ("licence_key", registration["licence"]["key"])
    ]:
        try:
            if value is not None:
                vault.check_identifier(item, value)
        except vault.InvalidIdentifier:
            problems.append(Problem(item, "bad-identifier", ""))
    if registration["licence"]["ends_on"] < registration["licence"]["starts_on"]:
        problems.append(Problem("licence_ends_on", "clock", ""))
    for column in AGREEMENT_OF_COLUMN:
        try:
            if column in values and not EARLIEST <= date.fromisoformat(values[column]) <= today:
                problems.append(Problem(column, "clock", ""))
        except ValueError:
            problems.append(Problem(column, "malformed", ""))
    return problems


def _problem(error: Any) -> Problem:
    place = [str(part) for part in error["loc"]]
    column = "licence_" + place[1] if place[0] == "licence" and len(place) > 1 else place[0]
    code = error["type"] if error["type"] in {"sensitive-item", "malformed"} else "malformed"
    return Problem(column, "sensitive-item" if is_sensitive_name(column) else code, "")
