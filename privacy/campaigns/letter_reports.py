"""What a mailing house reports of a batch of letters: one line a letter, posted or returned, and on which day."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

from privacy.campaigns.models import Delivery, LetterBatch
from privacy.lib.dates import clock
from privacy.lib.errors.refusals import Refusal
from privacy.lib.sandbox import rejection, runner
from privacy.lib.sandbox.rejection import Rejected
from privacy.lib.sandbox.runner import Limits

COLUMNS = ("letter", "state", "date")
STATES = {"posted": "posted", "발송": "posted", "returned": "returned", "반송": "returned"}
MAX_BYTES, MAX_ROWS, MOST_NAMED = 1024 * 1024, 5_000, 20
LIMITS = Limits(seconds=10, clock_seconds=30, memory=256 * 2**20, output=8 * 2**20)


class UnreadableReport(Refusal):
    """Not a report that can be taken: nothing of it was."""

    code = "bad-report"


@dataclass(frozen=True, slots=True)
class LetterReport:
    """One line: where it stands in the file, which letter of which batch, and what became of it on which day."""

    line: int
    letter: str
    state: str
    day: str

    @property
    def place(self) -> int:
        tail = self.letter.rpartition("-")[2]
        return int(tail) if tail.isascii() and tail.isdigit() and len(tail) < 7 else 0

    @property
    def on(self) -> date:
        return date.fromisoformat(self.day)


def read(name: str, content: bytes) -> list[LetterReport]:
    """Return the lines of a report, CSV or XLSX. Raises UnreadableReport."""
    if len(content) > MAX_BYTES:
        raise UnreadableReport(_("The file is larger than 1 MB."), pointer="/file")
    kind = rejection.XLSX if name.lower().endswith(".xlsx") else rejection.CSV
    try:
        lines = list(runner.answers("spreadsheet_files", kind + content, LIMITS))
    except Rejected:
        raise UnreadableReport(_("This is not a CSV or XLSX file that can be read."), pointer="/file") from None
    except runner.NoVerdict:
        raise UnreadableReport(_("Too many files are being read right now. Send yours again in a minute.")) from None
    heading = [cell.strip().lower() for cell in lines[0]] if lines else []
    if sorted(heading) != sorted(COLUMNS):
        raise UnreadableReport(
            _("The first row names the columns: %(columns)s. Other columns are not accepted.")
            % {"columns": ", ".join(COLUMNS)},
            pointer="/file",
        )
    rows = []
    for number, line in enumerate(lines[1:], 2):
        told = dict(zip(heading, [*line, "", "", ""], strict=False))
        if any(told.values()):
            state = told["state"].strip().lower()
            rows.append(
                LetterReport(number, told["letter"].strip().upper(), STATES.get(state, state), told["date"].strip())
            )
    if not rows or len(rows) > MAX_ROWS:
        raise UnreadableReport(_("The file has no line about a letter, or too many."), pointer="/file")
    return rows


def judge(
    rows: Sequence[LetterReport], batch: LetterBatch, held: Mapping[int | None, Delivery], *, today: date
) -> None:  # fmt: skip
    """Refuse a report with a line that can't be right, naming the lines. Raises UnreadableReport."""
    wrong: dict[str, list[int]] = {}
    seen: set[tuple[str, str]] = set()
    if batch.handed_at is None:
        raise UnreadableReport(_("This batch was not handed over, so none of its letters can have been posted."))
    handed_on = clock.kst_date(batch.handed_at)
    for one in rows:
        why = _why_wrong(one, batch, held, handed_on=handed_on, today=today)
        if not why and (one.letter, one.state) in seen:
            why = _("the letter is named twice")
        seen.add((one.letter, one.state))
        if why:
            wrong.setdefault(why, []).append(one.line)
    if wrong:
        told = "; ".join(
            _("line %(lines)s: %(why)s")
            % {"why": why, "lines": ", ".join(map(str, lines[:MOST_NAMED])) + (" …" if len(lines) > MOST_NAMED else "")}
            for why, lines in wrong.items()
        )
        raise UnreadableReport(
            _("Nothing was recorded. Correct these lines, then send the file again: %(told)s") % {"told": told},
            pointer="/file",
        )


def _why_wrong(
    one: LetterReport, batch: LetterBatch, held: Mapping[int | None, Delivery], *, handed_on: date, today: date
) -> str:  # fmt: skip
    if one.letter != batch.letter_number(one.place) or one.place not in held:
        return _("not a letter of this batch")
    if one.state not in STATES.values():
        return _("the state is neither posted nor returned")
    try:
        on = one.on
    except ValueError:
        return _("the date is not written as 2026-03-31")
    if not handed_on <= on <= today:
        return _("the date is before the batch was handed over or in the future")
    return ""
