"""The office's registers as files: every register of the console can be taken out in its official column order.

An app declares each of its registers once, in its own ``register.py`` (found at start-up as ``admin.py`` is)::

    registers.declare(
        code="inspections",                      # in the address and on the audit trail; unique
        title="자체 점검 대장",                     # the official title, in Korean as the register is
        models=("safeguards.inspection",),       # the console registers it stands for
        permission="safeguards.view_inspection",
        columns=(("번호", "reference"), ("점검일", "inspected_on"), ("점검자", who), …),
        records=lambda window: Inspection.objects.filter(inspected_on__range=window.days),
    )
    registers.declare_exempt("safeguards.note", why="…")

A column is a heading of the official form and where its cell comes from: a path of attributes (a field with choices
gives its word) or a function of the record. ``records`` may yield anything, a queryset or a generator; querysets are
streamed. Nothing more is needed: the console offers the download (XLSX and PDF, with a period and a reason), escapes
what a spreadsheet would take for a formula, and puts the export on record before it leaves (law S-05).

Where a register names nobody, neither in rows nor in columns such as who wrote it, ``for_programs=True`` lets programs
take it out, without the step-up of the console. Where it names people, ``subjects`` says whose (references, for the
audit trail). Where a cell is sealed,
``records`` opens the vault itself with ``task="….register.exported"`` and ``window.reason``: the door asks for purpose
and grant, and records the read. A house test asks that each register of the console is declared, here or as not needed.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils.functional import lazy
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from privacy.lib.dates import periods
from privacy.lib.display.badges import datetime_text
from privacy.lib.documents import pdf, spreadsheets
from privacy.lib.errors.refusals import Refusal

type Value = str | Callable[[Any], Any]
type Column = tuple[str, Value]

# A file that nobody can open helps nobody: beyond this, a shorter period, or XLSX where that takes it (decision 0094).
MAX_ROWS = {"xlsx": 500_000, "pdf": 2_000}
MEDIA_TYPES = {"xlsx": spreadsheets.MEDIA_TYPE, "pdf": "application/pdf"}
CHUNK = 2_000


class TooManyRows(Refusal):
    """More rows than a file of this kind can hold."""

    code = "too-many-rows"


class UnknownRegister(LookupError):
    """No register is declared under this code."""


def watermark(who: str, at: datetime, reference: str = "") -> str:
    """Return the line that tells of a print or file who made it, when (in Korea) and in which request."""
    return " · ".join(filter(None, ("출력", who, f"{localtime(at):%Y-%m-%d %H:%M:%S}", reference)))


@dataclass(frozen=True, slots=True)
class ExportScope:
    """For which days, by whom, when and why a register is taken out."""

    first: date
    last: date
    actor: Any
    at: datetime
    reason: str
    # The request in which it leaves, as the trail names it.
    reference: str = ""

    @property
    def watermark(self) -> str:
        """By whom, when and in which request it was made, as it stands on the file (law S-27)."""
        return watermark(getattr(self.actor, "ref", ""), self.at, self.reference)

    @property
    def days(self) -> tuple[date, date]:
        """The period as ``…_on__range`` takes it."""
        return self.first, self.last

    @property
    def until(self) -> datetime:
        """The moment before which the period ends, as ``…_at__lt`` takes it: 24:00 of the last day in Korea."""
        return periods.end_of_day(self.last)

    @property
    def moments(self) -> tuple[datetime, datetime]:
        """The same period as ``…_at__range`` takes it, in Korea: from 00:00 of the first day, before 24:00 of the last.

        Both ends of a range belong to it, and a moment at midnight belongs to one day only: the end is the last moment
        that the database can tell from the next day.
        """
        return periods.end_of_day(self.first - timedelta(1)), self.until - timedelta.resolution


@dataclass(frozen=True)
class Register:
    """One register of the office as a file; see the module for what is given."""

    code: str
    title: str
    models: tuple[str, ...]
    permission: str
    columns: tuple[Column, ...]
    records: Callable[[ExportScope], Iterable[Any]]
    subjects: Callable[[ExportScope], Iterable[str]] | None = None
    purpose: str = ""
    # It names nobody, not even who wrote a row, so that a program may take it out too.
    for_programs: bool = False
    form: str = ""
    word: Any = None
    # What its button says where a list leads to several registers, in the language of the page.
    called: Any = ""
    # How many of the leading columns are columns on paper; the others are told under each row.
    printed: int | None = None
    widths: tuple[int, ...] = ()
    # What a reader has to know of the period besides the rows: of which part there are none any more, and why.
    remark: Callable[[ExportScope], str] | None = None

    @property
    def headings(self) -> tuple[str, ...]:
        return tuple(heading for heading, _value in self.columns)

    def rows(self, window: ExportScope) -> Iterator[list[Any]]:
        """Yield the cells of each record, in the order of the columns."""
        found = self.records(window)
        if isinstance(found, QuerySet):
            found = found.iterator(chunk_size=CHUNK)
        for record in found:
            yield [_in_words(_cell(record, value)) for _heading, value in self.columns]


_registers: dict[str, Register] = {}
_not_needed: dict[str, str] = {}


def declare(*, code: str, columns: Iterable[Column], models: Iterable[str], **rest: Any) -> Register:
    """Declare a register; see the module. Raises ValueError for a code that stands for another one already."""
    if code in _registers:
        raise ValueError(f"Two registers have the code {code!r}; the second would hide the first.")
    made = Register(code=code, columns=tuple(columns), models=tuple(models), **rest)
    _registers[code] = made
    return made


def declare_exempt(*labels: str, why: str) -> None:
    """Say of console registers that they need no file, and why."""
    _not_needed.update(dict.fromkeys(labels, why))


def all_registers() -> tuple[Register, ...]:
    """Every declared register, by title."""
    return tuple(sorted(_registers.values(), key=lambda register: register.title))


def get(code: str) -> Register:
    """Return the register of a code. Raises UnknownRegister."""
    try:
        return _registers[code]
    except KeyError:
        raise UnknownRegister(code) from None


def is_declared(code: str) -> bool:
    """Whether there is a register of this code."""
    return code in _registers


def registers_of_model(label: str) -> tuple[Register, ...]:
    """The registers that stand for a console register, by its label such as ``rights.request``."""
    return tuple(register for register in all_registers() if label in register.models)


def exempt_models() -> dict[str, str]:
    """The console registers that need no file, with the reason."""
    return dict(_not_needed)


def columns_by_position(headings: Sequence[str]) -> tuple[Column, ...]:
    """Return columns of records that are rows already: the cell at the heading's place."""

    def at(place: int) -> Callable[[Sequence[Any]], Any]:
        return lambda row: row[place]

    return tuple((heading, at(place)) for place, heading in enumerate(headings))


def render(register: Register, window: ExportScope, form: str) -> tuple[bytes, int]:
    """Return a register as ``xlsx`` or ``pdf``, and how many rows it has. Raises TooManyRows."""
    counted = _Counted(register.rows(window), form)
    remark = register.remark(window) if register.remark else ""
    if form == "xlsx":
        return spreadsheets.workbook(
            register.title, register.headings, counted, remark=remark, mark=window.watermark
        ), counted.count
    printed = register.printed or len(register.columns)
    payload = {
        "title": register.title,
        "subtitle": f"{window.first.isoformat()} – {window.last.isoformat()}",
        "reference": register.form,
        "remark": remark,
        "mark": window.watermark,
        "columns": register.headings[:printed],
        "widths": register.widths[:printed] or [1] * printed,
        "rows": [_on_paper(register.headings, row, printed) for row in counted],
    }
    return pdf.render("register", payload, made_at=window.at), counted.count


def _on_paper(headings: Sequence[str], row: Sequence[Any], printed: int) -> list[str]:
    """Return the cells of the columns, and what the paper has no column for in one more: nothing is left out."""
    cells = [cell_text(cell) for cell in row]
    others = zip(headings[printed:], row[printed:], cells[printed:], strict=True)
    told = " · ".join(f"{heading}: {said}" for heading, cell, said in others if cell not in (None, ""))
    return [*cells[:printed], told] if told else cells[:printed]


class _Counted:
    def __init__(self, rows: Iterable[list[Any]], form: str) -> None:
        self.rows, self.form, self.count = rows, form, 0

    def __iter__(self) -> Iterator[list[Any]]:
        for row in self.rows:
            self.count += 1
            if self.count > MAX_ROWS[self.form]:
                raise TooManyRows(lazy(_advice, str)(self.form))
            yield row


def _advice(form: str) -> str:
    """Say what to do about too many rows, in the language of who reads it: the register is made in Korean."""
    said = (
        _("The register has more than %(limit)d rows for this period. Choose a shorter one.")
        if form == "xlsx"
        else _("A PDF can hold at most %(limit)d rows. Choose a shorter period, or XLSX.")
    )
    return said % {"limit": MAX_ROWS[form]}


def _cell(record: Any, value: Value) -> Any:
    if callable(value):
        return value(record)
    *path, last = value.split(".")
    for name in path:
        record = getattr(record, name)
        if record is None:
            return ""
    in_words = getattr(record, f"get_{last}_display", None)
    return str(in_words()) if in_words else getattr(record, last)


def _in_words(cell: Any) -> Any:
    """Return yes or no in the language of the register, in whichever file it leaves."""
    if isinstance(cell, bool):
        return "예" if cell else "아니오"
    return cell


def cell_text(cell: Any) -> str:
    """Return a cell as it is written on paper."""
    if cell is None or cell == "":
        return "–"
    return datetime_text(cell) if isinstance(cell, datetime) else str(cell)
