"""What the portal answers, and what is sent about a registration and a decision, typed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID


@dataclass(frozen=True, kw_only=True)
class Licence:
    """A licence of the agent: its key, and the days it runs."""

    key: str
    starts_on: date
    ends_on: date

    def as_json(self) -> dict[str, str]:
        """Return it as it is sent."""
        return {"key": self.key, "starts_on": self.starts_on.isoformat(), "ends_on": self.ends_on.isoformat()}


@dataclass(frozen=True, kw_only=True)
class Registration:
    """What a device is registered with: at least one of the three numbers, what it is, and its licence.

    ``more``: further items that the policy declares, by their codes in the API's description.
    """

    model: str
    os_version: str
    os_build: str
    time_zone: str
    licence: Licence
    imei: str | None = None
    serial_number: str | None = None
    adb_number: str | None = None
    model_description: str | None = None
    more: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Device:
    """A device: the client's id, the reference that people use, and whether this call registered it.

    ``corrected`` names what was sent again although it was corrected on request: the right value stays.
    """

    id: UUID
    reference: str
    is_new: bool = False
    corrected: tuple[str, ...] = ()


@dataclass(frozen=True)
class Wording:
    """An agreement in one language, as it must be shown before a decision."""

    title: str
    body: str
    parts: dict[str, str]


@dataclass(frozen=True)
class Agreement:
    """An agreement about which the user must be asked. Show required and optional ones apart, nothing preselected."""

    code: str
    required: bool
    kind: str
    version: int
    digest: str
    reason: Literal["undecided", "text-changed"]
    ko: Wording
    en: Wording


@dataclass(frozen=True)
class CurrentDecision:
    """The current decision about an agreement, and the number of its receipt."""

    agreement: str
    decision: str
    version: int
    decided_at: datetime
    receipt: str


@dataclass(frozen=True)
class Consents:
    """What the user has decided, about what to ask, and whether they are under 14 as far as it was said."""

    decisions: tuple[CurrentDecision, ...]
    needed: tuple[Agreement, ...]
    age: Literal["unknown", "child", "of-age"]


@dataclass(frozen=True, kw_only=True)
class Representative:
    """Who decides for a child under 14: a parent or other legal representative, and how you confirmed their consent."""

    name: str
    contact: str
    confirmation: Literal["website-sms", "card", "mobile-identity", "document", "email", "phone", "equivalent"]
    relationship: str | None = None


@dataclass(frozen=True)
class Receipt:
    """A decision's receipt, its digest, and the consent code (once). Show all three; store no code.

    ``stands``: whether the decision is the one in force. If not, a later one is on record: tell the user.
    """

    receipt: dict[str, Any]
    digest: str
    code: str | None
    stands: bool


@dataclass(frozen=True, kw_only=True)
class Contact:
    """One way to reach the user."""

    kind: Literal["email", "phone", "address"]
    value: str
    language: Literal["ko", "en"]
    preferred: bool = False


@dataclass(frozen=True)
class KnownContact:
    """A contact that the portal uses, without its value. ``verified``: the user typed the code mailed there.

    ``corrected``: what was sent again was corrected on request; the right value stays.
    """

    kind: str
    language: str
    preferred: bool
    verified: bool
    recorded_at: datetime
    corrected: bool = False


@dataclass(frozen=True)
class MessageText:
    """A message in one language."""

    title: str
    text: str


@dataclass(frozen=True)
class Message:
    """A message to show once, in ``language``: the one that the user reads, as far as it is known."""

    id: UUID
    kind: str
    language: str
    since: datetime
    ko: MessageText
    en: MessageText


@dataclass(frozen=True)
class Challenge:
    """Somebody at the portal says that they hold this device; they type the code that the portal shows them."""

    id: UUID
    expires_at: datetime


@dataclass(frozen=True)
class Permission:
    """Whether advertising may be sent, and why."""

    allowed: bool
    because: tuple[tuple[str, str], ...]
    consent: str | None
    confirm_by: date | None


@dataclass(frozen=True)
class RefusedReport:
    """A report of a batch that was not taken: its place, why, where in it, a sentence."""

    index: int
    code: str
    pointer: str
    message: str


@dataclass(frozen=True)
class BatchAnswer:
    """What became of a batch."""

    stored: int
    refused: tuple[RefusedReport, ...]


def consents_of(told: Any) -> Consents:
    """Return the consents that an answer tells of."""
    return Consents(
        tuple(
            CurrentDecision(
                one["agreement"], one["decision"], one["version"], datetime.fromisoformat(one["decided_at"]),
                one["receipt"],
            )
            for one in told["decisions"]
        ),
        tuple(
            Agreement(
                one["agreement"], one["required"], one["kind"], one["version"], one["digest"], one["reason"],
                _wording(one["ko"]), _wording(one["en"]),
            )
            for one in told["needed"]
        ),
        told["age"],
    )  # fmt: skip


def _wording(told: dict[str, str]) -> Wording:
    parts = {name: text for name, text in told.items() if name not in {"title", "body"}}
    return Wording(told["title"], told["body"], parts)
