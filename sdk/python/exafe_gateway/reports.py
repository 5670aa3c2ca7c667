"""Reports of a device, one class for each kind that the portal takes."""

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Literal
from uuid import UUID


@dataclass(frozen=True, kw_only=True)
class Status:
    """In which state the agent is."""

    kind: ClassVar[str] = "status"
    state: Literal["active", "inactive", "locked", "removed"]


@dataclass(frozen=True, kw_only=True)
class Activation:
    """When the agent was activated."""

    kind: ClassVar[str] = "activation"
    activated_at: datetime


@dataclass(frozen=True, kw_only=True)
class AccessCount:
    """How often the service was used between two moments."""

    kind: ClassVar[str] = "access-count"
    count: int
    from_: datetime
    until: datetime


@dataclass(frozen=True, kw_only=True)
class Access:
    """One use, and how it went."""

    kind: ClassVar[str] = "access"
    action: str
    result: str


@dataclass(frozen=True, kw_only=True)
class AppStatus:
    """The state of the service's app."""

    kind: ClassVar[str] = "app-status"
    app: str
    version: str
    state: str


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """What became of a setting, and when."""

    kind: ClassVar[str] = "configuration"
    setting: str
    result: Literal["applied", "failed", "skipped"]
    applied_at: datetime


@dataclass(frozen=True, kw_only=True)
class AppLog:
    """A line of the app's log; at most 8 KiB, only with consent to ``app-log``."""

    kind: ClassVar[str] = "app-log"
    level: str
    message: str
    app: str | None = None


type Body = Status | Activation | AccessCount | Access | AppStatus | Configuration | AppLog


@dataclass(frozen=True, kw_only=True)
class Report:
    """What happened on a device, and when (with an offset)."""

    device: UUID
    occurred_at: datetime
    body: Body

    def as_json(self) -> str:
        """Return it as it is sent. Raises ValueError for a moment without an offset."""
        told = {
            "device": str(self.device),
            "kind": self.body.kind,
            "occurred_at": moment(self.occurred_at),
            "body": _body(dataclasses.asdict(self.body)),
        }
        return json.dumps(told, ensure_ascii=False, separators=(",", ":"))


def moment(at: datetime) -> str:
    """Return a moment as the portal reads it. Raises ValueError without an offset."""
    if at.utcoffset() is None:
        raise ValueError("A moment has an offset: datetime.now(UTC), for example.")
    return at.isoformat()


def _body(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name.rstrip("_"): moment(value) if isinstance(value, datetime) else value
        for name, value in values.items()
        if value is not None
    }
