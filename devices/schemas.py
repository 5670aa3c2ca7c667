"""The shapes of the small calls of the API: what is declared is taken, nothing else."""

import re
import unicodedata
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal
from uuid import UUID

from django.utils.functional import Promise
from ninja import Schema
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
    create_model,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from devices import expected_values
from devices.items import REGISTRATION, RegistrationItem
from devices.prohibited_data import contains_resident_number
from devices.refusals import MESSAGES
from privacy.lib.dates.form_fields import is_in_range
from privacy.lib.http.control_characters import has_no_control_characters

DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})", re.ASCII)

FIRST, LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


def _refuse(code: str, said: Promise | str | None = None) -> PydanticCustomError:
    return PydanticCustomError(code, str(said or MESSAGES[code]))


def _screened(text: str) -> str:
    if not has_no_control_characters(text):
        raise _refuse("malformed")
    if contains_resident_number(text):
        raise _refuse("sensitive-item")
    return unicodedata.normalize("NFC", text)


def _spelled(pattern: re.Pattern[str], said: Promise) -> BeforeValidator:
    def check(value: Any) -> Any:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise _refuse("malformed", said)
        return value

    return BeforeValidator(check)


def _a_day(day: date) -> date:
    """Return a day that can be computed with."""
    if not is_in_range(day):
        raise _refuse("clock")
    return day


def _in_reach(moment: datetime) -> datetime:
    """Return a moment in UTC: PostgreSQL knows no offset of sixteen hours, and nobody's clock shows the year 580."""
    if not FIRST <= moment < LAST:
        raise _refuse("clock")
    return moment.astimezone(UTC)


Day = Annotated[date, _spelled(DAY, expected_values.DAY_SHAPE), AfterValidator(_a_day)]
Moment = Annotated[
    AwareDatetime,
    _spelled(MOMENT, expected_values.MOMENT_SHAPE),
    AfterValidator(_in_reach),
    Field(json_schema_extra={"format": "date-time"}),
]
Text = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=200), AfterValidator(_screened)]
Identifier = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=64), AfterValidator(_screened)]
TypedCode = Annotated[str, StringConstraints(strict=True, max_length=20), AfterValidator(_screened)]

Channel = Literal["sms", "email", "push"]


class Declared(Schema):
    """Items that are declared; any other refuses the call (P3.4)."""

    model_config = ConfigDict(extra="forbid")


class Licence(Declared):
    """A licence of the agent: its key and the days it runs."""

    key: Identifier
    starts_on: Day
    ends_on: Day


def _field_of(item: RegistrationItem, *, required: bool) -> Any:
    shape = Annotated[
        str, StringConstraints(strict=True, min_length=1, max_length=item.max_length), AfterValidator(_screened)
    ]
    return (shape, ...) if required else (shape | None, None)


if TYPE_CHECKING:
    RegistrationItems = Declared
    ChangedItems = Declared
else:
    RegistrationItems = create_model(
        "RegistrationItems",
        __base__=Declared,
        **{item.code: _field_of(item, required=item.required) for item in REGISTRATION},
    )
    ChangedItems = create_model(
        "ChangedItems", __base__=Declared, **{item.code: _field_of(item, required=False) for item in REGISTRATION}
    )


class Registration(RegistrationItems):
    """A device: at least one of the three identifiers, what it is, and its licence."""

    licence: Licence


class Changes(ChangedItems):
    """Any items of a device; at least one."""

    licence: Licence | None = None

    @model_validator(mode="after")
    def something_changes(self) -> "Changes":
        if not self.model_dump(exclude_none=True):
            raise _refuse("malformed")
        return self


class EndOfService(Declared):
    """The day on which the service of a device ended."""

    ended_on: Day


class DeviceKey(Declared):
    """The public half of a device's Ed25519 key, in Base64."""

    signing_key: Identifier


class ErrorsSettled(Declared):
    """The moment until which the errors of a device are settled."""

    until: Moment


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
    # Whether the user is under 14 is computed from it; the date is not kept.
    birth_date: Day | None = None
    representative: Representative | None = None


class Contact(Declared):
    """One way to reach the device's user, and in which language."""

    kind: Literal["email", "phone", "address"]
    value: Text
    language: Literal["ko", "en"]
    preferred: bool = False


class Contacts(Declared):
    """The contacts that the user gave; of each kind one. A kind that is left out stays as it is."""

    contacts: Annotated[list[Contact], Field(min_length=1, max_length=3)]

    @model_validator(mode="after")
    def one_of_a_kind(self) -> "Contacts":
        kinds = [one.kind for one in self.contacts]
        if len(set(kinds)) < len(kinds) or sum(one.preferred for one in self.contacts) > 1:
            raise _refuse("malformed")
        return self


class MessageShown(Declared):
    """When the device showed a message to its user."""

    shown_at: Moment


class ChallengeAnswer(Declared):
    """What the holder of the device answered; to confirm, they type the code that the portal shows."""

    challenge: UUID
    response: Literal["confirm", "deny"]
    # Asked for also where it is left out: an empty code is no try at it.
    code: Annotated[TypedCode, Field(validate_default=True)] = ""

    @field_validator("code")
    @classmethod
    def code_confirms(cls, code: str, info: ValidationInfo) -> str:
        if info.data.get("response") == "confirm" and not code.strip():
            raise _refuse("malformed", expected_values.REQUIRED)
        return code


class DeviceOut(Schema):
    """A device, by its client's id and by the reference that people use.

    ``corrected`` names what the call repeated although its person has had it corrected: the right value stays.
    """

    device: UUID
    reference: str
    corrected: list[str] = []


class SettledOut(Schema):
    """Until when the errors of a device are settled: its app logs until then are removed."""

    device: UUID
    settled_until: Moment


class ReceiptOut(Schema):
    """The receipt of a decision, shaped like ISO/IEC TS 27560, and its digest as it stands on the ledger.

    ``stands``: whether this decision is the one in force. If not, a later one is on record, and this one took no effect
    or does no longer. ``code`` is the consent code for the user; null where it was sent before or ``stands`` is false.
    """

    receipt: dict[str, Any]
    digest: str
    stands: bool
    code: str | None


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
    # Whether the user said that they are under 14; unknown where nobody asked.
    age: Literal["unknown", "child", "of-age"]
    decisions: list[StandingOut]
    needed: list[TextOut]


class ContactOut(Schema):
    """A contact that is used, without its value. ``verified``: its user typed the code that we mailed there.

    ``corrected``: this call repeated a value that its person has had corrected; the right one stays.
    """

    kind: str
    language: str
    preferred: bool
    verified: bool
    recorded_at: datetime
    corrected: bool = False


class ContactsOut(Schema):
    """The contacts of a device's user, the preferred one first."""

    device: UUID
    contacts: list[ContactOut]


class MessageText(Schema):
    """A message in one language."""

    title: str
    text: str


class MessageOut(Schema):
    """A message that the device has to show; ``language`` is the one that its user reads, as far as it is known."""

    message: UUID
    kind: str
    language: str
    since: datetime
    ko: MessageText
    en: MessageText


class MessagesOut(Schema):
    """What a device has to show, oldest first."""

    device: UUID
    messages: list[MessageOut]


class ShownOut(Schema):
    """A message that was shown."""

    message: UUID
    device: UUID


class ChallengeOut(Schema):
    """A question for the holder of the device: did they ask for a code, and which code does the portal show them?"""

    challenge: UUID
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
