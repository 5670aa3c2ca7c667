"""The shapes of the small calls of the API (doors.md): what is declared is taken, nothing else."""

import re
import unicodedata
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from ninja import Schema
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)
from pydantic_core import PydanticCustomError

from devices.refusals import MESSAGES
from devices.screening import holds_resident_number, is_clean

DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})", re.ASCII)

FIRST, LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


def _refuse(code: str) -> PydanticCustomError:
    return PydanticCustomError(code, str(MESSAGES[code]))


def _screened(text: str) -> str:
    if not is_clean(text):
        raise _refuse("malformed")
    if holds_resident_number(text):
        raise _refuse("sensitive-item")
    return unicodedata.normalize("NFC", text)


def _spelled(pattern: re.Pattern[str]) -> BeforeValidator:
    def check(value: Any) -> Any:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise _refuse("malformed")
        return value

    return BeforeValidator(check)


def _in_reach(moment: datetime) -> datetime:
    """Return a moment in UTC: PostgreSQL knows no offset of sixteen hours, and nobody's clock shows the year 580."""
    if not FIRST <= moment < LAST:
        raise _refuse("clock")
    return moment.astimezone(UTC)


Day = Annotated[date, _spelled(DAY)]
Moment = Annotated[
    AwareDatetime, _spelled(MOMENT), AfterValidator(_in_reach), Field(json_schema_extra={"format": "date-time"})
]
Text = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=200), AfterValidator(_screened)]
Identifier = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=64), AfterValidator(_screened)]


Channel = Literal["sms", "email", "push"]


class Declared(Schema):
    """Items that are declared; any other refuses the call (P3.4)."""

    model_config = ConfigDict(extra="forbid")


class Licence(Declared):
    """A licence of the agent: its key and the days it runs."""

    key: Identifier
    starts_on: Day
    ends_on: Day


class Registration(Declared):
    """A device: at least one of the three identifiers, what it is, and its licence."""

    imei: Identifier | None = None
    serial_number: Identifier | None = None
    adb_number: Identifier | None = None
    model: Text
    model_description: Text | None = None
    os_version: Text
    os_build: Text
    time_zone: Text
    licence: Licence


class Changes(Declared):
    """Any items of a device; at least one."""

    imei: Identifier | None = None
    serial_number: Identifier | None = None
    adb_number: Identifier | None = None
    model: Text | None = None
    model_description: Text | None = None
    os_version: Text | None = None
    os_build: Text | None = None
    time_zone: Text | None = None
    licence: Licence | None = None

    @model_validator(mode="after")
    def something_changes(self) -> "Changes":
        if not self.model_dump(exclude_none=True):
            raise _refuse("malformed")
        return self


class EndOfService(Declared):
    """The day on which the service of a device ended."""

    ended_on: Day


class Representative(Declared):
    """The legal representative who decides for a child under 14, and how that was confirmed (law C-12)."""

    name: Text
    contact: Text
    relationship: Text | None = None
    confirmation: Literal["website-sms", "card", "mobile-identity", "document", "email", "phone", "equivalent"]


class Decision(Declared):
    """A decision about an agreement: about which text (its number), when, how, in which language."""

    decision: Literal["agree", "disagree", "withdraw"]
    version: int | str
    decided_at: Moment
    method: Literal["paper", "phone", "phone-website", "website", "email", "app"]
    language: Literal["ko", "en"]
    representative: Representative | None = None


class ChallengeAnswer(Declared):
    """What the holder of the device said to the code."""

    challenge: UUID
    response: Literal["confirm", "deny"]


class DeviceOut(Schema):
    """A device, by its client's id and by the reference that people use."""

    device: UUID
    reference: str


class ReceiptOut(Schema):
    """The receipt of a decision, shaped like ISO/IEC TS 27560, and its digest as it stands on the ledger."""

    receipt: dict[str, Any]
    digest: str


class StandingOut(Schema):
    """The current decision about one agreement."""

    agreement: str
    decision: str
    version: int
    decided_at: datetime
    receipt: str


class TextOut(Schema):
    """An agreement as it must be shown before deciding: the text in force with its four notices, in both languages."""

    agreement: str
    required: bool
    kind: str
    version: int
    digest: str
    reason: Literal["undecided", "text-changed"]
    ko: dict[str, str]
    en: dict[str, str]


class ConsentsOut(Schema):
    """What a person has decided, and about which agreements she must be asked."""

    device: UUID
    decisions: list[StandingOut]
    needed: list[TextOut]


class ChallengeOut(Schema):
    """A code to show on the device, with the question whether its holder asked for it."""

    challenge: UUID
    shown: str
    expires_at: datetime


class ChallengeDone(Schema):
    """What became of a challenge."""

    challenge: UUID
    state: str


class Reason(Schema):
    """One ground of an answer."""

    code: str
    message: str


class PermissionOut(Schema):
    """Whether advertising may be sent, why, on which decision that rests, and until when it must be confirmed."""

    allowed: bool
    because: list[Reason]
    consent: str | None
    confirm_by: date | None


class ErrorOut(Schema):
    """One offending item."""

    pointer: str
    code: str
    message: str


class ProblemOut(Schema):
    """A problem document (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: list[ErrorOut]
