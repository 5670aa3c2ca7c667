"""The shapes of the calls of the office's API: what is declared is taken, nothing else."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from ninja import Schema
from pydantic import AfterValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from devices.schemas import Channel, Day, Declared, ProblemOut, Text
from privacy.lib.http.control_characters import has_no_control_characters

__all__ = ["ProblemOut"]


def _written(text: str) -> str:
    """Refuse control characters and lone surrogates; tabs and line ends may be."""
    if not has_no_control_characters(text):
        raise PydanticCustomError("malformed", "malformed")
    return text


Code = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=60, pattern=r"^[a-z0-9_-]+$")]
Short = Annotated[str, StringConstraints(strict=True, max_length=300), AfterValidator(_written)]
# As long as the field of the form that takes it (``privacy/rights/forms.py``).
Explanation = Annotated[str, StringConstraints(strict=True, max_length=2000), AfterValidator(_written)]
Account = Annotated[str, StringConstraints(strict=True, max_length=1000), AfterValidator(_written)]
Line = Annotated[str, StringConstraints(strict=True, max_length=200), AfterValidator(_written)]
Name = Annotated[str, StringConstraints(strict=True, max_length=100), AfterValidator(_written)]
Phone = Annotated[str, StringConstraints(strict=True, max_length=40), AfterValidator(_written)]
Reason = Annotated[str, StringConstraints(strict=True, min_length=5, max_length=300), AfterValidator(_written)]
RightKind = Literal[
    "access", "correction", "deletion", "suspension", "consent-withdrawal", "source", "decision-explanation",
    "decision-review", "decision-refusal", "portability",
]  # fmt: skip
Count = Annotated[int, Field(strict=True, ge=1, le=1_000_000)]


class RightOut(Schema):
    """One right that a request asks for, and what was decided."""

    position: int
    kind: str
    category: str
    item: str
    decision: str
    grounds: list[str]
    waits_until: datetime | None
    carried_out_at: datetime | None


class CaseOut(Schema):
    """A request and how far it has come; nothing that anybody wrote."""

    number: str
    state: str
    channel: str
    language: str
    requester: str
    received_on: date
    due_on: date
    answered_at: datetime | None
    closed_at: datetime | None
    person: UUID | None
    messages_waiting: int
    rights: list[RightOut]


class CasesOut(Schema):
    """A page of requests, the newest first."""

    items: list[CaseOut]
    next: UUID | None


class NewCase(Declared):
    """A request that came by telephone, e-mail, letter or visit; the fields are those of the public form."""

    channel: Literal["email", "phone", "writing", "visit"]
    received_on: Day
    rights: Annotated[list[RightKind], Field(min_length=1, max_length=10)]
    target_kind: Literal["imei", "serial_number", "adb_number", "licence_key", "email", "phone"]
    target: Text
    item: Annotated[str, StringConstraints(strict=True, max_length=120)] = ""
    wanted: Line = ""
    record: UUID | None = None
    scope: Annotated[list[Literal["items", "purposes", "retention", "provision", "consents"]], Field(max_length=5)] = []
    category: Annotated[str, StringConstraints(strict=True, max_length=60)] = ""
    agreement: Annotated[str, StringConstraints(strict=True, max_length=100)] = ""
    decision: Account = ""
    explanation: Explanation = ""
    requester: Literal["self", "legal-representative", "agent"] = "self"
    name: Name = ""
    principal: Name = ""
    relation: Name = ""
    principal_birth_date: Day | None = None
    birth_date: Day | None = None
    answer_by: Literal["portal", "email", "letter"] = "portal"
    email: Line = ""
    phone: Phone = ""
    address: Short = ""


class CaseMade(Schema):
    """The number of a new case, and the code that opens its page: tell the requester both."""

    number: str
    due_on: date
    code: str


class Opening(Declared):
    """Why words are read: the purpose is always the answer to the request."""

    purpose: Literal["rights"]
    reason: Reason


class MessageOut(Schema):
    """A message of a case in clear."""

    number: int
    author: str
    written_at: datetime
    state: str
    text: str | None
    files: int


class OpenedCase(Schema):
    """What a requester wrote, in clear."""

    number: str
    contact: dict[str, str]
    claimed: str
    wanted: dict[str, str]
    explanation: str
    messages: list[MessageOut]


class NewMessage(Declared):
    """A message to the requester. ``newest``: the last message that was read, so what came later goes on waiting.

    Without it every message goes on waiting for an answer.
    """

    text: Annotated[str, StringConstraints(strict=True, min_length=1, max_length=4000), AfterValidator(_written)]
    newest: Count | None = None


class MessageMade(Schema):
    """The message that was written."""

    case: str
    number: int


class Question(Declared):
    """What is asked about a device or person, and why."""

    about: Text
    question: Literal["use", "disclose", "advertise", "keep"]
    category: Code | None = None
    purpose: Code | None = None
    items: Annotated[list[Code], Field(max_length=30)] = []
    recipient: Code | None = None
    channel: Channel | None = None
    reason: Reason


class ReasonOut(Schema):
    """One ground of an answer: a code for machines, a sentence for people."""

    code: str
    message: str


class PermissionOut(Schema):
    """The answer at this moment, with every ground."""

    question: str
    person: UUID
    allowed: bool
    because: list[ReasonOut]
    at: datetime


class HoldOut(Schema):
    """A hold that stands: while it does, nothing that it covers is destroyed. Empty: everybody, every category."""

    reference: str
    kind: str
    person: UUID | None
    category: str
    until: date | None
    placed_at: datetime


class HoldsOut(Schema):
    """A page of holds, the newest first."""

    items: list[HoldOut]
    next: UUID | None


class FreezeOut(Schema):
    """A freeze that stands: what it covers is neither used nor provided."""

    person: UUID
    category: str
    item: str
    record: UUID | None
    cause: str
    case: str
    frozen_at: datetime
    until: datetime | None


class FreezesOut(Schema):
    """A page of freezes, the newest first."""

    items: list[FreezeOut]
    next: UUID | None


class RegisterOut(Schema):
    """A register that can be taken out, with its official columns."""

    code: str
    title: str
    columns: list[str]


class RegistersOut(Schema):
    """The registers that the owner of the credential may take out."""

    items: list[RegisterOut]


class Extract(Declared):
    """Which period of a register is taken out, and why."""

    first: Day
    last: Day
    reason: Reason


class ExtractOut(Schema):
    """A register of a period: its columns in their official order, and its rows as text."""

    code: str
    title: str
    first: date
    last: date
    columns: list[str]
    rows: list[list[str]]
    remark: str


class FigureOut(Schema):
    """One number of a period; empty where there is nothing to count."""

    code: str
    label: str
    value: int | None
    unit: str


class SectionOut(Schema):
    """What one register tells about a period."""

    code: str
    title: str
    figures: list[FigureOut]


class StatisticsOut(Schema):
    """Figures of a period, without personal data."""

    first: date
    last: date
    sections: list[SectionOut]
